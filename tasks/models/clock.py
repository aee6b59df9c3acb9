"""Repairs after the clock was set back, which leaves due times too far in the future."""

from __future__ import annotations

from datetime import datetime

from tasks.models.copy import Copy, CopyState
from tasks.models.credential import Credential
from tasks.models.leases import STEP_BACK
from tasks.models.task import Task


def was_set_back(last: datetime | None, now: datetime) -> bool:
    """Whether an earlier moment lies further ahead than the clocks of two machines may differ."""
    return last is not None and last > now + STEP_BACK


def come_due_again(now: datetime) -> None:
    """Make checks, downloads and paused credentials due that would wait until the old time.

    One check too many does no harm; an hour without any would.
    """
    Task.objects.filter(check_after__gt=now, asked_at__gt=now).update(check_after=now, asked_at=now)
    Copy.objects.filter(state=CopyState.WAITING, due_at__gt=now).update(due_at=now)
    Credential.objects.filter(paused_until__gt=now).update(paused_until=now)
