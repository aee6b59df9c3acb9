"""Ark's DELETE: it cancels what waits, and lets an ended task vanish from the API alone."""

from __future__ import annotations

import time
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from tasks import queue
from tasks.clients.ark_answers import status_of
from tasks.models import (
    ApiDeletion,
    AuditAction,
    Cancellation,
    CancelOutcome,
    Submission,
    Task,
)
from tasks.models.cancellation import OPEN
from tasks.providers.dialects.ark_errors import RefusalError
from tasks.providers.status import Status
from tasks.submission.place import withdraw
from tasks.team import audit

#: Seconds for which an answer waits for the provider's, which a job asks for.
PATIENCE = 5.0
PAUSE = 0.1
ENDED = ("succeeded", "failed", "expired")


def delete(request: HttpRequest, task: Task) -> Task:
    """Cancel a task, or hide it from the API if it has ended; return its row.

    Waits a little for a create that is being sent: its task has no id yet to cancel it by.
    Raises RefusalError.
    """
    if not may_cancel(request, task):
        raise RefusalError(403, "AccessDenied", "This API token may not cancel this task.")
    if status_of(task) == "queued":
        if _withdraw(request, task):
            return task
        task = _sent(task)
    status = status_of(task)
    if status in ENDED:
        _hide(task)
    elif status == "running":
        raise _running()
    elif status == "cancelled":
        raise _impossible()
    else:
        _tell(_outcome(_ask(request, task)))
    return task


def remove(request: HttpRequest, task: Task) -> None:
    """Cancel what waits, and let the task vanish from the API in any case. Raises RefusalError."""
    if status_of(task) != "cancelled" or not may_cancel(request, task):
        task = delete(request, task)
    _hide(task)


def may_cancel(request: HttpRequest, task: Task) -> bool:
    """Whether the person behind a request may cancel a task."""
    return Task.objects.cancellable_by(request.user).filter(pk=task.pk).exists()


def _hide(task: Task) -> None:
    ApiDeletion.objects.get_or_create(task=task, defaults={"deleted_at": timezone.now()})


def _withdraw(request: HttpRequest, task: Task) -> bool:
    """End a create that was not sent yet; whether it was so."""
    with transaction.atomic():
        is_withdrawn = withdraw(task, timezone.now())
        if is_withdrawn:
            audit.note(request, AuditAction.CANCELLED, task, project=task.project_id)
        return is_withdrawn


def _sent(task: Task) -> Task:
    """Wait a little while a create is being sent; return its task, which may be one known before.

    Raises RefusalError if that takes longer.
    """
    end = time.monotonic() + PATIENCE
    while task.status == Status.SUBMITTING:
        if time.monotonic() >= end:
            raise _on_its_way()
        time.sleep(PAUSE)
        task = Submission.objects.select_related("task").get(pk=task.submission.pk).task
    return task


def _ask(request: HttpRequest, task: Task) -> Cancellation:
    """Have a job ask the provider, unless one does already. Raises RefusalError."""
    with transaction.atomic():
        cancellation = Cancellation.objects.ask_for(task, request.user, timezone.now())
        if cancellation is None:  # one is open, or the provider cannot cancel
            open_one = Cancellation.objects.filter(task=task, outcome__in=OPEN).first()
            if open_one is None:
                raise _impossible()
            return open_one
        audit.note(request, AuditAction.CANCELLED, task, project=task.project_id)
        pk = cancellation.pk
        transaction.on_commit(lambda: queue.cancel(pk))
        return cancellation


def _outcome(cancellation: Cancellation) -> Any:
    """Wait a little for the outcome; one that is still open is returned as such."""
    end = time.monotonic() + PATIENCE
    while True:
        outcome = Cancellation.objects.values_list("outcome", flat=True).get(pk=cancellation.pk)
        if outcome not in OPEN or time.monotonic() >= end:
            return outcome
        time.sleep(PAUSE)


def _tell(outcome: Any) -> None:
    """Raise what an outcome means to the client; one that is still open was taken on."""
    if outcome == CancelOutcome.RUNNING:
        raise _running()
    if outcome in (CancelOutcome.TOO_LATE, CancelOutcome.REFUSED):
        raise _impossible()
    if outcome == CancelOutcome.UNKNOWN:
        raise RefusalError(503, "ServerOverloaded", "The provider did not answer. Ask again.")


def _running() -> RefusalError:
    text = "Cannot delete the task because it is currently running."
    return RefusalError(409, "InvalidAction.RunningTaskDeletion", text)


def _on_its_way() -> RefusalError:
    """Refuse while a create is being sent; official SDKs ask again on a 503."""
    return RefusalError(503, "ServerOverloaded", "The task is being created. Ask again.")


def _impossible() -> RefusalError:
    return RefusalError(403, "OperationDenied.InvalidState")
