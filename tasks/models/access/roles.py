"""Roles and the scopes of tokens, in ascending order, and whether somebody is staff."""

from __future__ import annotations

from typing import Any, TypeVar

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=models.Model, covariant=True)


class Role(models.TextChoices):
    """Roles in ascending order; each may do everything that the ones before it may."""

    VIEWER = "viewer", _("viewer")
    MEMBER = "member", _("member")
    MANAGER = "manager", _("manager")

    def reaches(self, other: str) -> bool:
        return list(Role).index(self) >= list(Role).index(Role(other))


WORKING = (Role.MEMBER, Role.MANAGER)


class TokenScope(models.TextChoices):
    """Scopes of tokens in ascending order; each allows everything that the ones before it do."""

    READ = "read", _("read")
    MAKE = "make", _("create videos")
    MANAGE = "manage", _("manage")

    def reaches(self, other: str) -> bool:
        return list(TokenScope).index(self) >= list(TokenScope).index(TokenScope(other))


def token_of(user: Any) -> Any:
    """The token with which this person asks; None if they are signed in."""
    return getattr(user, "api_token", None)


def scope_allows(user: Any, needed: TokenScope) -> bool:
    """Whether this person is signed in, or asks with a token whose scope reaches that far."""
    token = token_of(user)
    return token is None or TokenScope(token.scope).reaches(needed)


def administers(user: Any) -> bool:
    """Whether this person is staff, who see every project and may do everything in it.

    Somebody who asks with a token for one project, or with less than all rights, is not.
    """
    token = token_of(user)
    is_whole = token is None or (token.project_id is None and token.scope == TokenScope.MANAGE)
    return bool(user.is_active and user.is_staff and is_whole)


def rows_of(model: str) -> Any:
    return apps.get_model("tasks", model)._default_manager.all()
