"""A form field for several whole numbers, separated by spaces, commas or semicolons."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

_SEPARATORS = re.compile(r"[\s,，、;；]+")


def split_numbers(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(text) if word]


class NumberList(forms.CharField):
    """Clean "11, 12 13" to [11, 12, 13], each number once; `wrong` is the error message."""

    def __init__(self, *, wrong: Any, **kwargs: Any) -> None:
        self._wrong = wrong
        super().__init__(max_length=300, **kwargs)

    def clean(self, value: Any) -> Any:
        words = split_numbers(super().clean(value))
        if not all(word.isascii() and word.isdigit() for word in words):
            raise ValidationError(self._wrong, code="rule")
        return list(dict.fromkeys(int(word) for word in words))
