"""What is typed into prices and budgets. No field of them names whose they are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks import prices
from tasks.forms import TablerForm
from tasks.models import Budget, Credential, Price
from tasks.models.budget import TOKENS
from tasks.models.price import LARGEST

PRICE_FIELDS = (
    "model",
    "amount",
    "currency",
    "tier",
    "with_video",
    "with_audio",
    "flex_percent",
    "valid_from",
    "valid_until",
    "source",
)


class Day(forms.DateInput):
    """The browser's own; its value is 2026-11-21 in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PriceForm(TablerForm, forms.ModelForm):
    class Meta:
        model = Price
        fields = PRICE_FIELDS
        widgets = {"valid_from": Day, "valid_until": Day}

    def __init__(self, *args: Any, credential: Credential, **kwargs: Any) -> None:
        super().__init__(*args, instance=Price(credential=credential), **kwargs)
        self.fields["tier"].choices = [  # type: ignore[attr-defined]
            ("", _("any")),
            *Price._meta.get_field("tier").flatchoices,
        ]

    def object_to(self, why: prices.CannotBe) -> None:
        self.add_error(why.field, ValidationError(str(why)))


class ChangeForm(TablerForm, forms.Form):
    amount = forms.DecimalField(
        label=_("New price of a million tokens"),
        required=False,
        min_value=Decimal(0),
        max_value=LARGEST,
        max_digits=9,
        decimal_places=4,
        help_text=_("Empty: no price from then on."),
    )
    first = forms.DateField(label=_("From"), widget=Day())

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first"].initial = today
        self.fields["first"].widget.attrs["min"] = today.isoformat()


class BudgetForm(TablerForm, forms.ModelForm):
    class Meta:
        model = Budget
        fields = ("limit", "unit", "most_takes", "takes_per_hour")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (limit := self.initial.get("limit")) is not None:
            self.initial["limit"] = f"{limit.normalize():f}"  # not 500.00

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        limit = cleaned.get("limit")
        if limit is not None and cleaned.get("unit") == TOKENS and limit != int(limit):
            self.add_error("limit", ValidationError(_("Tokens are whole numbers.")))
        return cleaned
