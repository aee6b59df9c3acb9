"""Rules about the tokens of the API: who may make, see and revoke whose.

| token                                | scope read | scope make        | scope manage        |
| ------------------------------------ | ---------- | ----------------- | ------------------- |
| sees what its person sees            | yes        | yes               | yes                 |
| creates, tracks, uploads; cancels,   |            | where its person  | where its person    |
| deletes and restores its person's    |            | is a member       | is a member         |
| manages; cancels and deletes all     |            |                   | where its person is |
|                                      |            |                   | a manager           |

A token reaches no further than its person does at that moment, nor outside of its project. It is
`user.api_token` on the person who asks with it, and the rules about projects look at it there.
"""

from __future__ import annotations

from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Exists, OuterRef, Q

from tasks.models.access.projects import ProjectRowAccess, in_managed_project, projects_of_site
from tasks.models.access.roles import Row, TokenScope, administers, rows_of


class TokenAccess(models.QuerySet[Row]):
    """Rules for tokens: everybody has their own, managers those of their projects."""

    def own(self, user: Any) -> Self:
        """Tokens that act as this person."""
        return self.filter(person=user.pk)

    def managed_by(self, user: Any) -> Self:
        """Tokens for projects that this person manages, services' included; all of them for staff.

        A token for all of somebody's projects is theirs and the staff's.
        """
        return self.filter(in_managed_project(user))

    def reaching(self, project: Any) -> Self:
        """Tokens for all projects of their person that let a program into this one, too."""
        members = rows_of("Membership").filter(project=project).values("user")
        as_staff = Q(person__is_staff=True, scope=TokenScope.MANAGE)
        reaches = Q(person__in=members) | as_staff
        return self.filter(reaches, project=None, person__is_active=True)

    def revocable_by(self, user: Any) -> Self:
        """Tokens this person may revoke: their own, and those they manage."""
        if administers(user):
            return self
        return self.filter(Q(person=user.pk) | in_managed_project(user))


class ServiceAccess(ProjectRowAccess[Row]):
    """Rules for services, which belong to the managers of their project."""


def is_service(user: Any) -> bool:
    """Whether this account is a program's, which asks with tokens and never signs in."""
    return user.pk is not None and rows_of("Service").filter(user=user.pk).exists()


def without_services(people: models.QuerySet[User]) -> models.QuerySet[User]:
    """The accounts of people, who can sign in."""
    return people.exclude(Exists(rows_of("Service").filter(user=OuterRef("pk"))))


def token_scopes(user: Any, project: Any = None) -> list[TokenScope]:
    """Scopes that a token of this person can make use of, in one project or in any."""
    projects = projects_of_site() if project is None else projects_of_site().filter(pk=project.pk)
    reach = {
        TokenScope.READ: projects.visible_to(user),
        TokenScope.MAKE: projects.usable_by(user),
        TokenScope.MANAGE: projects.managed_by(user),
    }
    return [scope for scope, rows in reach.items() if administers(user) or rows.exists()]
