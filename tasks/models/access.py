"""Every rule about who may see, use, spend, change, cancel and delete what.

Roles belong to one project. Staff may do everything in all of them; people who are not active, or
not signed in, may do nothing.

| in a project                                      | viewer | member    | manager | staff |
| ------------------------------------------------- | ------ | --------- | ------- | ----- |
| see: clips, prompts, settings, how a task ended   | yes    | yes       | yes     | yes   |
| see details: money, credentials, answers, alarms  | (yes)  | yes       | yes     | yes   |
| use, spend: create, track, upload, ask, save now  |        | yes       | yes     | yes   |
| cancel, delete, restore; change saved prompts     |        | their own | yes     | yes   |
| manage: people, credentials, money, audit; purge  |        |           | yes     | yes   |
| set budgets of people over all, of credentials    |        |           |         | yes   |
| make and rename projects; the Django admin        |        |           |         | yes   |

(yes): where a manager of the project allows it, `Project.viewers_see_details`.

The querysets of the models inherit these rules, so that a view asks
`Task.objects.cancellable_by(request.user)` and finds the answer in this file. Functions at the end
answer for one person or one row. A test fails where code outside this file compares a role, looks
up a membership or reads `is_staff`.

The models are built on this module, so it imports none of them: it looks up the models that it
needs by name (`_rows`) when a rule is evaluated, as a foreign key given by name does. The file is
long so that every question about access is answered in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tasks.models.scrub import ScrubQuerySet
from tasks.models.sight import NONE, Sight
from tasks.models.trash import TrashQuerySet

Row = TypeVar("Row", bound=models.Model, covariant=True)


class Role(models.TextChoices):
    """Roles in ascending order; each may do everything that the ones before it may."""

    VIEWER = "viewer", _("viewer")
    MEMBER = "member", _("member")
    MANAGER = "manager", _("manager")

    def reaches(self, other: str) -> bool:
        return list(Role).index(self) >= list(Role).index(Role(other))


WORKING = (Role.MEMBER, Role.MANAGER)


def administers(user: Any) -> bool:
    """Whether this person is staff, who see every project and may do everything in it."""
    return bool(user.is_active and user.is_staff)


def _rows(model: str) -> Any:
    return apps.get_model("tasks", model)._default_manager.all()


def _projects() -> ProjectAccess[Any]:
    projects: ProjectAccess[Any] = _rows("Project")
    return projects


def _memberships() -> MembershipAccess[Any]:
    memberships: MembershipAccess[Any] = _rows("Membership")
    return memberships


# Projects


class ProjectAccess(models.QuerySet[Row]):
    """Rules about projects themselves; all other rules are derived from these."""

    def visible_to(self, user: Any) -> Self:
        return self._of(user, membership__user=user)

    def usable_by(self, user: Any) -> Self:
        """Projects in which this person may work: track, upload, save prompts, delete."""
        return self._of(user, membership__user=user, membership__role__in=WORKING)

    def spendable_by(self, user: Any) -> Self:
        """Projects whose money this person may spend: where they may create tasks."""
        return self.usable_by(user)

    def managed_by(self, user: Any) -> Self:
        """Projects whose people, credentials and budgets this person manages."""
        return self._of(user, membership__user=user, membership__role=Role.MANAGER)

    def detailed_to(self, user: Any) -> Self:
        """Projects of which this person sees more than clips, prompts and settings.

        The details are money, credentials, the providers' own words and raw answers, and alarms:
        for whoever works in the project, and for its viewers where a manager allows it.
        """
        works, allowed = Q(membership__role__in=WORKING), Q(viewers_see_details=True)
        return self._of(user, works | allowed, membership__user=user)

    def with_details_for(self, user: Any) -> Self:
        """Annotate each project with `shows_details`: whether this person sees its details."""
        return self.annotate(shows_details=Q(pk__in=_projects().detailed_to(user).order_by()))

    def _of(self, user: Any, *conditions: Q, **membership: Any) -> Self:
        if administers(user):
            return self
        return self.filter(*conditions, **membership) if user.is_active else self.none()

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

    It is a raw statement, for every open page asks each two seconds.
    """
    if administers(user):
        return Sight.of_everything(project)
    sql = (
        "SELECT m.project_id, coalesce(c.number, 0), m.role <> %s OR p.viewers_see_details"
        " FROM tasks_membership m JOIN tasks_project p ON p.id = m.project_id"
        " LEFT JOIN tasks_projectchange c ON c.project_id = m.project_id WHERE m.user_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [Role.VIEWER.value, user.pk])
        rows = cursor.fetchall() if user.is_active else []
    return Sight.of_projects(row for row in rows if project in (None, row[0]))


# Rows that belong to a project. `path` is the lookup from the rows to the row that has the
# project: "" or "task__".


def in_visible_project(user: Any, path: str = "") -> Q:
    """Condition that lists the visible projects one by one; see `TaskAccess.visible_to` for why."""
    if administers(user):
        return Q()
    return Q(**{f"{path}project__in": _projects().ids_visible_to(user)})


def in_usable_project(user: Any, path: str = "") -> Q:
    if administers(user):
        return Q()
    return Q(**{f"{path}project__in": _projects().usable_by(user).order_by()})


def in_detailed_project(reader: Any, path: str = "") -> Q:
    """Condition of `with_details_for`, for a person or for their sight that was just read."""
    if isinstance(reader, Sight):
        if reader.detailed is None:
            return Q(**{f"{path}project__isnull": False})
        return Q(**{f"{path}project__in": reader.detailed or (NONE,)})
    return Q(**{f"{path}project__in": _projects().detailed_to(reader).order_by()})


def in_managed_project(user: Any, path: str = "") -> Q:
    if administers(user):
        return Q()
    return Q(**{f"{path}project__in": _projects().managed_by(user).order_by()})


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


class TaskAccess(TrashQuerySet[Row]):
    def visible_to(self, user: Any, *, project: int | None = None, details: bool = False) -> Self:
        """Tasks this person sees, without the trash; every page, fragment and feed starts here.

        `details`: only those of which this person sees the details.

        The projects are listed one by one, so that an index gives the newest of each. With a
        subquery SQLite walks all tasks: 28 s for a small old project beside a million. `project`
        is the id that a filter asks for; if this person may not see it, nothing is found.
        """
        if administers(user):
            return self.kept()
        rows = _projects().detailed_to(user) if details else _projects().visible_to(user)
        projects = list(rows.order_by().values_list("pk", flat=True))
        if project is not None:
            projects = [pk for pk in projects if pk == project]
        return self._kept_in(projects)

    def in_sight(self, sight: Sight, *, details: bool = False) -> Self:
        """Tasks of `visible_to`, for a person whose projects were just read."""
        projects = sight.detailed if details else sight.projects
        return self.kept() if projects is None else self._kept_in(projects)

    def _kept_in(self, projects: Sequence[int]) -> Self:
        if len(projects) == 1:
            return self.kept().filter(project=projects[0])
        return self.kept().filter(project__in=projects or [NONE])

    def with_details_for(self, user: Any) -> Self:
        """Annotate each task with `shows_details`: whether this person sees the details of it."""
        return self.annotate(shows_details=in_detailed_project(user))

    def editable_by(self, user: Any) -> Self:
        """Tasks this person may act on: ask about now, save now, say what became of them."""
        return self.kept().filter(in_usable_project(user))

    def repeatable_by(self, user: Any) -> Self:
        """Tasks this person may create again, which spends the project's money."""
        return self.kept().filter(in_usable_project(user))

    def cancellable_by(self, user: Any) -> Self:
        """Tasks this person may cancel, if the provider still can."""
        return self.kept().filter(own_or_managed(user))

    def deletable_by(self, user: Any) -> Self:
        """Tasks this person may move to the trash."""
        return self.kept().filter(own_or_managed(user))

    def restorable_by(self, user: Any, now: datetime) -> Self:
        return self.in_trash(now).filter(own_or_managed(user))

    def managed_by(self, user: Any) -> Self:
        """Tasks of the projects this person manages, which they may delete for good."""
        return self.filter(in_managed_project(user))

    def rights(self, user: Any) -> dict[str, bool]:
        """Rights of this person over the single task in this queryset, by name: one query."""
        own = Count("pk", filter=own_or_managed(user))
        editable = self.editable_by(user).order_by()
        counts = editable.aggregate(may_work=Count("pk"), may_delete=own, may_cancel=own)
        return {name: bool(count) for name, count in counts.items()}


class CopyAccess(ScrubQuerySet[Row]):
    """Rules for the files of tasks; who may delete a task may delete its files."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(in_visible_project(user, "task__"), task__deleted_at=None)

    def with_details_for(self, user: Any) -> Self:
        """Annotate each file with `shows_details`: whether this person sees the details of it."""
        return self.annotate(shows_details=in_detailed_project(user, "task__"))

    def in_sight(self, sight: Sight) -> Self:
        """Files of `visible_to`, for a person whose projects were just read."""
        files = self.filter(task__deleted_at=None)
        return files if sight.projects is None else files.filter(task__project__in=sight.projects)

    def deletable_by(self, user: Any) -> Self:
        """Saved files this person may move to the trash."""
        files = self.saved().kept().filter(task__deleted_at=None)
        return files.filter(own_or_managed(user, "task__"))

    def restorable_by(self, user: Any, now: datetime) -> Self:
        """Files this person may restore. Files of deleted tasks are restored with their task."""
        files = self.saved().in_trash(now).filter(task__deleted_at=None)
        return files.filter(own_or_managed(user, "task__"))

    def managed_by(self, user: Any) -> Self:
        """Files of the projects this person manages, which they may delete for good."""
        return self.filter(in_managed_project(user, "task__"))


def visible_copies(user: Any) -> Q:
    """Condition of `CopyAccess.visible_to`, for counting within a larger statement.

    It does not query for the ids first, because the header of every page uses it.
    """
    not_deleted = Q(task__deleted_at=None)
    if administers(user):
        return not_deleted
    return not_deleted & Q(task__project__in=_projects().visible_to(user).order_by())


def alarming_copies(user: Any) -> Q:
    """Condition: copies of which this person is told that they are at risk."""
    not_deleted = Q(task__deleted_at=None)
    return not_deleted if administers(user) else not_deleted & in_detailed_project(user, "task__")


class UploadAccess(ProjectRowAccess[Row]):
    if TYPE_CHECKING:  # UploadQuerySet has it

        def here(self) -> Self: ...

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user).here()

    def usable_by(self, user: Any) -> Self:
        """Pictures this person may use in a create."""
        return super().usable_by(user).here()


class SavedPromptAccess(ProjectRowAccess[Row]):
    def editable_by(self, user: Any) -> Self:
        """Prompts this person saved, and all prompts of projects they manage."""
        return self.filter(own_or_managed(user))


class AuditAccess(models.QuerySet[Row]):
    def visible_to(self, user: Any) -> Self:
        """Every entry for staff; the entries of their projects for managers."""
        if administers(user):
            return self
        return self.filter(project_id__in=_projects().ids_managed_by(user))


# Credentials and their prices


class CredentialAccess(models.QuerySet[Row]):
    def usable_in(self, project: Any) -> Self:
        """Credentials with which tasks of this project may be tracked and created."""
        return self.filter(_open_to(Q(pk=project.pk)), active=True)

    def visible_to(self, user: Any) -> Self:
        """Credentials that a project may use of which this person sees the details."""
        if administers(user):
            return self
        projects = _projects().detailed_to(user).order_by()
        chosen = Exists(projects.filter(credentials=OuterRef("pk")))
        return self.filter(chosen | Q(Exists(projects), open_to_all=True))

    def managed_by(self, user: Any) -> Self:
        """Credentials used by some project that this person manages.

        They may compare such a credential's list and set its prices.
        """
        if administers(user):
            return self
        managed = _projects().ids_managed_by(user)
        return self.filter(_open_to(Q(pk__in=managed))) if managed else self.none()

    def editable_by(self, user: Any) -> Self:
        """Credentials this person may change, key included.

        A manager may change those that only projects of theirs may use.
        """
        if administers(user):
            return self
        managed = _projects().ids_managed_by(user)
        if not managed:
            return self.none()
        others = _projects().exclude(pk__in=managed)
        used_by_others = Exists(others.filter(credentials=OuterRef("pk")))
        own = self.filter(_open_to(Q(pk__in=managed)), ~used_by_others)
        return own if not others.exists() else own.filter(open_to_all=False)


def _open_to(projects: Q) -> Q:
    chosen = _projects().filter(projects, credentials=OuterRef("pk"))
    return Q(open_to_all=True) | Q(Exists(chosen))


class PriceAccess(models.QuerySet[Row]):
    def editable_by(self, user: Any) -> Self:
        """Prices of the credentials that this person manages."""
        return self.filter(credential__in=_rows("Credential").managed_by(user))


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


class ExportAccess(models.QuerySet[Row]):
    def visible_to(self, user: Any) -> Self:
        """Exports that this person asked for."""
        return self.filter(person=user.pk) if user.is_active else self.none()


def still_sees(user: Any, projects: Sequence[int] | None) -> bool:
    """Whether this person sees the details of all these projects today; None is every project."""
    seen = _projects().ids_detailed_to(user)
    return seen is None or (projects is not None and set(projects) <= set(seen))


# People


class MembershipAccess(ProjectRowAccess[Row]):
    def managers(self) -> Self:
        """Memberships of managers who can still sign in."""
        return self.filter(role=Role.MANAGER, user__is_active=True)

    def covering(self, user: Any, invitation: Any) -> Self:
        """The membership that already gives this person everything the invitation would."""
        sufficient = [role for role in Role if role.reaches(invitation.role)]
        return self.filter(user=user, project=invitation.project_id, role__in=sufficient)


def people_visible_to(user: Any) -> QuerySet[User]:
    """People with whom this person shares a project; everyone for staff."""
    return _people_of(user, _projects().visible_to(user))


def people_managed_by(user: Any) -> QuerySet[User]:
    """People of the projects that this person manages; everyone for staff."""
    return _people_of(user, _projects().managed_by(user))


def _people_of(user: Any, projects: ProjectAccess[Any]) -> QuerySet[User]:
    if administers(user):
        return User.objects.all()
    shared = _memberships().filter(user=OuterRef("pk"), project__in=projects.order_by())
    return User.objects.filter(Exists(shared))


def workers_in(project: Any) -> QuerySet[User]:
    """People who may spend the money of a project, as its members or managers."""
    working = _memberships().filter(user=OuterRef("pk"), project=project, role__in=WORKING)
    return User.objects.filter(Exists(working), is_active=True)


def inviter_still_manages() -> Exists:
    """Condition: the person who invited still manages the project.

    Otherwise somebody who was removed could come back through a link of their own. It is no join,
    because spending an invitation must stay one conditional update of one table.
    """
    manages = Q(membership__project=OuterRef("project"), membership__role=Role.MANAGER)
    inviters = User.objects.filter(pk=OuterRef("invited_by"), is_active=True)
    return Exists(inviters.filter(Q(is_staff=True) | manages))


def invites_only_by(membership: Any) -> bool:
    """Whether this membership alone lets the person invite.

    If so, their pending invitations end with it.
    """
    return membership.role == Role.MANAGER and not administers(membership.user)


def higher_role(one: str, other: str) -> Role:
    """The role that reaches further."""
    return Role(one) if Role(one).reaches(other) else Role(other)


def only_looks(role: str) -> bool:
    """Whether this role may see, play and download, and nothing else."""
    return role not in WORKING


def may_take_role(user: Any, membership: Any) -> bool:
    """Whether this person may change the role of a membership, or end it.

    Only staff may leave a project without an active manager.
    """
    if administers(user) or membership.role != Role.MANAGER:
        return True
    others = _memberships().filter(project=membership.project).exclude(pk=membership.pk)
    return others.managers().exists()


# One person, in any project


def works_somewhere(user: Any) -> bool:
    return _projects().usable_by(user).exists()


def manages_something(user: Any) -> bool:
    return administers(user) or _projects().managed_by(user).exists()


def manages_every_project(user: Any) -> bool:
    """Whether this person may let all projects use a credential."""
    managed = _projects().managed_by(user).order_by()
    return administers(user) or not _projects().exclude(pk__in=managed).exists()


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
    sees_some = administers(user) or _projects().detailed_to(user).exists()
    if not sees_some and _projects().visible_to(user).exists():
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
        rows = _memberships().filter(user_id=self._user.pk).order_by()
        return set(rows.values_list("role", "project__viewers_see_details").distinct())

    @property
    def works(self) -> bool:
        return self._has(*WORKING)

    @property
    def manages(self) -> bool:
        return self._has(Role.MANAGER)

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
