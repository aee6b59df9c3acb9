"""Whole numbers, as people write several of them down."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

_BETWEEN = re.compile(r"[\s,，、;；]+")


def numbers_in(text: str) -> list[str]:
    return [word for word in _BETWEEN.split(text) if word]


class Numbers(forms.CharField):
    """ "11, 12 13" is [11, 12, 13]; each once. `wrong` is said of anything else."""

    def __init__(self, *, wrong: Any, **kwargs: Any) -> None:
        self._wrong = wrong
        super().__init__(max_length=300, **kwargs)

    def clean(self, value: Any) -> Any:
        words = numbers_in(super().clean(value))
        if not all(word.isascii() and word.isdigit() for word in words):
            raise ValidationError(self._wrong, code="rule")
        return list(dict.fromkeys(int(word) for word in words))
