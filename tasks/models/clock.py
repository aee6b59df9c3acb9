"""What a clock that was set back leaves behind: times that will only come by and by."""

from __future__ import annotations

from datetime import datetime

from tasks.models.copy import Copy, CopyState
from tasks.models.credential import Credential
from tasks.models.engine import STEP_BACK
from tasks.models.task import Task


def was_set_back(last: datetime | None, now: datetime) -> bool:
    """Whether the earlier moment now lies ahead, by more than two machines may differ."""
    return last is not None and last > now + STEP_BACK


def come_due_again(now: datetime) -> None:
    """Ask, fetch and forgive at once what would otherwise wait until the old time comes again.

    One question too many for each does no harm; an hour without any would.
    """
    Task.objects.filter(check_after__gt=now, asked_at__gt=now).update(check_after=now, asked_at=now)
    Copy.objects.filter(state=CopyState.WAITING, due_at__gt=now).update(due_at=now)
    Credential.objects.filter(paused_until__gt=now, trouble_since__gt=now).update(paused_until=None)
