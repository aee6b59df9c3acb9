"""Saved files that are missing or changed: no longer called saved, and fetched again if possible.

What is in the storage under the name of a changed file stays there, until a whole file takes its
place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from tasks.archive.retry_policy import RECORD_LIFE
from tasks.models import Copy, CopyState, CopyTrouble, Damage, Lease, Task, bulk
from tasks.models.copy import UNSAVED
from tasks.models.copy_links import current

#: The lease whose heartbeat is the time when damage was last noticed. By it a page's header knows
#: without a question of its own that there is nothing to tell.
NOTICED = "damage"
_FIELDS = (
    *("state", "due_at", "saved_at", "checked_at", "damage", "damaged_at"),
    *("trouble", "trouble_message", "tries", "bytes_done", "bytes_total", "etag"),
)


class Loss(NamedTuple):
    """The damage of a file, and how it showed."""

    damage: Damage
    said: str = ""  # in English, for the admin and the log


def record(losses: Mapping[int, Loss], now: datetime) -> Counter[str]:
    """Take "saved" from these copies; count the states they have now.

    A file that may still be had waits for the archive; the others are gone. A file in the trash is
    deleted, for nobody wants it fetched.
    """
    with transaction.atomic():
        # Tasks are locked before copies, as everywhere; open pages hear of it.
        Task.objects.filter(copies__in=list(losses)).mark_changed()
        copies = list(Copy.objects.saved().filter(pk__in=losses).select_related("task"))
        for copy in copies:
            _lose(copy, losses[copy.pk], now)
        bulk.write(copies, _FIELDS)
        if copies:
            defaults = {"until": now, "beat_at": now}
            Lease.objects.update_or_create(name=NOTICED, defaults=defaults)
    return Counter(str(copy.state) for copy in copies)


def _lose(copy: Copy, loss: Loss, now: datetime) -> None:
    copy.state, copy.due_at = _state_after(copy, now)
    copy.saved_at, copy.checked_at = None, now
    copy.damage, copy.damaged_at = loss.damage, now
    copy.trouble = CopyTrouble.CHANGED if loss.damage == Damage.CHANGED else CopyTrouble.MISSING
    copy.trouble_message = loss.said[:500]
    copy.tries, copy.bytes_done, copy.bytes_total, copy.etag = 0, 0, None, ""


def _state_after(copy: Copy, now: datetime) -> tuple[CopyState, datetime | None]:
    if copy.is_deleted:
        return CopyState.DELETED, None
    return (CopyState.WAITING, now) if may_be_had(copy, now) else (CopyState.GONE, None)


def may_be_had(copy: Copy, now: datetime) -> bool:
    """Whether one of its links lives, as far as anybody knows, or the provider may have another."""
    ends = [link.ends_at for link in current(copy.every_link) if link.url]
    if any(end is None or end > now for end in ends):
        return True
    return bool(ends) and now < copy.task.born_at + RECORD_LIFE


def record_found(copies: Collection[int], now: datetime) -> int:
    """Call lost copies saved whose files are here again, byte for byte; return their number."""
    back = Copy.objects.filter(pk__in=copies, state__in=[*UNSAVED, CopyState.GONE])
    with transaction.atomic():
        Task.objects.filter(copies__in=list(back.values_list("pk", flat=True))).mark_changed()
        return back.update(
            state=CopyState.SAVED,
            saved_at=now,
            checked_at=now,
            due_at=None,
            damage=None,
            damaged_at=None,
            trouble="",
            trouble_message="",
            bytes_done=F("size"),
            bytes_total=F("size"),
        )
