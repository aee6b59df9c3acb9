"""Single sign-on: its buttons, and who may sign in by it.

A stranger never may: without an account here, a person needs an invitation's link. An account is
recognized by its e-mail, if the other side has verified that.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter as account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from tasks.models import Invitation
from tasks.team import people


def ways(request: HttpRequest, url: str, process: str = "login") -> list[dict[str, str]]:
    """The buttons: a name, and the URL to post to. `url` is where to go after signing in."""
    more = {"process": process, **({"next": url} if url else {})}
    return [
        {"name": each.app.name, "url": each.get_login_url(request, **more)}
        for each in get_adapter().list_providers(request)
    ]


class Adapter(DefaultSocialAccountAdapter):
    """Accounts of single sign-on: only invitations create new ones."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """True with an invitation, whose e-mail, if any, must be the person's; else raises."""
        token = _invitation_token(request, sociallogin)
        usable = Invitation.objects.usable(token, now=timezone.now())
        invitation = usable.first() if token else None
        addresses = sociallogin.email_addresses
        verified = [each.email.lower() for each in addresses if each.verified]
        if invitation is None or (invitation.email and invitation.email.lower() not in verified):
            raise _refused(request, sociallogin.user.email)
        _keep_one_free_email(sociallogin, verified)
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Create account and membership; neither if the invitation was spent meanwhile."""
        user: User = sociallogin.user
        user.set_unusable_password()
        account_adapter().populate_username(request, user)
        token = _invitation_token(request, sociallogin)
        if not people.join(request, token, lambda: _create_account(sociallogin)):
            raise _refused(request)
        sociallogin.state["next"] = reverse("tasks")
        return user


def _refused(request: HttpRequest, email: str = "") -> ImmediateHttpResponse:
    page = render(request, "signin/no_account.html", {"said": email}, status=403)
    return ImmediateHttpResponse(page)


def _create_account(sociallogin: Any) -> User:
    """Save the account, without allauth's row of the e-mail: it would not follow its changes."""
    user: User = sociallogin.user
    user.save()
    sociallogin.account.user = user
    sociallogin.account.save()
    return user


def _keep_one_free_email(sociallogin: Any, verified: list[str]) -> None:
    """Set the account's e-mail to a verified one that no other account has, if any."""
    taken = User.objects.filter(email__in=verified).values_list("email", flat=True)
    free = [email for email in verified if email not in set(taken)]
    sociallogin.user.email = free[0] if free else ""
    sociallogin.email_addresses = []


def _invitation_token(request: HttpRequest, sociallogin: Any) -> str:
    """The token of the invitation whose page led here; "" if none did."""
    try:
        match = resolve(sociallogin.get_redirect_url(request) or "")
    except Resolver404:
        return ""
    return str(match.kwargs["token"]) if match.url_name == "join" else ""
