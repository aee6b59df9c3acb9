"""Forms of the site's own pages; those of the Django admin are in `tasks.admin`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class StyledForm(forms.BaseForm):
    """A form in the site's style, in which the first field with an error gets the focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"

    def full_clean(self) -> None:
        super().full_clean()
        wrong = [self.fields[name].widget for name in self.errors if name in self.fields]
        for widget in wrong:
            widget.attrs["class"] += " is-invalid"
        if wrong:
            self._focus(wrong[0])

    def _focus(self, widget: forms.Widget) -> None:
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        widget.attrs["autofocus"] = True


class AccountBaseForm(StyledForm):
    """A form of a new account; it tells the rules of passwords that one breaks, not all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].help_text = ""
        self.fields["password2"].label = _("Password again")
