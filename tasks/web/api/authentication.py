"""Authentication of the API: by a token in the Authorization header, and by nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import ApiToken, TokenScope
from tasks.models.access import scope_allows
from tasks.team import tokens
from tasks.team.address import client_address
from tasks.team.limits import spend_on_wrong_token


class TokenRefusal(StrEnum):
    """Reasons for which a request is not answered."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CLOSED = "closed"  # its person's account
    SCOPE = "scope"


_SENTENCES: dict[TokenRefusal, Any] = {
    TokenRefusal.MISSING: gettext_lazy(
        "Send an API token in the Authorization header: Bearer, a space, the token."
    ),
    TokenRefusal.UNKNOWN: gettext_lazy("This API token is unknown. Check that it is complete."),
    TokenRefusal.EXPIRED: gettext_lazy("This API token has expired. Make a new one in Dailies."),
    TokenRefusal.REVOKED: gettext_lazy("This API token was revoked. Make a new one in Dailies."),
    TokenRefusal.CLOSED: gettext_lazy(
        "The account of this API token is closed. Ask an administrator."
    ),
    TokenRefusal.SCOPE: gettext_lazy(
        "This API token doesn't allow this. Make one with a larger scope in Dailies."
    ),
}


@dataclass(eq=False)
class TokenRefusedError(Exception):
    """A request has no token that may do this."""

    reason: TokenRefusal

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return 403 if self.reason == TokenRefusal.SCOPE else 401

    def __str__(self) -> str:
        return str(_SENTENCES[self.reason])


@dataclass(eq=False)
class TokenThrottledError(Exception):
    """An address has sent too many unknown tokens; `retry_after` is in whole seconds."""

    retry_after: int

    def __str__(self) -> str:
        return _("Too many unknown API tokens. Wait %(seconds)s s.") % {"seconds": self.retry_after}


def authenticate(request: HttpRequest, scope: TokenScope) -> ApiToken:
    """Return the token of a request that may do what this scope allows, and note its use.

    Sets `request.user` to the token's person, whom the rules of access know with it, and
    `request.api_token`. Raises TokenRefusedError, and TokenThrottledError for an unknown token
    from an address that has sent many: a token that works is answered there, too.
    """
    text = _sent_token(request)
    token, now = tokens.known(text), timezone.now()
    if token is None:
        if wait := spend_on_wrong_token(client_address(request)):
            raise TokenThrottledError(wait)
        raise TokenRefusedError(TokenRefusal.UNKNOWN)
    if token.revoked_at is not None:
        raise TokenRefusedError(TokenRefusal.REVOKED)
    if token.has_expired(now):
        raise TokenRefusedError(TokenRefusal.EXPIRED)
    if not token.person.is_active:
        raise TokenRefusedError(TokenRefusal.CLOSED)
    if not scope_allows(token.person, scope):
        raise TokenRefusedError(TokenRefusal.SCOPE)
    request.user = token.person
    request.api_token = token  # type: ignore[attr-defined]
    tokens.note_use(request, token, now)
    return token


def may_create(request: HttpRequest) -> bool:
    """Whether the token of a request may create tasks; of unknown ones too many count here, too."""
    try:
        authenticate(request, TokenScope.MAKE)
    except (TokenRefusedError, TokenThrottledError):
        return False
    return True


def _sent_token(request: HttpRequest) -> str:
    """The token in the Authorization header, the only place in which one is looked for."""
    kind, _space, text = request.headers.get("authorization", "").strip().partition(" ")
    text = text.strip()
    if kind.lower() != "bearer" or not text:
        raise TokenRefusedError(TokenRefusal.MISSING)
    return text
