"""Forms of bills: the file and its credential, and which of its columns is which."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks.models import Bill, Credential, Currency
from tasks.tracking.bills.columns import Columns
from tasks.tracking.bills.tables import MOST_BYTES
from tasks.web.forms import StyledForm

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")
TOKEN_UNITS = [(1, _("tokens")), (1_000, _("thousand tokens")), (1_000_000, _("million tokens"))]
MONEY_UNITS = [
    (1, _("whole amounts")),
    (100, _("hundredths, such as cents")),
    (1_000_000, _("millionths")),
    (500_000, _("new-api quota, 500,000 to the dollar")),
]


class BillForm(StyledForm, forms.Form):
    """A bill to upload, and the credential it is for."""

    credential = forms.ModelChoiceField(
        label=_("Credential"),
        queryset=Credential.objects.none(),
        empty_label=_("Choose a credential"),
        error_messages={"required": _("Choose the credential the bill is for.")},
    )
    upload = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        help_text=_("CSV or XLSX, up to 10 MB and 50,000 rows."),
        error_messages={
            "empty": _("The file is empty."),
            "required": _("Choose a file."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["credential"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Credential.objects.all()

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if upload.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 10 MB. Export a shorter period."))
        return upload

    def to_bill(self) -> Bill:
        """The bill with the file in it; not saved."""
        upload = self.cleaned_data["upload"]
        data = upload.read()
        return Bill(
            credential=self.cleaned_data["credential"],
            file_name=upload.name[:200],
            content=data,
            digest=hashlib.sha256(data).hexdigest(),
        )


class BillColumnsForm(StyledForm, forms.Form):
    """A choice of columns for a bill, out of the names in its file."""

    task_id = forms.ChoiceField(
        label=_("Task id"),
        required=False,
        help_text=_("Without one, the bill is compared by day only."),
    )
    day = forms.ChoiceField(label=_("Day or time"), required=False)
    model = forms.ChoiceField(label=_("Model"), required=False)
    tokens = forms.ChoiceField(label=_("Tokens"), required=False)
    token_unit = forms.TypedChoiceField(label=_("Tokens are in"), choices=TOKEN_UNITS, coerce=int)
    money = forms.ChoiceField(label=_("Amount"), required=False)
    money_unit = forms.TypedChoiceField(label=_("Amounts are in"), choices=MONEY_UNITS, coerce=int)
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    one_currency = forms.ChoiceField(
        label=_("Or all amounts are in"), required=False, choices=[("", "–"), *Currency.choices]
    )
    only_column = forms.ChoiceField(
        label=_("Only lines where"),
        required=False,
        help_text=_("For a bill that has other products too."),
    )
    only_text = forms.CharField(label=_("… contains"), required=False, max_length=100)

    def __init__(self, *args: Any, heads: list[str], initial: Columns, **kwargs: Any) -> None:
        super().__init__(*args, initial=initial.to_json(), **kwargs)
        for name in ("task_id", "day", "model", "tokens", "money", "currency", "only_column"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "–"), *((head, head) for head in heads)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("money") and not cleaned.get("tokens"):
            self.add_error("money", _("Choose the column of amounts, of tokens, or both."))
        if not cleaned.get("task_id") and not cleaned.get("day"):
            self.add_error("task_id", _("Choose the column of task ids, of days, or both."))
        has_currency = cleaned.get("currency") or cleaned.get("one_currency")
        if cleaned.get("money") and not has_currency:
            self.add_error("one_currency", _("Choose the currency of the amounts."))
        if cleaned.get("currency") and cleaned.get("one_currency"):
            self.add_error("one_currency", _("Choose either a column or one currency."))
        if bool(cleaned.get("only_column")) != bool(cleaned.get("only_text")):
            self.add_error("only_text", _("Choose a column and enter a text, or neither."))
        return cleaned

    def to_columns(self) -> Columns:
        return Columns(**self.cleaned_data)
