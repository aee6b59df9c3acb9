"""The answers in a compose form so far, and the project and the credential that they choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tasks.billing.errors import TooManyTakesError
from tasks.models import Credential, Project, TakeLimits
from tasks.web.compose.fields import ComposeFields, SeveralField
from tasks.web.forms.long_choices import MORE, used_last


class AccountForm(ComposeFields):
    """The fields with the possible projects, and the credentials of the chosen one."""

    def __init__(self, *args: Any, user: Any, is_preview: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user, self.is_preview = user, is_preview
        if is_preview:  # a copy, because choices are changed in it
            self.data = QueryDict.copy(self.data)  # type: ignore[arg-type]

    def _answers(self, name: str) -> list[str]:
        """The answers given to a field so far; in a fresh form its initial value."""
        if not self.is_bound:
            value = self.get_initial_for_field(self.fields[name], name)
            values = value if isinstance(value, list | tuple) else [value]
        elif hasattr(self.data, "getlist"):
            values = self.data.getlist(name)
        else:
            values = [self.data.get(name)]
        return [str(getattr(value, "pk", value)) for value in values if value]

    def _answer(self, name: str) -> str:
        return next(iter(self._answers(name)), "")

    def _set_answers(self, name: str, values: list[str]) -> None:
        """Replace answers that are no longer offered, but never in a form that is to be sent."""
        if not self.is_bound:
            if self._answers(name) != values:
                is_several = isinstance(self.fields[name], SeveralField)
                self.initial[name] = values if is_several else values[0]
        elif self.is_preview:
            self.data.setlist(name, values)  # type: ignore[attr-defined]

    def _choose_account(self) -> None:
        projects = list(Project.objects.spendable_by(self._user))
        self.project_chosen: Project | None = self._choose_row("project", projects)
        credentials: Iterable[Any] = ()
        if self.project_chosen:
            credentials = Credential.objects.usable_in(self.project_chosen).with_latest_task()
            self.most_takes = TakeLimits.objects.of(self.project_chosen).most_takes
            takes = self.fields["takes"]
            message = str(TooManyTakesError(self.most_takes))
            takes.validators.append(MaxValueValidator(self.most_takes, message))
            takes.widget.attrs["max"] = self.most_takes
            if not self.is_bound:
                self.initial["takes"] = min(self.initial.get("takes") or 1, self.most_takes)
        rows = sorted(credentials, key=lambda each: -(each.latest_task or 0))
        self.credential_chosen: Credential | None = self._choose_row("credential", rows)

    def _choose_row(self, name: str, rows: list[Any]) -> Any:
        """The chosen row, or the first one. The field is left out where there is no choice."""
        if len(rows) < 2:
            del self.fields[name]
            return rows[0] if rows else None
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField) and field.queryset is not None
        field.queryset = field.queryset.model._default_manager.filter(
            pk__in=[row.pk for row in rows]
        )
        by_key = {str(row.pk): row for row in rows}
        key, wants_all = self._answer(name), self._answer(name) == MORE
        if key not in by_key:
            key = str(rows[0].pk)
        self._set_answers(name, [key])
        if name == "credential" and not wants_all:
            kept = used_last({row.pk: row.latest_task for row in rows})
            offered = [row for row in rows if row.pk in kept or str(row.pk) == key]
            if len(offered) < len(rows):
                rest = _("All %(number)s credentials …") % {"number": len(rows)}
                field.choices = [*((row.pk, str(row)) for row in offered), (MORE, rest)]
        return by_key[key]
