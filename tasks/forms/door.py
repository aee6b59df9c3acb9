"""Forms of the door and of one's own account: django-allauth's, in our words."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.base import forms as codes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks import sealing
from tasks.forms import TablerForm

LONGEST_NAME = 254  # letters; an e-mail is no longer
NEW, AGAIN = _("New password"), _("New password, once more")


class DoorForm(TablerForm):
    """Labels of ours over the fields, where allauth has placeholders in them."""

    labels: dict[str, Any] = {}
    hints: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")
            field.widget.attrs.pop("placeholder", None)


class SignInForm(DoorForm, LoginForm):
    labels = {"login": _("Name or e-mail"), "password": _("Password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].max_length = LONGEST_NAME  # type: ignore[attr-defined]
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username webauthn",
            "autocapitalize": "none",
            "spellcheck": "false",
            "maxlength": LONGEST_NAME,
            "autofocus": True,
        }


# Passwords


class NewPassword(DoorForm):
    """Says beforehand what a password must be."""

    labels = {"password1": NEW, "password2": AGAIN, "oldpassword": _("Your password now")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = password_validators_help_text_html()


class PasswordForm(NewPassword, ChangePasswordForm):
    """It leaves this session signed in, and ends the person's others."""


class FirstPasswordForm(NewPassword, SetPasswordForm):
    """For whoever came in by single sign-on, and has none."""


class ResetForm(DoorForm, ResetPasswordForm):
    labels = {"email": _("E-mail")}


class NewPasswordForm(NewPassword, ResetPasswordKeyForm):
    def save(self) -> None:
        """Whoever guessed at this account meanwhile does not keep its person out."""
        super().save()
        name = self.user.get_username()
        get_adapter()._delete_login_attempts_cached_email(context.request, username=name)


class PasswordAgainForm(DoorForm, ReauthenticateForm):
    labels = {"password": _("Password")}


# Second factors


class OneTimeCode(DoorForm):
    """A code that works once.

    allauth forgets a code after one period, and with a tolerance it is good for three.
    """

    user: Any
    labels = {"code": _("Code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"autofocus": True, "spellcheck": "false"}

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except sealing.Unreadable:
            raise ValidationError(
                _("Codes cannot be checked: a key file of this site is missing."), code="unreadable"
            ) from None
        periods = 2 * app_settings.TOTP_TOLERANCE + 1
        used = f"code-used:{self.user.pk}:{normalize_user_code(code)}"
        if not cache.add(used, 1, app_settings.TOTP_PERIOD * periods):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OneTimeCode, codes.AuthenticateForm):
    hints = {"code": _("From your authenticator app, or one of your recovery codes.")}


class CodeAgainForm(OneTimeCode, codes.ReauthenticateForm):
    hints = {"code": _("From your authenticator app, or one of your recovery codes.")}


class ActivateAppForm(OneTimeCode, ActivateTOTPForm):
    hints = {"code": _("Six digits that the app shows now.")}


class AddPasskeyForm(DoorForm, AddWebAuthnForm):
    labels = {"name": _("Name"), "passwordless": _("Sign in with it alone")}
    hints = {
        "name": _("To tell it from others, like: laptop, telephone, blue key."),
        "passwordless": _(
            "Without name and password. The device must ask for a fingerprint, a face or a PIN."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = 60
        self.fields["passwordless"].widget.attrs["class"] = "form-check-input"
        self.fields["passwordless"].initial = True


class NamePasskeyForm(DoorForm, EditWebAuthnForm):
    labels = {"name": _("Name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = 60


# Sessions and the first account


class EndSessionForm(forms.Form):
    """Which session is to end; without one, all others of this person."""

    session = forms.IntegerField(required=False)


class FirstAccountForm(TablerForm, UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        labels = {"username": _("Name"), "email": _("E-mail")}
        help_texts = {
            "username": _("You sign in with it. Letters, digits and @ . + - _ only."),
            "email": _("May be left empty."),
        }
