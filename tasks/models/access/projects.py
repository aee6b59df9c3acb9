"""Rules about projects, and about rows that belong to one; all others are derived from these."""

from __future__ import annotations

from typing import Any, Self

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Coalesce

from tasks.models.access.roles import (
    WORKING,
    Role,
    Row,
    TokenScope,
    administers,
    rows_of,
    scope_allows,
    token_of,
)
from tasks.models.sight import NONE, Sight


def projects_of_site() -> ProjectAccess[Any]:
    projects: ProjectAccess[Any] = rows_of("Project")
    return projects


class ProjectAccess(models.QuerySet[Row]):
    """Rules about projects themselves; all other rules are derived from these."""

    def visible_to(self, user: Any) -> Self:
        return self._of(user, TokenScope.READ, membership__user=user)

    def usable_by(self, user: Any) -> Self:
        """Projects in which this person may work: track, upload, save prompts, delete."""
        member = {"membership__user": user, "membership__role__in": WORKING}
        return self._of(user, TokenScope.MAKE, **member)

    def spendable_by(self, user: Any) -> Self:
        """Projects whose money this person may spend: where they may create tasks."""
        return self.usable_by(user)

    def managed_by(self, user: Any) -> Self:
        """Projects whose people, credentials and budgets this person manages."""
        manager = {"membership__user": user, "membership__role": Role.MANAGER}
        return self._of(user, TokenScope.MANAGE, **manager)

    def detailed_to(self, user: Any) -> Self:
        """Projects of which this person sees more than clips, prompts and settings.

        The details are money, credentials, the providers' own words and raw answers, and alarms:
        for whoever works in the project, and for its viewers where a manager allows it.
        """
        works, allowed = Q(membership__role__in=WORKING), Q(viewers_see_details=True)
        return self._of(user, TokenScope.READ, works | allowed, membership__user=user)

    def with_details_for(self, user: Any) -> Self:
        """Annotate each project with `shows_details`: whether this person sees its details."""
        return self.annotate(
            shows_details=Q(pk__in=projects_of_site().detailed_to(user).order_by())
        )

    def _of(self, user: Any, scope: TokenScope, *conditions: Q, **membership: Any) -> Self:
        """Projects in which this person has such a membership, as far as their token reaches.

        With a token, nobody may do more than without, and nothing outside the token's project.
        """
        if administers(user):
            return self
        if not user.is_active or not scope_allows(user, scope):
            return self.none()
        token = token_of(user)
        rows = self.filter(pk=token.project_id) if token and token.project_id else self
        return rows if user.is_staff else rows.filter(*conditions, **membership)

    def that_may_use(self, credential: Any) -> Self:
        """Projects whose tasks may be tracked and created with the credential."""
        return self if credential.open_to_all else self.filter(credentials=credential)

    def ids_visible_to(self, user: Any) -> list[int]:
        return list(self.visible_to(user).order_by().values_list("pk", flat=True))

    def ids_detailed_to(self, user: Any) -> tuple[int, ...] | None:
        """Ids of the projects whose details this person sees; None if they see those of all."""
        if administers(user):
            return None
        return tuple(self.detailed_to(user).order_by().values_list("pk", flat=True).distinct())

    def ids_managed_by(self, user: Any) -> list[int]:
        return list(self.managed_by(user).order_by().values_list("pk", flat=True))

    def ids_that_limit(self, user: Any) -> list[int]:
        """Ids of the projects this person sees; an empty list if they see all of them."""
        return [] if administers(user) else self.ids_visible_to(user)


def sight_of(user: Any, project: int | None = None) -> Sight:
    """The sight of this person, or what of it lies in one project. One query.

    It is a raw statement, for every open page asks each two seconds, and every program.
    """
    if administers(user):
        return Sight.of_everything(project)
    token = token_of(user)
    if token and user.is_staff:
        return _sight_of_staff_token(user, project)
    sql = (
        "SELECT m.project_id, coalesce(c.number, 0), m.role <> %s OR p.viewers_see_details"
        " FROM tasks_membership m JOIN tasks_project p ON p.id = m.project_id"
        " LEFT JOIN tasks_projectchange c ON c.project_id = m.project_id WHERE m.user_id = %s"
    )
    values = [Role.VIEWER.value, user.pk]
    if token and token.project_id:
        sql, values = f"{sql} AND m.project_id = %s", [*values, token.project_id]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall() if user.is_active else []
    return Sight.of_projects(row for row in rows if project in (None, row[0]))


def _sight_of_staff_token(user: Any, project: int | None) -> Sight:
    """The sight of staff who ask with a token that is narrower than they are."""
    rows = projects_of_site().visible_to(user).with_details_for(user).order_by()
    found = rows.values_list("pk", Coalesce("projectchange__number", 0), "shows_details")
    return Sight.of_projects(row for row in found.distinct() if project in (None, row[0]))


# Rows that belong to a project. `path` is the lookup from the rows to the row that has the
# project: "" or "task__".


def in_visible_project(user: Any, path: str = "") -> Q:
    """Condition that lists the visible projects one by one; see `TaskAccess.visible_to` for why."""
    if administers(user):
        return Q()
    return Q(**{f"{path}project__in": projects_of_site().ids_visible_to(user)})


def in_usable_project(user: Any, path: str = "") -> Q:
    if administers(user):
        return Q()
    return Q(**{f"{path}project__in": projects_of_site().usable_by(user).order_by()})


def in_detailed_project(reader: Any, path: str = "") -> Q:
    """Condition of `with_details_for`, for a person or for their sight that was just read."""
    if isinstance(reader, Sight):
        if reader.detailed is None:
            return Q(**{f"{path}project__isnull": False})
        return Q(**{f"{path}project__in": reader.detailed or (NONE,)})
    return Q(**{f"{path}project__in": projects_of_site().detailed_to(reader).order_by()})


def in_managed_project(user: Any, path: str = "") -> Q:
    if administers(user):
        return Q()
    return Q(**{f"{path}project__in": projects_of_site().managed_by(user).order_by()})


def own_or_managed(user: Any, path: str = "") -> Q:
    """Condition: a member's own rows in projects they may use, and all rows of managed projects."""
    if administers(user):
        return Q()
    own = Q(**{f"{path}created_by": user.pk}) & in_usable_project(user, path)
    return own | in_managed_project(user, path)


class ProjectRowAccess(models.QuerySet[Row]):
    """Rules for rows with a `project`: batches, uploads, memberships, invitations, budgets …"""

    def visible_to(self, user: Any) -> Self:
        return self.filter(in_visible_project(user))

    def with_details_for(self, user: Any) -> Self:
        """Annotate each row with `shows_details`: whether this person sees the details of it."""
        return self.annotate(shows_details=in_detailed_project(user))

    def usable_by(self, user: Any) -> Self:
        return self.filter(in_usable_project(user))

    def managed_by(self, user: Any) -> Self:
        return self.filter(in_managed_project(user))
