"""The prompt box: the prompts in it, and a field for each of their variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tasks.models.prompt import LONGEST_PROMPT
from tasks.providers.catalog.models import PromptAdvice
from tasks.web.compose import prompts
from tasks.web.compose.composition import MOST_COMBINATIONS

VARIABLE_PREFIX = "fill-"  # of the names of the variables' fields
LONGEST_VALUES = 4_000  # characters of all values of one variable


@dataclass(frozen=True, kw_only=True)
class PromptBox:
    """The text of the prompt box, with the values of its variables."""

    text: str
    is_several: bool  # whether lines of dashes separate prompts
    values: Mapping[str, Sequence[str]]

    @property
    def variables(self) -> list[str]:
        return prompts.names(self.text)

    @property
    def texts(self) -> list[str]:
        """The prompts with their variables not yet filled in."""
        return prompts.divided(self.text) if self.is_several else [self.text]

    @cached_property
    def number(self) -> int:
        """The number of prompts to send; an upper bound where there are too many to fill in."""
        number = prompts.count(self.texts, self.values)
        return number if number > MOST_COMBINATIONS else len(self.filled)

    @cached_property
    def filled(self) -> list[str]:
        """The prompts to send; where there are too many, the texts with their variables."""
        number = prompts.count(self.texts, self.values)
        return prompts.filled(self.texts, self.values if number <= MOST_COMBINATIONS else {})

    @property
    def first_filled(self) -> str:
        """The first prompt to send, as an example; "" where the text has no variables."""
        return self.filled[0] if self.variables else ""

    def longest(self, advice: PromptAdvice) -> prompts.Length:
        return prompts.longest(self.texts, self.values, advice)


def variable_fields(text: str) -> dict[str, forms.Field]:
    """A field for each variable in the text, up to the allowed number."""
    return {
        f"{VARIABLE_PREFIX}{name}": forms.CharField(
            label=name,
            required=False,
            max_length=LONGEST_VALUES,
            widget=forms.Textarea(
                attrs={"rows": 1, "class": "form-control", "data-variable": name}
            ),
        )
        for name in prompts.names(text)[: prompts.MOST_VARIABLES]
    }


def prompt_errors(box: PromptBox) -> Iterator[tuple[str, ValidationError]]:
    """All errors of the prompts and their values, each after the name of its field."""
    if prompts.has_stray_braces(box.text):
        message = _("Write a variable as {{name}}, with up to 40 letters, digits, - and _.")
        yield "prompt", ValidationError(message, code="rule")
    if len(box.variables) > prompts.MOST_VARIABLES:
        message = _("Use at most %(most)s variables.") % {"most": prompts.MOST_VARIABLES}
        yield "prompt", ValidationError(message, code="rule")
    for name, values in box.values.items():
        if not values:
            message = _("Enter a value for {{%(name)s}}.") % {"name": name}
            yield f"{VARIABLE_PREFIX}{name}", ValidationError(message, code="later")
        elif any("{{" in value or "}}" in value for value in values):
            message = _("A value can't contain variables.")
            yield f"{VARIABLE_PREFIX}{name}", ValidationError(message, code="rule")
    if any(len(each) > LONGEST_PROMPT for each in box.filled):
        message = _("With its variables filled in, a prompt is longer than %(most)s characters.")
        yield "prompt", ValidationError(message % {"most": LONGEST_PROMPT}, code="rule")
