"""Rules about memberships, invitations and the people of a project."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from tasks.models.access.projects import ProjectAccess, ProjectRowAccess, projects_of_site
from tasks.models.access.roles import WORKING, Role, Row, administers, rows_of


def memberships_of_site() -> MembershipAccess[Any]:
    memberships: MembershipAccess[Any] = rows_of("Membership")
    return memberships


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
    return _people_of(user, projects_of_site().visible_to(user))


def people_managed_by(user: Any) -> QuerySet[User]:
    """People of the projects that this person manages; everyone for staff."""
    return _people_of(user, projects_of_site().managed_by(user))


def _people_of(user: Any, projects: ProjectAccess[Any]) -> QuerySet[User]:
    if administers(user):
        return User.objects.all()
    shared = memberships_of_site().filter(user=OuterRef("pk"), project__in=projects.order_by())
    return User.objects.filter(Exists(shared))


def workers_in(project: Any) -> QuerySet[User]:
    """People who may spend the money of a project, as its members or managers."""
    working = memberships_of_site().filter(user=OuterRef("pk"), project=project, role__in=WORKING)
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
    others = memberships_of_site().filter(project=membership.project).exclude(pk=membership.pk)
    return others.managers().exists()
