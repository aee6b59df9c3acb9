"""Recording: what the answers of a slice taught, of the tasks and of their credential."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tasks.lanes import Finding
from tasks.models import ChangeCounter, Copy, Credential, StatusChange, Task, bulk
from tasks.money import ledger
from tasks.providers import ProviderError, Trouble
from tasks.status import ENDED

log = logging.getLogger(__name__)

HEALTH_SECONDS = 5.0  # how often it is written down how providers answered
#: These say something of one task, and that the credential works.
OF_THE_TASK = frozenset(
    {Trouble.NOT_FOUND, Trouble.WRONG_TASK, Trouble.MODEL_NOT_OPEN, Trouble.WRONG_HOST}
)


def record(findings: Sequence[Finding], now: datetime, every: dict[int, float | None]) -> int:
    """Write down what was learnt; the number of rows that changed.

    `every` is the wish of some credentials for seconds between checks.
    """
    news = {finding.pk: finding for finding in findings if not finding.is_old_news}
    if not news:
        return 0
    with transaction.atomic():
        tasks = list(Task.objects.filter(pk__in=news).select_for_update().order_by("pk"))
        number = ChangeCounter.objects.next()
        changes = []
        for task in tasks:
            task.change = number
            changes.append(_take_in(task, news[task.pk], now, every.get(task.credential_id)))
        heard = [task for task in tasks if news[task.pk].remote]
        bulk.write(heard, Task.HEARD_FIELDS)
        Copy.objects.follow(heard, now)
        bulk.write([t for t in tasks if not news[t.pk].remote], Task.ASKING_FIELDS)
        StatusChange.objects.bulk_create([change for change in changes if change])
        ledger.settle(task for task in tasks if task.status in ENDED)
    return len(tasks)


def _take_in(
    task: Task, finding: Finding, now: datetime, every: float | None
) -> StatusChange | None:
    if finding.remote:
        return task.hear(finding.remote, finding.digest, now, every=every)
    assert finding.error
    return task.miss(finding.error, now)


def note_health(credential: Credential, findings: Sequence[Finding], now: datetime) -> None:
    """What a slice's answers say of the credential.

    One good answer outweighs the bad ones beside it, except "too many requests"; it needs no rest
    even then, for the tasks that were refused come back later by themselves.
    """
    errors = [f.error for f in findings if f.error and f.error.trouble not in OF_THE_TASK]
    slow_down = [error for error in errors if error.trouble == Trouble.RATE_LIMITED]
    if slow_down or len(errors) == len(findings):
        if len(errors) < len(findings):
            credential.troubles_in_a_row = 0
        note_trouble(credential, (slow_down or errors)[-1], now)
    elif credential.trouble or _is_old(credential.heard_at, now):
        credential.hear(now)
        credential.write_health()


def _is_old(heard_at: datetime | None, now: datetime) -> bool:
    return heard_at is None or now - heard_at > timedelta(seconds=HEALTH_SECONDS)


def note_trouble(credential: Credential, error: ProviderError, now: datetime) -> None:
    if credential.trouble != error.trouble:
        log.warning("Credential %r: %s", credential.name, error)
    credential.miss(error, now)
    credential.write_health()
