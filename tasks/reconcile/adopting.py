"""Taking over what only the provider had, as its list described it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import groupby

from django.db import transaction

from tasks.models import ChangeCounter, Copy, Found, Project, StatusChange, Task
from tasks.models.reconciliation import FoundQuerySet
from tasks.money import ledger
from tasks.providers import Answer, ProviderError, RemoteTask

AT_ONCE = 2_000  # 1.2 s of processor time on SQLite

Tell = Callable[[list[Task]], object]


def adopt(chosen: FoundQuerySet, project: Project, now: datetime, *, tell: Tell) -> list[Task]:
    """Tasks of this project from now on, with status, links and tokens; the archive follows.

    Nobody here made them, so they have no person. Those that somebody has meanwhile begun to
    follow are left alone; beyond AT_ONCE those stay whose provider forgets them last. `tell` is
    called within the transaction, which begins only when all is read: nobody waits for that.
    """
    unknown = chosen.unknown(now).nearest_end_first().select_related("credential")
    rows = list(unknown[:AT_ONCE])
    adoptions = [_Adoption(row, remote, project, now) for row, remote in read(rows)]
    with transaction.atomic():
        adopted = _inserted(adoptions)
        tasks = [each.task for each in adopted]
        StatusChange.objects.bulk_create([each.change for each in adopted if each.change])
        Copy.objects.follow(tasks, now)
        ledger.settle(tasks)
        Found.objects.filter(pk__in=[row.pk for row in rows]).delete()
        if tasks:
            tell(tasks)
    return tasks


class _Adoption:
    """A new row that has heard its first answer."""

    def __init__(self, found: Found, remote: RemoteTask, project: Project, now: datetime) -> None:
        credential = found.credential
        self.task = Task(
            remote_id=found.remote_id,
            credential=credential,
            provider=credential.provider,
            base_url=found.base_url,
            project=project,
            created_at=now,
            asked_at=found.seen_at,
        )
        self.change = self.task.hear(remote, "", now, every=credential.check_seconds)


def _inserted(adoptions: list[_Adoption]) -> list[_Adoption]:
    """Those that are ours now, with their ids."""
    if not adoptions:
        return []
    number = ChangeCounter.objects.next()
    for each in adoptions:
        each.task.change = number
    Task.objects.bulk_create([each.task for each in adoptions], ignore_conflicts=True)
    made = Task.objects.filter(change=number).values_list("base_url", "remote_id", "pk")
    ids = {(base_url, remote_id): pk for base_url, remote_id, pk in made}
    adopted = [a for a in adoptions if (a.task.base_url, a.task.remote_id) in ids]
    for each in adopted:
        each.task.pk = ids[each.task.base_url, each.task.remote_id]
        if each.change:
            each.change.task = each.task
    return adopted


def read(rows: Iterable[Found]) -> Iterable[tuple[Found, RemoteTask]]:
    """What the list said of each, read again; of one account's rows all at once."""
    for _, same in groupby(sorted(rows, key=_account), key=_account):
        found = list(same)
        told = {remote.id: remote for remote in _listed(found)}
        yield from ((row, told[row.remote_id]) for row in found if row.remote_id in told)


def _account(row: Found) -> tuple[int, str]:
    return (row.credential_id, row.base_url)


def _listed(found: list[Found]) -> tuple[RemoteTask, ...]:
    dialect = found[0].credential.service.dialect
    body = f'{{"items": [{",".join(row.raw for row in found)}]}}'
    answer = Answer(status_code=200, headers={}, body=body.encode())
    try:
        return dialect.read_list(answer, base_url=found[0].base_url)
    except ProviderError:
        return ()
