"""Forms of the site's own pages; the Django admin's are beside its pages."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tasks import door, pasted
from tasks.models import Credential, Project

MOST_IDS = 2_000
LONGEST_PASTE = 1_000_000  # characters; Django refuses bodies of more than 2.5 MB


class TablerForm(forms.BaseForm):
    """Tabler's class names; the first field in error gets the focus."""

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


class SignInForm(TablerForm, AuthenticationForm):
    """Django's own, slowed down for those who guess."""

    def clean(self) -> dict[str, Any]:
        name, address = self.cleaned_data.get("username", ""), _address(self.request)
        if door.too_many_tries(name, address):
            raise ValidationError(
                _(
                    "Too many wrong passwords. Wait a quarter of an hour, or have a one-time link "
                    "printed on the server."
                ),
                code="too_many_tries",
            )
        return self._checked(name, address)

    def _checked(self, name: str, address: str) -> dict[str, Any]:
        try:
            cleaned = super().clean()
        except ValidationError:
            door.count_wrong_try(name, address)
            raise
        door.forget_wrong_tries(name)
        return cleaned


def _address(request: HttpRequest | None) -> str:
    """Whoever spoke to us or to our own proxy; what stands further left anyone can write."""
    meta = request.META if request else {}
    forwarded = str(meta.get("HTTP_X_FORWARDED_FOR", "")) if settings.HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or str(meta.get("REMOTE_ADDR", ""))


class PasswordForm(TablerForm, PasswordChangeForm):
    """Django's own; it leaves this session signed in, and ends the person's others."""


class FirstAccountForm(TablerForm, UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username",)


class TrackForm(TablerForm, forms.Form):
    """What to follow, with which credential, in which of this person's own projects."""

    ids = forms.CharField(
        label=_("Task ids"),
        max_length=LONGEST_PASTE,
        widget=forms.Textarea(
            attrs={
                "rows": 9,
                "spellcheck": "false",
                "autocapitalize": "off",
                "placeholder": "cgt-20261120120000-abcde",
            }
        ),
        help_text=_("One or many. Lists, links and pasted JSON are understood as well."),
        error_messages={"required": _("Paste at least one task id.")},
    )
    credential = forms.ModelChoiceField(
        label=_("Credential"),
        queryset=Credential.objects.none(),
        empty_label=_("Choose a credential"),
        help_text=_("The account that made the tasks."),
        error_messages={
            "required": _("Choose the credential of the account that made the tasks."),
            "invalid_choice": _("This credential is not there any more, or not active."),
        },
    )
    project = forms.ModelChoiceField(
        label=_("Project"),
        queryset=Project.objects.none(),
        empty_label=_("Choose a project"),
        error_messages={"required": _("Choose the project the tasks belong to.")},
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.only_project: Project | None = None
        self._offer("credential", list(Credential.objects.filter(active=True)))
        self._offer("project", list(Project.objects.open_to_work_by(user)))

    def _offer(self, name: str, rows: list[Any]) -> None:
        """A choice of one needs no choosing; a project of one is not even shown."""
        if name == "project" and len(rows) == 1:
            del self.fields[name]
            self.only_project = rows[0]
            return
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        model = field.queryset.model  # type: ignore[union-attr]
        field.queryset = model._default_manager.filter(pk__in=[row.pk for row in rows])
        if len(rows) == 1:
            field.empty_label, field.initial = None, rows[0]

    @property
    def project_chosen(self) -> Project:
        return self.only_project or self.cleaned_data["project"]

    def clean_ids(self) -> str:
        """The candidates, one a line; all that was typed stays in the field."""
        found = pasted.candidates(self.cleaned_data["ids"])
        if not found:
            raise ValidationError(_("There is no task id in this."), code="none")
        if len(found) > MOST_IDS:
            raise ValidationError(_too_many(len(found)), code="too_many")
        return "\n".join(found)


def _too_many(count: int) -> str:
    sentence = ngettext(
        "%(count)s id at once is too many; the most is %(most)s.",
        "%(count)s ids at once are too many; the most is %(most)s. Track them in parts.",
        count,
    )
    return sentence % {"count": count, "most": MOST_IDS}
