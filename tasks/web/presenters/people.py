"""The people of a project: their roles, their last visits, and the tasks they made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from tasks.models import Invitation, Membership, Project, Role, Task
from tasks.models.access import administers, inviter_still_manages

MOST_INVITATIONS = 50
LISTED = timedelta(days=90)  # how long an invitation that nobody used is listed


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member of the project; `tasks` and `tokens` count what they made in it."""

    membership: Membership
    tasks: int = 0
    tokens: int = 0

    @property
    def administers(self) -> bool:
        """Whether the person sees every project, whatever their role in this one."""
        return administers(self.membership.user)

    @property
    def is_service(self) -> bool:
        """Whether it is a program, which asks with tokens and never signs in."""
        return hasattr(self.membership.user, "service")

    @property
    def seen_at(self) -> datetime | None:
        user = self.membership.user
        profile = getattr(user, "profile", None)  # created when something in it is first saved
        return (profile and profile.seen_at) or user.last_login


def people_of(project: Project) -> list[Person]:
    """The members, managers first. Two queries."""
    rows = Membership.objects.filter(project=project).select_related(
        "user__profile", "user__service"
    )
    # An index holds all columns of this sum.
    tasks = Task.objects.filter(project=project).order_by().values_list("created_by")
    sums = tasks.annotate(tasks=Count("pk"), tokens=Sum("total_tokens"))
    made = {person: {"tasks": number, "tokens": tokens or 0} for person, number, tokens in sums}
    people = [Person(membership=row, **made.get(row.user_id, {})) for row in rows]
    rank = list(Role)[::-1]
    return sorted(
        people, key=lambda each: (rank.index(Role(each.membership.role)), str(each.membership.user))
    )


@dataclass(frozen=True)
class UnusedInvitation:
    """An invitation that nobody has used."""

    row: Invitation
    ended: str  # why it lets nobody in; "" while it is valid

    @classmethod
    def of(cls, row: Any, now: datetime) -> UnusedInvitation:
        if row.withdrawn_at:
            return cls(row, _("withdrawn"))
        if row.ends_at <= now:
            return cls(row, _("ended"))
        return cls(row, "" if row.stands else _("ended when the person who sent it lost access"))


def invitations_of(project: Project, now: datetime) -> list[UnusedInvitation]:
    rows = Invitation.objects.filter(
        project=project, used_at=None, created_at__gt=now - LISTED
    ).annotate(stands=inviter_still_manages())
    light = rows.select_related("invited_by")[:MOST_INVITATIONS]
    return [UnusedInvitation.of(row, now) for row in light]
