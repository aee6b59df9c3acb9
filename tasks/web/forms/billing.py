"""Forms of prices. None has a field for the credential that they belong to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks.billing import prices
from tasks.models import Credential, Price
from tasks.models.price import LARGEST, LONGEST_NAME, MODEL_CHOICES
from tasks.providers.catalog.models import find_model
from tasks.web.forms import StyledForm

PRICE_FIELDS = (
    "model",
    "amount",
    "currency",
    "unit",
    "tier",
    "with_video",
    "with_audio",
    "flex_percent",
    "valid_from",
    "valid_until",
    "source",
)


class DayInput(forms.DateInput):
    """The browser's own date input; its value is like 2026-11-21 in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PriceForm(StyledForm, forms.ModelForm):
    """A new price of a credential."""

    model = forms.ChoiceField(label=_("Model"), required=False, choices=MODEL_CHOICES)
    other_model = forms.CharField(
        label=_("Another model's name"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=_("Exactly as it's sent to the provider. It replaces the model above."),
    )

    field_order = ("model", "other_model")

    class Meta:
        model = Price
        fields = PRICE_FIELDS
        widgets = {"valid_from": DayInput, "valid_until": DayInput}

    def __init__(self, *args: Any, credential: Credential, **kwargs: Any) -> None:
        super().__init__(*args, instance=Price(credential=credential), **kwargs)
        self.fields["tier"].choices = [  # type: ignore[attr-defined]
            ("", _("any")),
            *Price._meta.get_field("tier").flatchoices,
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if other := cleaned.get("other_model"):
            known = find_model(other)
            cleaned["model"] = known.name if known else other
        elif not cleaned.get("model"):
            self.add_error(
                "model", ValidationError(_("Choose a model, or enter another one's name."))
            )
        return cleaned

    def add_conflict(self, error: prices.PriceConflictError) -> None:
        self.add_error(error.field, ValidationError(str(error)))


class PriceChangeForm(StyledForm, forms.Form):
    """A change of a price from one day on, or its end."""

    amount = forms.DecimalField(
        label=_("New price"),
        required=False,
        min_value=Decimal(0),
        max_value=LARGEST,
        max_digits=9,
        decimal_places=4,
        help_text=_("Leave empty for no price from that day on."),
    )
    first = forms.DateField(label=_("From"), widget=DayInput())

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first"].initial = today
        self.fields["first"].widget.attrs["min"] = today.isoformat()
