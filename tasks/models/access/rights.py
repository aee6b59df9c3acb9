"""Rules about one person, in any project."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.functional import cached_property

from tasks.models.access.people import memberships_of_site
from tasks.models.access.projects import projects_of_site
from tasks.models.access.roles import (
    WORKING,
    Role,
    TokenScope,
    administers,
    scope_allows,
    token_of,
)


def works_somewhere(user: Any) -> bool:
    return projects_of_site().usable_by(user).exists()


def manages_something(user: Any) -> bool:
    return administers(user) or projects_of_site().managed_by(user).exists()


def manages_every_project(user: Any) -> bool:
    """Whether this person may let all projects use a credential."""
    managed = projects_of_site().managed_by(user).order_by()
    return administers(user) or not projects_of_site().exclude(pk__in=managed).exists()


def require_worker(user: Any) -> None:
    """Raise PermissionDenied unless this person may work in some project."""
    if not works_somewhere(user):
        raise PermissionDenied


def require_manager(user: Any) -> None:
    """Raise PermissionDenied unless this person manages some project."""
    if not manages_something(user):
        raise PermissionDenied


def require_details(user: Any) -> None:
    """Raise PermissionDenied from whoever is in projects, but sees the details of none."""
    sees_some = administers(user) or projects_of_site().detailed_to(user).exists()
    if not sees_some and projects_of_site().visible_to(user).exists():
        raise PermissionDenied


def require_staff(user: Any) -> None:
    """Raise PermissionDenied unless this person is staff."""
    if not administers(user):
        raise PermissionDenied


class Rights:
    """Rights in any project, for the navigation of a page: one query, made on first use."""

    def __init__(self, user: Any) -> None:
        self._user = user

    @classmethod
    def of(cls, user: Any) -> Rights:
        """The rights of a request's person, read once for view and page."""
        rights: Rights | None = getattr(user, "_rights", None)
        if rights is None:
            rights = user._rights = cls(user)
        return rights

    @property
    def are_known(self) -> bool:
        """Whether asking for any of them costs no query."""
        return administers(self._user) or "_memberships" in vars(self)

    @cached_property
    def _memberships(self) -> set[tuple[str, bool]]:
        rows = memberships_of_site().filter(user_id=self._user.pk).order_by()
        if token_of(self._user):
            rows = rows.filter(project__in=projects_of_site().visible_to(self._user).order_by())
        return set(rows.values_list("role", "project__viewers_see_details").distinct())

    @property
    def works(self) -> bool:
        return scope_allows(self._user, TokenScope.MAKE) and self._has(*WORKING)

    @property
    def manages(self) -> bool:
        return scope_allows(self._user, TokenScope.MANAGE) and self._has(Role.MANAGER)

    @property
    def administers(self) -> bool:
        return administers(self._user)

    @property
    def sees_details(self) -> bool:
        """Whether there is a project of which this person sees the details."""
        if self._has(*WORKING):
            return True
        return self._user.is_authenticated and any(allowed for _, allowed in self._memberships)

    def _has(self, *roles: Role) -> bool:
        user = self._user
        if not user.is_authenticated:
            return False
        return administers(user) or any(role in roles for role, _allowed in self._memberships)
