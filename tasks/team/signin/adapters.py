"""Adapters by which django-allauth follows this site's rules."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tasks import encryption
from tasks.models import AuditAction
from tasks.models.access import is_service
from tasks.team import signin
from tasks.team.address import client_address
from tasks.team.audit import note
from tasks.team.signin.auth import accounts_called, login_of

SECOND_FACTOR = "a second factor"  # the name that its secrets are bound to
UNKNOWN_ADDRESS = "0.0.0.0"  # for rows that must have an address

_WRONG = _("The name or password is incorrect.")
_TOO_MANY = _("Too many wrong passwords. Wait 15 minutes, or create a one-time link on the server.")


class AccountAdapter(DefaultAccountAdapter):
    """Accounts: no sign-up, our own messages, addresses and limits."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _WRONG,
        "email_password_mismatch": _WRONG,
        "too_many_login_attempts": _TOO_MANY,
        "incorrect_password": _("This isn't your current password."),
        "enter_current_password": _("This isn't your current password."),
        "incorrect_code": _("This code is wrong or has already been used."),
        "rate_limited": _("Too many attempts. Wait 15 minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Whether it is an address of this site, under the host name of the current request."""
        request = context.request
        hosts = {request.get_host()}
        return url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())

    def get_client_ip(self, request: HttpRequest) -> str:
        address = client_address(request)
        try:
            return str(ip_address(address))
        except ValueError:
            return UNKNOWN_ADDRESS

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return signin.after_sign_in(request.user)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": gettext("Use your password"),
            "mfa_reauthenticate": gettext("Use a code"),
            "mfa_reauthenticate:webauthn": gettext("Use a passkey"),
        }
        methods = super().get_reauthentication_methods(user)
        return [method | {"description": words[method["id"]]} for method in methods]

    def pre_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse | None:
        """Answer that the account is closed to whoever would sign in as a service."""
        if is_service(user):
            return self.respond_user_inactive(request, user)
        found: HttpResponse | None = super().pre_login(request, user, **options)
        return found

    def login(self, request: HttpRequest, user: User) -> None:
        """Start the session, however somebody came in. Raises PermissionDenied for a service."""
        if is_service(user):
            raise PermissionDenied
        super().login(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return render(request, "signin/inactive.html", status=403)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count attempts per account, whichever of its names and whichever host name is used."""
        login = login_of(credentials)
        accounts = accounts_called(login)
        return f"account {accounts[0].pk}" if accounts else f"name {login.casefold()}"


class MFAAdapter(DefaultMFAAdapter):
    """Second factors, sealed with the credentials' keys."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is wrong or has already been used."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret. It is not bound to its row, which has no id yet.

        Whoever could swap rows could as well delete them.
        """
        return encryption.seal(text, bound_to=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.unseal(encrypted_text, bound_to=SECOND_FACTOR)

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def _get_site_name(self) -> str:
        return "Dailies"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return gettext("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The host name that passkeys belong to: that of the settings, else that of the request."""
        requested = urlsplit(f"//{context.request.get_host()}").hostname
        host = urlsplit(settings.PUBLIC_URL).hostname or requested or ""
        return {"id": host, "name": "Dailies"}


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Sessions, whose end is recorded in the audit."""

    def end_sessions(self, sessions: Sequence[Any]) -> None:
        super().end_sessions(sessions)
        if sessions:
            person = sessions[0].user
            note(context.request, AuditAction.SESSIONS_ENDED, person, number=len(sessions))
