"""Rules about credentials, their prices, and budgets."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from tasks.models.access.projects import (
    in_detailed_project,
    in_managed_project,
    in_usable_project,
    projects_of_site,
)
from tasks.models.access.roles import Row, administers, rows_of


class CredentialAccess(models.QuerySet[Row]):
    def usable_in(self, project: Any) -> Self:
        """Credentials with which tasks of this project may be tracked and created."""
        return self.filter(_open_to(Q(pk=project.pk)), active=True)

    def visible_to(self, user: Any) -> Self:
        """Credentials that a project may use of which this person sees the details."""
        if administers(user):
            return self
        projects = projects_of_site().detailed_to(user).order_by()
        chosen = Exists(projects.filter(credentials=OuterRef("pk")))
        return self.filter(chosen | Q(Exists(projects), open_to_all=True))

    def managed_by(self, user: Any) -> Self:
        """Credentials used by some project that this person manages.

        They may compare such a credential's list and set its prices.
        """
        if administers(user):
            return self
        managed = projects_of_site().ids_managed_by(user)
        return self.filter(_open_to(Q(pk__in=managed))) if managed else self.none()

    def editable_by(self, user: Any) -> Self:
        """Credentials this person may change, key included.

        A manager may change those that only projects of theirs may use.
        """
        if administers(user):
            return self
        managed = projects_of_site().ids_managed_by(user)
        if not managed:
            return self.none()
        others = projects_of_site().exclude(pk__in=managed)
        used_by_others = Exists(others.filter(credentials=OuterRef("pk")))
        own = self.filter(_open_to(Q(pk__in=managed)), ~used_by_others)
        return own if not others.exists() else own.filter(open_to_all=False)


def _open_to(projects: Q) -> Q:
    chosen = projects_of_site().filter(projects, credentials=OuterRef("pk"))
    return Q(open_to_all=True) | Q(Exists(chosen))


class PriceAccess(models.QuerySet[Row]):
    def editable_by(self, user: Any) -> Self:
        """Prices of the credentials that this person manages."""
        return self.filter(credential__in=rows_of("Credential").managed_by(user))


class BudgetAccess(models.QuerySet[Row]):
    """Rules for budgets: of projects, of people in one, of people over all, of credentials."""

    def visible_to(self, user: Any) -> Self:
        """Budgets whose numbers this person sees.

        Their own, those of projects of which they see the details, those of everybody in projects
        that they manage. Those of credentials are for staff.
        """
        if administers(user):
            return self
        as_a_whole = in_detailed_project(user) & Q(person=None)
        return self.filter(as_a_whole | _own_budgets(user) | in_managed_project(user))

    def managed_by(self, user: Any) -> Self:
        """Budgets this person sets: of their projects and of people in them; all of them for staff.

        A person over all projects and a credential are in nobody's project: only staff set those.
        """
        return self.filter(in_managed_project(user))

    def told_to(self, user: Any) -> Self:
        """Budgets of which this person is told that they are nearly used up."""
        if administers(user):
            return self
        return self.filter(_own_budgets(user) | in_managed_project(user))


def _own_budgets(user: Any) -> Q:
    """Condition: a person's own budgets, of projects only while they work in them."""
    if not user.is_active:
        return Q(pk__in=())
    return Q(person=user.pk) & (Q(project=None) | in_usable_project(user))


def sees_budgets_of_credentials(user: Any) -> bool:
    """Whether this person is told what is left of a credential's budget, and who set it."""
    return user is not None and administers(user)
