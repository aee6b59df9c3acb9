"""Starting the session of a person who has proved who they are."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse


def start_session(
    request: HttpRequest, user: Any, *, by: str, url: str, without_second_factor: bool = False
) -> HttpResponse:
    """Sign in and go to that address, after the second factor of those who have one.

    `by` is for the audit: "link", "first link", "invitation".
    """
    if request.user.is_authenticated:
        logout(request)
    record_authentication(request, user, by)
    login = Login(user=user, redirect_url=url)
    if not without_second_factor:
        return perform_login(request, login)
    adapter = get_adapter(request)
    adapter.login(request, user)
    return adapter.post_login(
        request, user, email_verification="none", redirect_url=url,
        signal_kwargs=None, email=None, signup=False,
    )  # fmt: skip
