"""django-q2's entry points."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from tasks import refresh, sealing

log = logging.getLogger(__name__)

SWEEP = "tasks.jobs.sweep"
SWEEP_SECONDS = 15.0


def sweep() -> None:
    """Refresh for a while, then ask for the next sweep. A second one at a time ends at once."""
    with discreet():
        if refresh.sweep(SWEEP_SECONDS) is not None:
            async_task(SWEEP)


@contextmanager
def discreet() -> Iterator[None]:
    """django-q2 keeps what a job raises in its tables: it gets the words without any key."""
    try:
        yield
    except Exception as error:
        log.exception("A job failed.")
        said = sealing.censor(f"{type(error).__name__}: {error}")
        raise RuntimeError(said) from None


def ensure_sweep() -> bool:
    """Queue a sweep unless one waits there already; whether it did."""
    if sweep_is_queued():
        return False
    async_task(SWEEP)
    return True


def sweep_is_queued() -> bool:
    """Waiting to be taken: a job that a worker holds, or died with, is locked and not counted."""
    waiting = OrmQ.objects.filter(lock__lte=timezone.now())
    return any(row.task.get("func") == SWEEP for row in waiting)
