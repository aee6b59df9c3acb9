"""The jobs that django-q2 runs. Their dotted names stand in its rows: keep them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from django_q.tasks import async_task

from tasks import encryption, queue
from tasks.archive.purge import purge as purge_trash
from tasks.clients import calls
from tasks.models import ApiCallback, Bill, Credential, Reconciliation, Submission
from tasks.monitoring import retention
from tasks.submission.cancel import attempt_cancel, recover_cancellations
from tasks.submission.place import mark_interrupted
from tasks.submission.sender import send_alone
from tasks.team.signin import letters
from tasks.tracking import connection_test, model_lists, refresh
from tasks.tracking.bills import comparing

log = logging.getLogger(__name__)

SWEEP = "tasks.jobs.sweep"
SWEEP_SECONDS = 15.0
SHORT_SWEEP_SECONDS = 5.0
SEND = "tasks.jobs.send"
SEND_SECONDS = 10.0
CALL_CLIENTS = "tasks.jobs.call_clients"
LIST_MODELS = "tasks.jobs.list_models"
CANCEL = "tasks.jobs.cancel"
PURGE = "tasks.jobs.purge"
PURGE_SECONDS = 20.0
TIDY = "tasks.jobs.tidy"
TIDY_SECONDS = 20.0
COMPARE_BILL = "tasks.jobs.compare_bill"
COMPARE_SECONDS = 20.0


def sweep() -> None:
    """Refresh for a while, then queue the next sweep. A second sweep at a time ends at once.

    First it queues jobs again for creates, cancellations and bills that may have lost theirs.
    """
    with redacted():
        if Submission.objects.unfinished(timezone.now()):
            queue.send()
        if ApiCallback.objects.due(timezone.now()).exists():
            queue.call_clients()
        for pk in recover_cancellations(timezone.now()):
            async_task(CANCEL, pk)
        for pk in Bill.objects.abandoned(timezone.now()):
            async_task(COMPARE_BILL, pk)
        if refresh.sweep(SWEEP_SECONDS) is not None:
            async_task(SWEEP)


def send(longest: float = 0.0) -> None:
    """Send each waiting create once; none is sent twice, however often this runs.

    A second sender at a time ends at once. `longest` is the number of seconds, if more than
    SEND_SECONDS, in which it starts creates while sweeps go on beside it.
    """
    with working():
        mark_interrupted(timezone.now())
        sent = send_alone(SEND_SECONDS, longest)
        if sent is not None and Submission.objects.waiting(timezone.now()).exists():
            queue.send()


def call_clients() -> None:
    """Tell clients who gave an address what changed; queue another job if there is more."""
    with working():
        calls.call_due(timezone.now())
        if ApiCallback.objects.due(timezone.now()).exists():
            queue.call_clients()


def test_credential(pk: int) -> None:
    """Ask the provider whether a credential works; the page polls for the result."""
    with working():
        connection_test.run(pk)


def list_models(pk: int) -> None:
    """Ask a credential's provider for its models; the page polls for the list."""
    with working():
        model_lists.ask(pk)


def models() -> None:
    """Ask for the models of each credential that was not asked for a day."""
    with working():
        now = timezone.now()
        for credential in Credential.objects.due_for_models(now):
            credential.ask_for_models(now)
            async_task(LIST_MODELS, credential.pk)


def cancel(pk: int) -> None:
    """Make the attempt to cancel one task."""
    with working():
        attempt_cancel(pk, timezone.now())


def purge() -> None:
    """Purge the trash for a while, then queue another purge if there is more.

    A second purge at a time does no harm: something already removed is no error.
    """
    with working():
        if purge_trash(PURGE_SECONDS):
            async_task(PURGE)


def tidy() -> None:
    """Remove what is not kept for ever for a while, then queue another round if there is more."""
    with working():
        if retention.tidy(timezone.now(), TIDY_SECONDS):
            async_task(TIDY)


def compare_bill(pk: int) -> None:
    """Read and compare one bill for a while, then queue the rest; the page polls for the result."""
    with working():
        if comparing.work(pk, COMPARE_SECONDS):
            async_task(COMPARE_BILL, pk)


def reconcile() -> None:
    """Ask for the daily comparison of each credential; the sweeps make it, page by page."""
    with working():
        Reconciliation.objects.ask_daily(timezone.now())


def send_reset_letters(email: str, language: str) -> None:
    """Send links to reset a password; the row of the job holds the typed e-mail and no link."""
    with working():
        letters.send_reset_letters(email, language)


@contextmanager
def working() -> Iterator[None]:
    """Censor what a job raises, and sweep after it for a moment where no sweep was heard.

    Otherwise jobs that wait in the queue before the sweep, each for a slow provider, would keep it
    waiting for minutes: ten cancels may last half a minute each.
    """
    with redacted():
        yield
        if refresh.is_silent(timezone.now()):
            refresh.sweep(SHORT_SWEEP_SECONDS)


@contextmanager
def redacted() -> Iterator[None]:
    """Censor what a job raises, because django-q2 keeps it in its tables."""
    try:
        yield
    except Exception as error:
        log.exception("A job failed.")
        raise RuntimeError(encryption.censor(f"{type(error).__name__}: {error}")) from None


def ensure_sweep() -> bool:
    """Queue a sweep unless one is waiting; whether it was queued."""
    return queue.once(SWEEP)
