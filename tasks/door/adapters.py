"""What django-allauth asks of this site."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from ipaddress import ip_address
from smtplib import SMTPException
from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from seedance_site.address import client_address
from tasks import door, sealing
from tasks.audit import note
from tasks.models import Verb

log = logging.getLogger(__name__)

SECOND_FACTOR = "a second factor"  # what its secrets are sealed for
NOWHERE = "0.0.0.0"  # for rows that must have an address

_WRONG = _("The name and the password do not belong together.")
_TOO_MANY = _(
    "Too many wrong passwords. Wait a quarter of an hour, or have a one-time link printed on the "
    "server."
)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _WRONG,
        "email_password_mismatch": _WRONG,
        "too_many_login_attempts": _TOO_MANY,
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "incorrect_code": _("This code is wrong, or was used before."),
        "rate_limited": _("Too many tries. Wait a quarter of an hour."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """This site alone, by the name it was just called by."""
        request = context.request
        hosts = {request.get_host()}
        return url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())

    def get_client_ip(self, request: HttpRequest) -> str:
        said = client_address(request)
        try:
            return str(ip_address(said))
        except ValueError:
            return NOWHERE

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return door.after_sign_in(request.user)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": gettext("With the password"),
            "mfa_reauthenticate": gettext("With a code"),
            "mfa_reauthenticate:webauthn": gettext("With a passkey"),
        }
        found = super().get_reauthentication_methods(user)
        return [way | {"description": words[way["id"]]} for way in found]

    def get_reset_password_from_key_url(self, key: str) -> str:
        """By the name that was set, never by the request's own, which anybody can write."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.PUBLIC_URL + path.replace("UID-KEY", quote(key))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """The page answers alike whether there is such an account, so it cannot tell of this."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.error("A letter could not be sent: %s", type(error).__name__)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return render(request, "door/inactive.html", status=403)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One count for an account, by whichever of its names and through whichever host name."""
        said = credentials.get("email") or credentials.get("username") or ""
        found = _account(said)
        return f"account {found.pk}" if found else f"name {said.casefold()}"


def _account(said: str) -> User | None:
    by_email = filter_users_by_email(said, for_login=True) if "@" in said else []
    return by_email[0] if by_email else get_user_by_username(said)


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is wrong, or was used before."),
    }

    def encrypt(self, text: str) -> str:
        """Not bound to its row, which has no id yet; who could swap rows could remove them."""
        return sealing.seal(text, bound_to=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, bound_to=SECOND_FACTOR)

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def _get_site_name(self) -> str:
        return "Dailies"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return gettext("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """A passkey belongs to a host name: the one that was set, else the one it is called by."""
        called = urlsplit(f"//{context.request.get_host()}").hostname
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or called or "", "name": "Dailies"}


class SessionsAdapter(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions: Sequence[Any]) -> None:
        super().end_sessions(sessions)
        if sessions:
            person = sessions[0].user
            note(context.request, Verb.SESSIONS_ENDED, person, number=len(sessions))
