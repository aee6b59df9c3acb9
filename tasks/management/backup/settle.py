"""The rows after a restore: nothing is called saved whose file is not here, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from tasks.management.backup.archive import Medium
from tasks.models import Copy, CopyState, CopyTrouble, Task
from tasks.models.copy import UNSAVED

AT_ONCE = 500  # rows in one transaction

MISSING = "It was saved, and missing from the storage when a backup was restored."


def call_missing(names: Sequence[str], now: datetime) -> tuple[int, int]:
    """Take "saved" from the copies of these files; how many are fetched again, and how many gone.

    Whose link still lives waits for the archive, as does one whose link's end nobody knows.
    """
    lives = Q(link_ends_at=None) | Q(link_ends_at__gt=now)
    again = gone = 0
    for some in _portions(names):
        saved = Copy.objects.filter(state=CopyState.SAVED, name__in=some)
        _leave(saved.filter(deleted_at__isnull=False), now, state=CopyState.DELETED, due_at=None)
        again += _leave(saved.filter(lives), now, state=CopyState.WAITING, due_at=now)
        gone += _leave(saved.exclude(lives), now, state=CopyState.GONE, due_at=None)
    return again, gone


def _leave(copies: QuerySet[Copy], now: datetime, **fields: object) -> int:
    """Name and hash stay, so that the file is known again when somebody brings it."""
    with transaction.atomic():
        _tell(copies)
        return copies.update(
            saved_at=None,
            tries=0,
            bytes_done=0,
            bytes_total=None,
            etag="",
            trouble=CopyTrouble.MISSING,
            trouble_message=MISSING,
            **fields,
        )


def call_saved(media: Sequence[Medium], now: datetime) -> int:
    """Give "saved" back to the copies of these files, which are here again; how many."""
    lost = Copy.objects.exclude(state=CopyState.SAVED).exclude(sha256="")
    known = set(lost.values_list("name", "sha256"))
    back = (medium for medium in media if (medium.name, medium.sha256) in known)
    return sum(_come_back(medium, now) for medium in back)


def _come_back(medium: Medium, now: datetime) -> int:
    states = [*UNSAVED, CopyState.GONE]
    with transaction.atomic():
        lost = Copy.objects.filter(name=medium.name, sha256=medium.sha256, state__in=states)
        _tell(lost)
        return lost.update(
            state=CopyState.SAVED,
            saved_at=now,
            due_at=None,
            trouble="",
            trouble_message="",
            bytes_done=medium.size,
            bytes_total=medium.size,
        )


def _tell(copies: QuerySet[Copy]) -> None:
    """Tasks are locked before copies, as everywhere; open pages hear of it."""
    Task.objects.filter(pk__in=list(copies.values_list("task_id", flat=True))).tell_of_change()


def _portions(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
