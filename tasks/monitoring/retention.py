"""Retention: expired sessions, failed jobs, raw answers, files of bills and exports go in time.

It goes once a day, few rows in a transaction, so that nobody else who writes waits noticeably.
Costs, status changes and the audit always stay.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django_q.models import Task as Job

from tasks.models import Bill, Copy, Export, Task, export
from tasks.models.bill import FILE_KEPT
from tasks.models.copy import UNSAVED

AT_ONCE = 50  # rows in a transaction: 0.2 ms of SQLite's lock for sessions, 0.6 for answers of 3 kB
PAUSE = 0.02  # seconds after each, in which others may write
DAY = timedelta(days=1)


def tidy(now: datetime, seconds: float) -> bool:
    """Tidy up for so many seconds; return whether there is more to do."""
    stop = time.monotonic() + seconds
    for step in (_sessions, _session_notes, _failures, _answers, _bill_files, _exports):
        while step(now):
            if time.monotonic() > stop:
                return True
            time.sleep(PAUSE)
    return False


def rules() -> dict[str, str]:
    """Return what is kept for how long, for people."""
    return {
        "expired sessions": "a day at most",
        "failed jobs": _days(settings.KEEP_FAILURES),
        "raw answers of ended tasks": _days(settings.KEEP_ANSWERS),
        "files of bills": _days(FILE_KEPT.days),
        "exported files": _days(export.KEPT.days),
    }


def _days(number: int) -> str:
    return f"{number} days" if number else "for ever"


def _delete(rows: QuerySet[Any]) -> int:
    """Delete the first of these rows; return their number."""
    chosen = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    rows.model._base_manager.filter(pk__in=chosen).delete()
    return len(chosen)


def _sessions(now: datetime) -> int:
    return _delete(Session.objects.filter(expire_date__lt=now))


def _session_notes(now: datetime) -> int:
    """Delete what is shown of sessions that are no more; one is noted before it is written."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    return _delete(UserSession.objects.filter(~Exists(alive), created_at__lt=now - DAY))


def _failures(now: datetime) -> int:
    if not settings.KEEP_FAILURES:
        return 0
    return _delete(Job.objects.filter(stopped__lt=now - DAY * settings.KEEP_FAILURES))


def _answers(now: datetime) -> int:
    """Empty raw answers of tasks that ended long ago and of which nothing is asked any more.

    An emptied answer has no digest either: of most rows nothing longer has to be looked at.
    """
    if not settings.KEEP_ANSWERS:
        return 0
    ended = Task.objects.filter(ended_at__lt=now - DAY * settings.KEEP_ANSWERS, check_after=None)
    waits = Copy.objects.filter(task=OuterRef("pk"), state__in=UNSAVED)
    old = ended.exclude(answer_digest="", raw="").filter(~Exists(waits))
    chosen = list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    Task.objects.filter(pk__in=chosen).update(raw="", answer_digest="")
    return len(chosen)


def _bill_files(now: datetime) -> int:
    """Empty the files of bills that were read long ago; their rows stay."""
    chosen = list(Bill.objects.with_old_files(now).values_list("pk", flat=True)[:AT_ONCE])
    Bill.objects.filter(pk__in=chosen).update(content=b"", has_file=False)
    return len(chosen)


def _exports(now: datetime) -> int:
    """Remove exports with their files; a file that the storage keeps is tried the next day."""
    return Export.objects.purge(now, AT_ONCE)
