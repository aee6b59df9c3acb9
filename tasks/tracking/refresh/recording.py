"""Recording of a slice's answers, on the tasks and on their credential.

An error, a 429 for example, is handled in three places. `CredentialPoller._fail_all` decides
whether the rest of the queue is dropped, `note_health` below whether the error says something of
the credential, and `Credential.record_error` how long the credential pauses. The task itself is
put off by `schedule.next_check_after_trouble`, as after any other error.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tasks import queue
from tasks.billing import ledger
from tasks.models import ApiCallback, ChangeCounter, Copy, Credential, StatusChange, Task, bulk
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import ENDED, Status
from tasks.tracking.poller import PollResult

log = logging.getLogger(__name__)

HEALTH_SECONDS = 5.0  # between two writes of how providers answered
#: Errors that say something of one task, and that the credential works.
OF_THE_TASK = frozenset(
    {Trouble.NOT_FOUND, Trouble.WRONG_TASK, Trouble.MODEL_NOT_OPEN, Trouble.WRONG_HOST}
)


def record(
    results: Sequence[PollResult], now: datetime, intervals: Mapping[int, float | None]
) -> int:
    """Record results on their tasks; return the number of rows that changed.

    `intervals` maps credentials to their own seconds between checks, None for the usual schedule.
    """
    changed = {result.pk: result for result in results if not result.is_unchanged}
    if not changed:
        return 0
    with transaction.atomic():
        # An answer about what has moved to another project in the meantime is not for this row.
        asked = Task.objects.filter(pk__in=changed).exclude(status=Status.FOREIGN)
        tasks = list(asked.select_for_update().order_by("pk"))
        number = ChangeCounter.objects.next()
        changes: list[StatusChange | None] = []
        had_ended = {task.pk for task in tasks if task.status in ENDED}
        for task in tasks:
            task.change, result = number, changed[task.pk]
            if result.remote:
                every = intervals.get(task.credential_id)
                changes.append(task.apply_answer(result.remote, result.digest, now, every=every))
            else:
                assert result.error
                changes.append(task.record_error(result.error, now))
        answered = [task for task in tasks if changed[task.pk].remote]
        bulk.write(answered, Task.ANSWER_FIELDS)
        Copy.objects.follow(answered, now)
        bulk.write([t for t in tasks if not changed[t.pk].remote], Task.CHECK_FIELDS)
        found = [change for change in changes if change]
        StatusChange.objects.bulk_create(found)
        if ApiCallback.objects.note([change.task_id for change in found], now):
            transaction.on_commit(queue.call_clients)
        # One that was lost may have been found again.
        ledger.settle(task for task in tasks if task.status in ENDED or task.pk in had_ended)
    return len(tasks)


def note_health(credential: Credential, results: Sequence[PollResult], now: datetime) -> None:
    """Note on the credential what a slice's results say of it.

    One good answer outweighs the errors beside it, except "too many requests". Even then the
    credential does not pause: the tasks that were refused come due later by themselves.
    """
    errors = [r.error for r in results if r.error and r.error.trouble not in OF_THE_TASK]
    slow_down = [error for error in errors if error.trouble == Trouble.RATE_LIMITED]
    if slow_down or len(errors) == len(results):
        if len(errors) < len(results):
            credential.troubles_in_a_row = 0
        note_trouble(credential, (slow_down or errors)[-1], now)
        return
    if credential.is_paused(now):
        return  # it was on its way, and does not end what the provider has asked for
    last = credential.heard_at
    if credential.trouble or last is None or now - last > timedelta(seconds=HEALTH_SECONDS):
        credential.record_answer(now)
        credential.write_health()


def note_trouble(credential: Credential, error: ProviderError, now: datetime) -> None:
    if credential.trouble != error.trouble:
        log.warning("Credential %r: %s", credential.name, error)
    credential.record_error(error, now)
    credential.write_health()
