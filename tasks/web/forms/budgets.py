"""Forms of budgets, and of the limits of takes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks.models import Budget, Credential, Scope, TakeLimits
from tasks.models.access import workers_in
from tasks.models.budget import TOKENS, levels_in, validate_levels
from tasks.web.forms import StyledForm

SUBJECTS = ("person", "credential")


class PersonChoice(forms.ModelChoiceField):
    """A choice of people, by their names."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.get_full_name() or obj.get_username())


class BudgetForm(StyledForm, forms.ModelForm):
    """A budget, new or changed. What an existing one is for cannot be changed."""

    person = PersonChoice(User.objects.none(), label=_("For"), required=False)
    credential = forms.ModelChoiceField(Credential.objects.none(), label=_("For"))

    field_order = (*SUBJECTS, "period", "limit", "unit", "levels")

    class Meta:
        model = Budget
        fields = (*SUBJECTS, "period", "limit", "unit", "levels")

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance._state.adding
        if is_new and scope == Scope.CREDENTIAL:
            self._choose("credential", Credential.objects.all(), "")
        elif is_new and scope == Scope.PERSON:
            self._choose("person", User.objects.filter(is_active=True), "")
        elif is_new:
            everybody = _("The whole project")
            self._choose("person", workers_in(self.instance.project), everybody)
        for name in SUBJECTS:
            if self.fields[name].queryset.query.is_empty():  # type: ignore[attr-defined]
                del self.fields[name]
        if (limit := self.initial.get("limit")) is not None:
            self.initial["limit"] = f"{limit.normalize():f}"  # not 500.00

    def _choose(self, name: str, rows: Any, nobody: Any) -> None:
        """Offer these rows; without one of them only where that means something."""
        field: Any = self.fields[name]
        order = "username" if name == "person" else "name"
        field.queryset, field.required = rows.order_by(order), not nobody
        if nobody:
            field.empty_label = nobody

    def clean_levels(self) -> str:
        levels: str = self.cleaned_data["levels"]
        validate_levels(levels)
        return ", ".join(map(str, levels_in(levels)))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        limit = cleaned.get("limit")
        if limit is not None and cleaned.get("unit") == TOKENS and limit != int(limit):
            self.add_error("limit", ValidationError(_("Tokens must be a whole number.")))
        return cleaned


class TakeLimitsForm(StyledForm, forms.ModelForm):
    """A project's limits of takes."""

    class Meta:
        model = TakeLimits
        fields = ("most_takes", "takes_per_hour")
        labels = {
            "most_takes": _("Max takes per request"),
            "takes_per_hour": _("Max takes per person and hour"),
        }
        help_texts = {"takes_per_hour": _("Leave empty to use only the site's limits.")}
