"""django-q2's entry points."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from tasks import cancelling, probe, refresh, sealing, sending, submit, trash
from tasks.models import Reconciliation, Submission, SubmissionState

log = logging.getLogger(__name__)

SWEEP = "tasks.jobs.sweep"
SWEEP_SECONDS = 15.0
SEND = "tasks.jobs.send"
SEND_SECONDS = 10.0
OPEN = (SubmissionState.WAITING, SubmissionState.SENDING)
PURGE = "tasks.jobs.purge"
PURGE_SECONDS = 20.0


def sweep() -> None:
    """Refresh for a while, then ask for the next sweep. A second one at a time ends at once."""
    with discreet():
        if Submission.objects.filter(state__in=OPEN).exists():
            async_task(SEND)
        if refresh.sweep(SWEEP_SECONDS) is not None:
            async_task(SWEEP)


def send() -> None:
    """Send each create that waits, once. However often this runs, none is sent twice."""
    with discreet():
        submit.settle(timezone.now())
        sending.send_waiting(SEND_SECONDS)
        if Submission.objects.waiting().exists():
            async_task(SEND)


def test_credential(pk: int) -> None:
    """Ask the provider whether this credential works; the page that wants to know looks again."""
    with discreet():
        probe.run(pk)


def cancel(pk: int) -> None:
    """Have the provider cancel one task, if it still can be."""
    with discreet():
        cancelling.cancel(pk, timezone.now())


def purge() -> None:
    """Remove what is past its time in the trash for a while, then ask for more of it.

    A second one at a time does no harm: what is not there any more is no trouble.
    """
    with discreet():
        if trash.purge(PURGE_SECONDS):
            async_task(PURGE)


def reconcile() -> None:
    """Have each account's list compared with ours daily; the sweeps ask, page by page."""
    with discreet():
        Reconciliation.objects.ask_daily(timezone.now())


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
