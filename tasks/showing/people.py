"""The people of a project: what each may, when they were last here, what they have made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from tasks.models import Invitation, Membership, Project, Role, Task
from tasks.models.invitation import may_invite

MOST_INVITATIONS = 50
REMEMBERED = timedelta(days=90)  # how long an invitation that nobody used is listed


@dataclass(frozen=True, kw_only=True)
class Person:
    membership: Membership
    tasks: int = 0
    tokens: int = 0

    @property
    def seen_at(self) -> datetime | None:
        user = self.membership.user
        profile = getattr(user, "profile", None)  # made when something in it is first said
        return (profile and profile.seen_at) or user.last_login


def people_of(project: Project) -> list[Person]:
    """Managers first; two queries."""
    rows = Membership.objects.filter(project=project).select_related("user__profile")
    made = _made(project)
    found = [Person(membership=row, **made.get(row.user_id, {})) for row in rows]
    rank = list(Role)[::-1]
    return sorted(
        found, key=lambda each: (rank.index(Role(each.membership.role)), str(each.membership.user))
    )


def _made(project: Project) -> dict[int | None, dict[str, int]]:
    """Tasks and tokens by person, from an index that holds all of it."""
    tasks = Task.objects.filter(project=project).order_by().values_list("created_by")
    sums = tasks.annotate(tasks=Count("pk"), tokens=Sum("total_tokens"))
    return {who: {"tasks": number, "tokens": tokens or 0} for who, number, tokens in sums}


@dataclass(frozen=True)
class Invited:
    """One that nobody has used."""

    row: Invitation
    ended: str  # why it lets nobody in, "" while it does

    @classmethod
    def of(cls, row: Any, now: datetime) -> Invited:
        if row.withdrawn_at:
            return cls(row, _("withdrawn"))
        if row.ends_at <= now:
            return cls(row, _("ended"))
        return cls(row, "" if row.stands else _("ended with the rights of who invited"))


def invitations_of(project: Project, now: datetime) -> list[Invited]:
    rows = Invitation.objects.filter(
        project=project, used_at=None, created_at__gt=now - REMEMBERED
    ).annotate(stands=may_invite())
    light = rows.select_related("invited_by")[:MOST_INVITATIONS]
    return [Invited.of(row, now) for row in light]
