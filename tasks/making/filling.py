"""The prompt box: several prompts, a field for each variable, what is saved and recent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tasks.making import prompts
from tasks.making.given import lines
from tasks.making.matrix import MOST_COMBINED
from tasks.making.settling import Settling
from tasks.making.shelf import chosen_text
from tasks.models import Project, SavedPrompt
from tasks.models.prompt import LONGEST_PROMPT
from tasks.providers.catalog import ADVISED, Advice, Model

FILL = "fill-"
LONGEST_VALUES = 4_000  # characters, of all values of a variable


class FilledPrompts(Settling):
    """The part of a form that knows what its prompt is made of."""

    is_several: bool
    project_chosen: Project | None
    models_chosen: dict[str, Model]
    saved: SavedPrompt | None = None  # what was kept of the prompt just now
    saving_errors: Sequence[Any] = ()

    def _find_variables(self) -> None:
        for name in self._variables[: prompts.MOST_VARIABLES]:
            self.fields[f"{FILL}{name}"] = forms.CharField(
                label=name,
                required=False,
                max_length=LONGEST_VALUES,
                widget=forms.Textarea(
                    attrs={"rows": 1, "class": "form-control", "data-variable": name}
                ),
            )

    @property
    def _typed(self) -> str:
        """A final has the prompt of its draft, and no box for one."""
        text = self._said("prompt") if "prompt" in self.fields else ""
        return text.replace("\r\n", "\n").strip()

    @cached_property
    def _variables(self) -> list[str]:
        return prompts.names(self._typed)

    @property
    def _prompts(self) -> list[str]:
        """As they are typed, not filled in."""
        return prompts.divided(self._typed) if self.is_several else [self._typed]

    @property
    def _values(self) -> dict[str, list[str]]:
        fields = (name for name in self.fields if name.startswith(FILL))
        given = {name.removeprefix(FILL): lines(self._said(name)) for name in fields}
        return {name: list(dict.fromkeys(values)) for name, values in given.items()}

    @property
    def variables(self) -> list[forms.BoundField]:
        return self._there(*(name for name in self.fields if name.startswith(FILL)))

    @cached_property
    def prompts_filled(self) -> Sequence[str]:
        """Every prompt that is to be sent; of far too many only those that were typed."""
        return prompts.filled(self._prompts, {} if self.prompts_beyond else self._values)

    @cached_property
    def prompts_beyond(self) -> int:
        """How many there would be, where they are too many to be filled in."""
        number = prompts.count(self._prompts, self._values)
        return number if number > MOST_COMBINED else 0

    # What is wrong

    def _check_prompts(self) -> None:
        if prompts.has_stray_braces(self._typed):
            said = _("A variable is written {{name}}: letters, digits, - and _, forty at most.")
            self.add_error("prompt", ValidationError(said, code="rule"))
        if len(self._variables) > prompts.MOST_VARIABLES:
            said = _("At most %(most)s variables.") % {"most": prompts.MOST_VARIABLES}
            self.add_error("prompt", ValidationError(said, code="rule"))
        for name, values in self._values.items():
            self._check_values(name, values)
        if any(len(each) > LONGEST_PROMPT for each in self.prompts_filled):
            said = _("Filled in, a prompt has more than %(most)s characters.")
            self.add_error("prompt", ValidationError(said % {"most": LONGEST_PROMPT}, code="rule"))

    def _check_values(self, name: str, values: list[str]) -> None:
        if not values:
            said = _("Say what {{%(name)s}} is to be.") % {"name": name}
            self.add_error(f"{FILL}{name}", ValidationError(said, code="later"))
        elif any("{{" in value or "}}" in value for value in values):
            said = _("A value holds no variables of its own.")
            self.add_error(f"{FILL}{name}", ValidationError(said, code="rule"))

    # What is shown

    @property
    def advice(self) -> Advice:
        """Of the chosen models the strictest."""
        return min(
            (model.prompt for model in self.models_chosen.values()),
            key=_strictness,
            default=ADVISED,
        )

    @cached_property
    def length(self) -> prompts.Length:
        return prompts.longest(self._prompts, self._values, self.advice)

    @property
    def is_long(self) -> bool:
        return self.length.is_long(self.advice)

    @property
    def first_filled(self) -> str:
        return self.prompts_filled[0] if self._variables else ""

    # What can be chosen

    def _use(self, person: Any, project: Project) -> None:
        """Put what was chosen into the box; beside what is there, where that was pressed."""
        chosen = self._posted("use")
        text = chosen_text(chosen.removeprefix("+"), person, project)
        if text is None:
            return
        before = self._said("prompt") if chosen.startswith("+") and self.is_several else ""
        self.data["prompt"] = prompts.joined(before, text)  # type: ignore[index]
        self.fields["prompt"].widget.attrs["autofocus"] = True

    def _posted(self, name: str) -> str:
        """What a button of the form that is only looked at has sent with it."""
        return str(self.data.get(name) or "") if self._looking else ""

    @property
    def prompt_name(self) -> str:
        return "" if self.saved else self._posted("prompt_name")


def _strictness(advice: Advice) -> tuple[int, int]:
    return advice.characters, advice.words
