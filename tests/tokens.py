"""Tokens of the API for tests, of every kind that is answered and that is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from tasks.models import ApiToken, Project, TokenScope
from tasks.team import tokens


def asked_by(person: Any) -> HttpRequest:
    """A request of somebody who is signed in, for functions that record who did something."""
    request = RequestFactory().post("/")
    request.user = person
    return request


def token_of(
    person: User, scope: TokenScope = TokenScope.MAKE, project: Project | None = None, **fields: Any
) -> tuple[ApiToken, str]:
    """token_of(member, TokenScope.READ): a token that asks as this person, and its text."""
    fields.setdefault("name", f"{person}'s {scope}")
    fields.setdefault("now", timezone.now())
    return tokens.make_token(asked_by(person), person, scope=scope, project=project, **fields)


def bearer(text: str) -> dict[str, str]:
    """Headers for a test client: `client.get(url, headers=bearer(text))`."""
    return {"Authorization": f"Bearer {text}"}


def texts_of_every_kind(project: Project, member: User, stranger: User) -> dict[str, str]:
    """Texts of tokens by what they are: each scope, a stranger's, and those that are refused."""
    now = timezone.now()
    made = {
        **{scope.value: token_of(member, scope, project) for scope in TokenScope},
        "stranger": token_of(stranger, TokenScope.MANAGE),
        "expired": token_of(member, TokenScope.MANAGE, expires_at=now - timedelta(seconds=1)),
        "revoked": token_of(member, TokenScope.MANAGE),
    }
    tokens.revoke(asked_by(member), made["revoked"][0], now)
    return {kind: text for kind, (_token, text) in made.items()}


def clients_of_every_kind(project: Project, member: User, stranger: User) -> dict[str, Client]:
    """Programs that ask the API, by the kind of their token; and two who ask without one.

    For tables of who gets what: "nothing" sends no token, "session" a signed-in person's cookie.
    """
    texts = texts_of_every_kind(project, member, stranger)
    clients = {kind: Client(headers=bearer(text)) for kind, text in texts.items()}
    signed_in = Client(enforce_csrf_checks=True)
    signed_in.force_login(member)
    return {"nothing": Client(enforce_csrf_checks=True), "session": signed_in, **clients}
