"""Forms of signing in and of one's own account: those of django-allauth with our labels."""

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
from django import forms
from django.conf import settings
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tasks import encryption, queue
from tasks.web.forms import AccountBaseForm, StyledForm

LONGEST_NAME = 254  # letters; an e-mail is no longer
NEW, AGAIN = _("New password"), _("New password again")


class LabelledForm(StyledForm):
    """A form with our labels over its fields, where allauth puts placeholders into them."""

    labels: dict[str, Any] = {}
    hints: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")
            field.widget.attrs.pop("placeholder", None)


class SignInForm(LabelledForm, LoginForm):
    """Signing in by name or e-mail, or by a passkey."""

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


class PasswordRules(LabelledForm):
    """A form for a new password; it tells the rules that one breaks."""

    labels = {"password1": NEW, "password2": AGAIN, "oldpassword": _("Current password")}


class PasswordForm(PasswordRules, ChangePasswordForm):
    """A new password in place of the old one; it ends the person's other sessions."""


class FirstPasswordForm(PasswordRules, SetPasswordForm):
    """A first password for a person who signed in by single sign-on and has none."""


class ResetForm(LabelledForm, ResetPasswordForm):
    """A request for a mail to reset the password: the same work whether or not anybody has it."""

    labels = {"email": _("E-mail")}

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        queue.send_reset_letters(email, get_language() or settings.LANGUAGE_CODE)
        return email


class NewPasswordForm(PasswordRules, ResetPasswordKeyForm):
    """A new password after a reset by mail."""

    def save(self) -> None:
        """Save it and forget failed attempts, so that another's guesses lock nobody out."""
        super().save()
        name = self.user.get_username()
        get_adapter()._delete_login_attempts_cached_email(context.request, username=name)


class PasswordAgainForm(LabelledForm, ReauthenticateForm):
    """The password once more, before something sensitive."""

    labels = {"password": _("Password")}


# Second factors


class OneTimeCode(LabelledForm):
    """A code of an authenticator app that works once.

    allauth forgets a used code after one period, while the tolerance keeps it valid for three.
    """

    user: Any
    labels = {"code": _("Code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"autofocus": True, "spellcheck": "false"}

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except encryption.DecryptionError:
            raise ValidationError(
                _(
                    "Codes can't be checked because a key file of this site is missing. Tell an "
                    "administrator."
                ),
                code="unreadable",
            ) from None
        periods = 2 * app_settings.TOTP_TOLERANCE + 1
        used = f"code-used:{self.user.pk}:{normalize_user_code(code)}"
        if not cache.add(used, 1, app_settings.TOTP_PERIOD * periods):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OneTimeCode, codes.AuthenticateForm):
    """A code at sign-in."""

    hints = {"code": _("A code from your authenticator app, or a recovery code.")}


class CodeAgainForm(OneTimeCode, codes.ReauthenticateForm):
    """A code once more, before something sensitive."""

    hints = {"code": _("A code from your authenticator app, or a recovery code.")}


class ActivateAppForm(OneTimeCode, ActivateTOTPForm):
    """The first code of a new authenticator app."""

    hints = {"code": _("The six digits your app shows now.")}


# Sessions and the first account


class EndSessionForm(forms.Form):
    """The id of the session to end; without one, all others of this person end."""

    session = forms.IntegerField(required=False)


class FirstAccountForm(AccountBaseForm, UserCreationForm):
    """The first account of an installation."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        labels = {"username": _("Name"), "email": _("E-mail")}
        help_texts = {
            "username": _("You sign in with this name. Use letters, digits and @ . + - _ only."),
            "email": _("Optional."),
        }
