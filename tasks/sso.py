"""Single sign-on: through which buttons, and who is let in by it.

A stranger never is: whoever has no account here needs one with the same e-mail, which the other
side has verified, or must have come by an invitation's link.
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

from tasks import people
from tasks.models import Invitation


def ways(request: HttpRequest, there: str, process: str = "login") -> list[dict[str, str]]:
    """The buttons: a name, and where it leads by POST."""
    more = {"process": process, **({"next": there} if there else {})}
    return [
        {"name": each.app.name, "url": each.get_login_url(request, **more)}
        for each in get_adapter().list_providers(request)
    ]


class Adapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """For whoever holds an invitation; and it is theirs, where it names an e-mail."""
        invitation = _invitation(_token(request, sociallogin))
        verified = _verified(sociallogin)
        if invitation is None or (invitation.email and invitation.email.lower() not in verified):
            raise _refused(request, sociallogin.user.email)
        _keep_one_free_email(sociallogin, verified)
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """The account and its membership, or neither where the invitation was spent meanwhile."""
        user: User = sociallogin.user
        user.set_unusable_password()
        account_adapter().populate_username(request, user)
        if not people.join(request, _token(request, sociallogin), lambda: _made(sociallogin)):
            raise _refused(request)
        sociallogin.state["next"] = reverse("tasks")
        return user


def _refused(request: HttpRequest, said: str = "") -> ImmediateHttpResponse:
    page = render(request, "door/no_account.html", {"said": said}, status=403)
    return ImmediateHttpResponse(page)


def _made(sociallogin: Any) -> User:
    """Without allauth's row of the e-mail: it would stay when the account's own changes."""
    user: User = sociallogin.user
    user.save()
    sociallogin.account.user = user
    sociallogin.account.save()
    return user


def _verified(sociallogin: Any) -> list[str]:
    return [each.email.lower() for each in sociallogin.email_addresses if each.verified]


def _keep_one_free_email(sociallogin: Any, verified: list[str]) -> None:
    taken = User.objects.filter(email__in=verified).values_list("email", flat=True)
    free = [email for email in verified if email not in set(taken)]
    sociallogin.user.email = free[0] if free else ""
    sociallogin.email_addresses = []


def _token(request: HttpRequest, sociallogin: Any) -> str:
    """Of the invitation whose page led here."""
    try:
        there = resolve(sociallogin.get_redirect_url(request) or "")
    except Resolver404:
        return ""
    return str(there.kwargs["token"]) if there.url_name == "join" else ""


def _invitation(token: str) -> Invitation | None:
    return Invitation.objects.usable(token, now=timezone.now()).first() if token else None
