"""Adoption: tasks that only the provider had become tasks of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef

from tasks.billing import ledger
from tasks.models import (
    Candidate,
    ChangeCounter,
    Copy,
    Project,
    StatusChange,
    Task,
    UntrackedTask,
)
from tasks.models.reconciliation import UntrackedTaskQuerySet
from tasks.providers import Answer, ProviderError, RemoteTask

AT_ONCE = 2_000  # 1.2 s of processor time on SQLite


def adopt(
    chosen: UntrackedTaskQuerySet,
    project: Project,
    now: datetime,
    *,
    on_adopted: Callable[[list[Task]], object],
) -> list[Task]:
    """Make tasks of the project, with status, links and tokens as listed; the archive follows.

    They have no person, for nobody here made them. Tasks that somebody has begun to track in the
    meantime are left alone. Beyond AT_ONCE, those stay whose provider forgets them last.
    What may be the create of another project, whose answer was lost, is left to that project.
    `on_adopted` is called within the transaction, which begins only after all rows are read, so
    that nobody waits for the reading.
    """
    free = chosen.unknown(now).exclude(sought_elsewhere(project))
    unknown = free.nearest_end_first().select_related("credential")
    rows = list(unknown[:AT_ONCE])
    adoptions = [_Adoption(row, remote, project, now) for row, remote in read_again(rows)]
    with transaction.atomic():
        adopted = _insert(adoptions)
        tasks = [each.task for each in adopted]
        StatusChange.objects.bulk_create([each.change for each in adopted if each.change])
        Copy.objects.follow(tasks, now)
        ledger.settle(tasks)
        UntrackedTask.objects.filter(pk__in=[row.pk for row in rows]).delete()
        if tasks:
            on_adopted(tasks)
    return tasks


def sought_elsewhere(project: Project) -> Exists:
    """Condition: another project's create without an answer may have made the untracked task."""
    same = Candidate.objects.filter(base_url=OuterRef("base_url"), remote_id=OuterRef("remote_id"))
    return Exists(same.exclude(lookup__submission__task__project=project))


class _Adoption:
    """A new task to which the first answer has been applied."""

    def __init__(
        self, untracked: UntrackedTask, remote: RemoteTask, project: Project, now: datetime
    ) -> None:
        credential = untracked.credential
        self.task = Task(
            remote_id=untracked.remote_id,
            credential=credential,
            provider=credential.provider,
            base_url=untracked.base_url,
            project=project,
            created_at=now,
            asked_at=untracked.seen_at,
        )
        self.change = self.task.apply_answer(remote, "", now, every=credential.check_seconds)


def _insert(adoptions: list[_Adoption]) -> list[_Adoption]:
    """Insert the tasks, and return the adoptions that took place, with their primary keys.

    A task that another request has inserted in the meantime is left out.
    """
    if not adoptions:
        return []
    number = ChangeCounter.objects.next()
    for each in adoptions:
        each.task.change = number
    Task.objects.bulk_create([each.task for each in adoptions], ignore_conflicts=True)
    inserted = Task.objects.filter(change=number).values_list("base_url", "remote_id", "pk")
    ids = {(base_url, remote_id): pk for base_url, remote_id, pk in inserted}
    adopted = [a for a in adoptions if (a.task.base_url, a.task.remote_id) in ids]
    for each in adopted:
        each.task.pk = ids[each.task.base_url, each.task.remote_id]
        if each.change:
            each.change.task = each.task
    return adopted


def read_again(rows: Iterable[UntrackedTask]) -> Iterator[tuple[UntrackedTask, RemoteTask]]:
    """Parse again what the list said of each row, one account's rows at once.

    A row that cannot be read any more is left out.
    """
    for _, group in groupby(sorted(rows, key=_account), key=_account):
        same = list(group)
        remotes = {remote.id: remote for remote in _parse_list(same)}
        yield from ((row, remotes[row.remote_id]) for row in same if row.remote_id in remotes)


def _account(row: UntrackedTask) -> tuple[int, str]:
    return (row.credential_id, row.base_url)


def _parse_list(rows: list[UntrackedTask]) -> tuple[RemoteTask, ...]:
    body = f'{{"items": [{",".join(row.raw for row in rows)}]}}'
    answer = Answer(status_code=200, headers={}, body=body.encode())
    try:
        return rows[0].credential.service.dialect.read_list(answer, base_url=rows[0].base_url)
    except ProviderError:
        return ()
