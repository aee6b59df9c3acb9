"""Choices that narrow each other: what was said, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from tasks.making.choices import Choices
from tasks.providers.base import Dialect


class Many(forms.TypedMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


class Settling(forms.Form):
    """A choice that is gone gives way to the usual one, while nothing is sent yet."""

    _looking: bool
    _dialect: Dialect

    def _said_all(self, name: str) -> list[str]:
        if not self.is_bound:
            value = self.get_initial_for_field(self.fields[name], name)
            values = value if isinstance(value, list | tuple) else [value]
        elif hasattr(self.data, "getlist"):
            values = self.data.getlist(name)
        else:
            values = [self.data.get(name)]
        return [str(getattr(value, "pk", value)) for value in values if value]

    def _said(self, name: str) -> str:
        return next(iter(self._said_all(name)), "")

    def _settle(self, name: str, options: list[str], usual: str | None = None) -> list[str]:
        """Of the options those that were chosen: one, or, of Many, one at least."""
        is_many = isinstance(self.fields[name], Many)
        said = [each for each in options if each in self._said_all(name)]
        if said and is_many:
            chosen = said
        elif self._said(name) in options:
            chosen = [self._said(name)]
        else:
            chosen = [usual or options[0]]
        self._write(name, chosen, is_many=is_many)
        return chosen

    def _write(self, name: str, chosen: list[str], *, is_many: bool) -> None:
        if not self.is_bound:
            if self._said_all(name) != chosen:
                self.initial[name] = chosen if is_many else chosen[0]
        elif self._looking:  # a copy of what was posted, so it may be changed
            self.data.setlist(name, chosen)  # type: ignore[attr-defined]

    def _set_choices(self, name: str, offered: Iterable[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(offered)

    def _offer_choice(self, name: str, offered: Choices, usual: str | None = None) -> None:
        """Where the provider would drop it, or there is nothing to choose from, it is not there."""
        if name not in self._dialect.hands_on or not offered:
            del self.fields[name]
            return
        self._set_choices(name, offered)
        options = [value for value, _label in offered]
        self._settle(name, options, usual if usual in options else None)
        if len(offered) == 1 and name in ("service_tier", "output_format"):
            del self.fields[name]

    def _let_choose_many(self, *names: str) -> None:
        for name in names:
            one = self.fields[name]
            coerce = getattr(one, "coerce", str)
            self.fields[name] = Many(label=one.label, coerce=coerce)

    def _there(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]
