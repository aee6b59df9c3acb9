"""Seconds that the admin's list of tasks takes with a thousand tasks and with a million."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from benchmarks import accounts, many_tasks
from benchmarks.figures import Figure
from benchmarks.list_page import browser_of, other_database
from benchmarks.many_tasks import APART, CHINESE, COMMON_WORD, RARE_WORD, Owners
from benchmarks.visits import Statements, Visits
from tasks.models import Task
from tasks.web.lists.paging import ROWS

MOST_TIMES = 1.8
IN_TRASH = 60  # tasks, the oldest ones: more than a page


@dataclass(frozen=True)
class Size:
    few: int = 1_000
    many: int = 1_000_000
    looks: int = 20  # visits to each page


SMALL = Size(few=80, many=120, looks=1)


class Workshop:
    """One of the two databases, with so many tasks and a superuser who looks at them."""

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks
        self.owners = Owners.make()
        person = accounts.person("staff", is_staff=True, is_superuser=True)
        self.browser: Client = browser_of(person)
        self.found: dict[str, Visits] = {}
        many_tasks.fill(self.owners, 1, tasks)
        oldest = list(Task.objects.order_by("pk").values_list("pk", flat=True)[:IN_TRASH])
        Task.objects.filter(pk__in=oldest).update(deleted_at=timezone.now())

    def visit(self, watch: Statements, *, cold: bool) -> None:
        """Visit every page once."""
        for name, query in _pages(self.owners, self.tasks).items():
            visits = self.found.setdefault(name, Visits())
            url = f"/admin/tasks/task/?{query}"
            visits.visit(self.browser, url, watch, row=b'class="action-select"')
            if cold:
                visits.seconds.clear()


def measure(size: Size = Size()) -> Iterator[Figure]:
    # The two sizes take turns, so that a noisy minute is no disadvantage of one of them.
    watch = Statements()
    many = Workshop(size.many)
    with other_database() as swapped:
        with swapped():
            few = Workshop(size.few)
        gc.collect()
        gc.freeze()
        for turn in range(size.looks + 1):
            with swapped():
                few.visit(watch, cold=turn == 0)
            many.visit(watch, cold=turn == 0)
    for name in many.found:
        yield _figure(name, few, many)
    yield _statements(few, many, watch)


def _pages(owners: Owners, newest: int) -> dict[str, str]:
    """Query strings of the pages, by name."""
    deep = random.randint(newest // 5, newest * 4 // 5 + 1)
    day = timezone.localdate() - timedelta(seconds=APART * (newest - deep))
    month = day.replace(day=1)
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return {
        "first page": "",
        "a deep page": f"before={deep}",
        "status common": "status=failed",
        "status rare": "status=lost",
        "project common": f"project={owners.projects[0].pk}",
        "project rare": f"project={owners.projects[-1].pk}",
        "person common": f"person={owners.people[0].pk}",
        "person rare": f"person={owners.people[-1].pk}",
        "credential rare": f"credential={owners.credentials[-1].pk}",
        "model, by reading rows": "model=Seedance+2.0",
        "q common": f"q={COMMON_WORD}",
        "q rare": f"q={RARE_WORD}",
        "q Chinese": f"q={CHINESE}",
        "a month": f"since={month}&until={last}",
        "trash": "trash=1",
    }


def _figure(name: str, few: Workshop, many: Workshop) -> Figure:
    now, before = many.found[name], few.found[name]
    ratio = now.p95 / before.p95
    return Figure(
        name=f"admin, {name}, p95, {many.tasks:,} tasks ({now.rows} rows)",
        measured=str(now),
        baseline=f"{few.tasks:,} tasks, {before.rows} rows: {before}",
        ratio=ratio,
        goal=f"≤ {MOST_TIMES}",
        met=ratio <= MOST_TIMES,
    )


def _statements(few: Workshop, many: Workshop, watch: Statements) -> Figure:
    """The row of statements: each page needs as many at both sizes, and none counts all rows."""
    grown = [
        name
        for name, visits in many.found.items()
        if visits.rows == few.found[name].rows
        and visits.usual_statements != few.found[name].usual_statements
    ]
    for name in grown:
        print(name, many.found[name].numbers, few.found[name].numbers, file=sys.stderr)
    most = max(visits.usual_statements for visits in many.found.values())
    before = max(visits.usual_statements for visits in few.found.values())
    return Figure(
        name=f"admin, most SQL statements a page of {ROWS}; "
        f"{len(watch.boundless)} of them count without a bound",
        measured=f"{most}",
        baseline=f"with few tasks: {before}; {len(grown)} pages differ with as many rows",
        ratio=most / before,
        goal="the same",
        met=not grown and most <= before and not watch.boundless,
        exact=True,
    )
