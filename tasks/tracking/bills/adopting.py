"""Adoption of what only a bill has: as untracked tasks are, or tracked by their ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tasks.models import Bill, BillRow, Project, Task, UntrackedTask, Verdict
from tasks.providers.dialects.task_ids import TaskIdIssue
from tasks.tracking.reconcile.adopting import adopt

AT_ONCE = 500


@dataclass(frozen=True)
class Adoption:
    """The tasks that were adopted, and how many ids do not look like this provider's."""

    tasks: list[Task]
    malformed: int


def adopt_rows(
    bill: Bill,
    rows: QuerySet[BillRow],
    project: Project,
    now: datetime,
    *,
    on_adopted: Callable[[list[Task]], object],
) -> Adoption:
    """Make tasks of the project out of rows that only the bill has, AT_ONCE at a time.

    Those in the provider's list are adopted with what it said of them. The others are tracked by
    their ids, and the sweep asks about them. `on_adopted` is called within each transaction.
    """
    wanted = rows.filter(bill=bill, verdict=Verdict.ONLY_THERE).order_by("pk")
    ids = list(dict.fromkeys(wanted.values_list("remote_id", flat=True)[:AT_ONCE]))
    listed = UntrackedTask.objects.of(bill.credential).filter(remote_id__in=ids)
    in_list = set(listed.values_list("remote_id", flat=True))
    adopted = adopt(listed, project, now, on_adopted=on_adopted)
    issue_of = bill.credential.service.dialect.id_issue
    others = [each for each in ids if each not in in_list]
    well_formed = [each for each in others if issue_of(each) != TaskIdIssue.MALFORMED]
    with transaction.atomic():
        tracked = Task.objects.track(
            well_formed, credential=bill.credential, project=project, created_by=None, now=now
        )
        if tracked:
            on_adopted(tracked)
    return Adoption([*adopted, *tracked], malformed=len(others) - len(well_formed))
