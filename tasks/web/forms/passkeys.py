"""Forms of passkeys: those of django-allauth, which trust what is posted more than they may."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.webauthn import forms as passkeys
from cryptography.exceptions import InvalidSignature
from django import forms
from django.core.exceptions import BadRequest
from django.utils.translation import gettext_lazy as _

from tasks.web.forms.signin import LabelledForm

LONGEST_ANSWER = 64 * 1024  # letters; browsers send 1 to 5 kB
#: What fido2 and allauth raise about answers that no browser gives, beside their own refusals.
UNREADABLE = (
    AttributeError, LookupError, TypeError, ValueError, RecursionError, struct.error,
    InvalidSignature,
)  # fmt: skip


class AnswerField(forms.JSONField):
    """A browser's answer about a passkey. Text that is no JSON, or too deep or long, gets a 400."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST_ANSWER:
            raise BadRequest("The answer about a passkey is too long.")
        try:
            return super().to_python(value)
        except (RecursionError, ValueError, forms.ValidationError):
            raise BadRequest("The answer about a passkey is no JSON.") from None


@contextmanager
def _unreadable_is_wrong() -> Iterator[None]:
    """Refuse JSON that is no answer about a passkey as a wrong one."""
    try:
        yield
    except UNREADABLE:
        raise get_adapter().validation_error("incorrect_code") from None


class UsePasskey(forms.Form):
    """The use of a passkey."""

    credential = AnswerField()

    def clean_credential(self) -> Any:
        with _unreadable_is_wrong():
            return super().clean_credential()  # type: ignore[misc]


class SignInByPasskeyForm(UsePasskey, passkeys.LoginWebAuthnForm):
    """A passkey in place of name and password."""


class PasskeyForm(UsePasskey, passkeys.AuthenticateWebAuthnForm):
    """A passkey after the password."""


class PasskeyAgainForm(UsePasskey, passkeys.ReauthenticateWebAuthnForm):
    """A passkey once more, before something sensitive."""


class AddPasskeyForm(LabelledForm, passkeys.AddWebAuthnForm):
    """A new passkey."""

    credential = AnswerField()
    labels = {"name": _("Name"), "passwordless": _("Use it to sign in without a password")}
    hints = {
        "name": _("A name to recognize it by, such as laptop, phone or blue key."),
        "passwordless": _(
            "Sign in without name and password. The device must ask for a fingerprint, a face or "
            "a PIN."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = 60
        self.fields["passwordless"].widget.attrs["class"] = "form-check-input"
        self.fields["passwordless"].initial = True

    def clean(self) -> Any:
        with _unreadable_is_wrong():
            return super().clean()


class NamePasskeyForm(LabelledForm, passkeys.EditWebAuthnForm):
    """A passkey's name."""

    labels = {"name": _("Name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = 60
