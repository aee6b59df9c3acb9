"""Milliseconds that costs of a month and a year take, and what their sums cost a settle."""

from __future__ import annotations

import gc
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from benchmarks.figures import Figure, p95
from benchmarks.many_tasks import Owners
from tasks.billing import cost_sums, costs
from tasks.models import Charge, CostSum, Submission, SubmissionState, Task
from tasks.providers import RemoteTask
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.status import Status
from tasks.submission.place import mark_created, place_batch
from tasks.tracking.poller import PollResult
from tasks.tracking.refresh.recording import record
from tasks.web.costs.cost_filters import CostFilters
from tasks.web.costs.cost_periods import Period
from tasks.web.costs.cost_series import CostSeries
from tasks.web.costs.cost_table import CostTable
from tasks.web.costs.costs import CostPage

YEAR, MONTH = 365, 30
GOALS = {"month": 0.2, "year": 0.5}  # seconds
MOST_OF_A_SETTLE = 1.10
MODEL = "doubao-seedance-2-0-260128"


@dataclass(frozen=True)
class Size:
    charges: int = 1_000_000
    looks: int = 5
    pairs: int = 1  # every n-th pair of things is asked for
    turns: int = 14
    settles: int = 60  # a turn


SMALL = Size(charges=300, looks=1, pairs=40, turns=2, settles=3)

# A person works on one or two things a day, and presses for three takes at a time. Numbers that
# only look random come from the row's own number: both databases get the same rows.
FILL = """
WITH RECURSIVE numbers(n) AS (
    SELECT CAST(0 AS bigint) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {charges}
), rows AS (
    SELECT n, (n * 7919 + n / 13 * 104729) % 100003 AS k, n * {days} / {charges} AS d,
        (n / 60) % {people} AS who FROM numbers
)
INSERT INTO tasks_charge (project_id, credential_id, person, day, state, tokens, seconds, model,
    tier, is_flex, currency, micros, provider, batch, mode, resolution, outcome, is_counted,
    made_seconds, error_code)
SELECT {projects}, {credentials}, who + 1, {day},
    CASE WHEN k % 20 < 18 THEN 'billed' ELSE 'free' END, 100000 + k, 5,
    CASE (who + (k % 9) / 8) % 4 WHEN 0 THEN 'seedance-2-0-260128'
        WHEN 1 THEN 'seedance-1-5-pro-251215' WHEN 2 THEN 'seedance-1-0-pro-250528'
        ELSE 'seedance-2-0-fast-260128' END,
    '720p', {no}, CASE WHEN k % 20 >= 18 OR k % 50 = 0 THEN '' WHEN who % 4 = 3 THEN 'USD'
        ELSE 'CNY' END,
    CASE WHEN k % 20 >= 18 OR k % 50 = 0 THEN 0 ELSE 4000000 + k END,
    'volcengine', n / 3 + 1, CASE (who + d) % 3 WHEN 0 THEN 'text' ELSE 'first_frame' END,
    CASE WHEN k % 7 = 0 THEN '1080p' ELSE '720p' END,
    CASE k % 20 WHEN 19 THEN 'failed' WHEN 18 THEN 'cancelled' ELSE 'succeeded' END,
    {yes}, 5, '' FROM rows"""


def measure(size: Size = Size()) -> Iterator[Figure]:
    owners = Owners.make()
    last = timezone.localdate()
    fill(owners, size, last - timedelta(days=YEAR - 1))
    gc.collect()
    for name, days in (("month", MONTH), ("year", YEAR)):
        period = Period.between(last - timedelta(days=days - 1), last)
        yield _questions(name, period, size, last)
    yield _settles(owners, size)


def fill(owners: Owners, size: Size, first: date) -> None:
    is_sqlite = connection.vendor == "sqlite"
    day = "date('{0}', '+' || d || ' days')" if is_sqlite else "date '{0}' + CAST(d AS integer)"
    sql = FILL.format(
        charges=size.charges,
        days=YEAR,
        people=len(owners.people) * 4,
        projects=_one_of([each.pk for each in owners.projects], "who + d % 2"),
        credentials=_one_of([each.pk for each in owners.credentials[:4]], "who"),
        day=day.format(first),
        yes="1" if is_sqlite else "true",
        no="0" if is_sqlite else "false",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        if not is_sqlite:
            # One statement leaves each version of a sum behind, eight times the sums themselves;
            # in a year of endings autovacuum has made room of them again and again.
            cursor.execute("VACUUM (FULL) tasks_costsum")
            cursor.execute("VACUUM (FULL) tasks_batchsum")
        cursor.execute("ANALYZE")
    assert cost_sums.days_that_differ() == []


def _one_of(ids: Sequence[int], number: str) -> str:
    cases = " ".join(f"WHEN {place} THEN {pk}" for place, pk in enumerate(ids))
    return f"CASE ({number}) % {len(ids)} {cases} END"


def _questions(name: str, period: Period, size: Size, today: date) -> Figure:
    """The slowest grouping: everything that a page asks, and what it makes of the answers."""
    pairs = list(permutations(costs.DIMENSIONS, 2))[:: size.pairs]
    seconds: dict[tuple[str, str], list[float]] = {}
    for look in range(size.looks + 1):
        for by, then in [*((by, "") for by in costs.DIMENSIONS), *pairs]:
            for measure_name in ("CNY", "tokens"):
                filters = CostFilters(period=period, measure=measure_name, by=by, then=then)
                took = _ask(filters, today)
                if look:
                    seconds.setdefault((by, then), []).append(took)
    slowest = max(seconds, key=lambda each: p95(seconds[each]))
    worst = p95(seconds[slowest])
    usual = median(value for each in seconds.values() for value in each)
    direct = _directly(period)
    words = " by ".join(filter(None, slowest))
    rows = CostSum.objects.filter(day__range=(period.first, period.last)).count()
    return Figure(
        name=f"costs of a {name} by {words}, p95 of the slowest of {len(seconds)} groupings; "
        f"{size.charges:,} charges in a year",
        measured=f"{worst * 1000:.0f} ms (median of all {usual * 1000:.0f}; {rows:,} sums)",
        baseline=f"the charges added up by project: {direct * 1000:.0f} ms",
        ratio=worst / direct,
        goal=f"< {GOALS[name] * 1000:.0f} ms",
        met=worst < GOALS[name],
    )


def _ask(filters: CostFilters, today: date) -> float:
    began = time.perf_counter()
    page = CostPage.read(filters, None, today)
    assert page.measures and CostTable(page).rows is not None
    assert CostSeries(page).chart is not None
    return time.perf_counter() - began


def _directly(period: Period) -> float:
    rows = Charge.objects.filter(day__range=(period.first, period.last), state="billed")
    began = time.perf_counter()
    list(rows.order_by().values("project").annotate(Sum("tokens"), Sum("micros")))
    return time.perf_counter() - began


def _settles(owners: Owners, size: Size) -> Figure:
    """Endings recorded with the sums of costs and without, in turns."""
    spans: dict[bool, list[float]] = {True: [], False: []}
    tasks = iter(_created(owners, size.turns * size.settles))
    for turn in range(size.turns):
        has_sums = turn % 2 == 0
        with _sums(kept=has_sums):
            batch = [next(tasks) for _ in range(size.settles)]
            began = time.perf_counter()
            for task in batch:
                record([_success(task)], timezone.now(), {task.credential_id: None})
            spans[has_sums].append((time.perf_counter() - began) / size.settles)
    ratio = median(a / b for a, b in zip(spans[True], spans[False], strict=True))
    return Figure(
        name="recording the end of a take, sums of costs included",
        measured=f"{median(spans[True]) * 1000:.2f} ms",
        baseline=f"without them: {median(spans[False]) * 1000:.2f} ms",
        ratio=ratio,
        goal=f"≤ {MOST_OF_A_SETTLE}",
        met=ratio <= MOST_OF_A_SETTLE,
    )


def _success(task: Task) -> PollResult:
    remote = RemoteTask(
        id=task.remote_id, status=Status.SUCCEEDED, status_word="succeeded", raw={},
        resolution="720p", ratio="16:9", duration=5, total_tokens=108_900,
    )  # fmt: skip
    return PollResult(pk=task.pk, remote=remote, digest="new")


def _created(owners: Owners, number: int) -> list[Task]:
    """Takes as a person presses for them, created at the provider."""
    fields: Any = {"resolution": "720p", "ratio": "16:9", "duration": 5, "prompt": "a heron"}
    request = GenerationRequest(model=MODEL, **fields)
    now = timezone.now()
    for _ in range(number):
        place_batch(
            [request], key=uuid.uuid4(), project=owners.projects[0],
            credential=owners.credentials[0], created_by=None, now=now,
        )  # fmt: skip
    waiting = Submission.objects.filter(state=SubmissionState.WAITING).select_related("task")
    for row in list(waiting):
        Submission.objects.begin(row.pk, now)
        mark_created(row, f"cgt-20261120120000-{row.pk:05}", now)
    return list(Task.objects.filter(submission__isnull=False))


@contextmanager
def _sums(*, kept: bool) -> Iterator[None]:
    """Run with the triggers that keep the sums of costs, or without them; they come back."""
    if kept:
        yield
        return
    drop, make = _triggers()
    with connection.cursor() as cursor:
        for statement in drop:
            cursor.execute(statement)
        try:
            yield
        finally:
            for statement in make:
                cursor.execute(statement)


def _triggers() -> tuple[list[str], list[str]]:
    if connection.vendor == "postgresql":
        word = "ALTER TABLE tasks_charge {} TRIGGER tasks_add_cost"
        return [word.format("DISABLE")], [word.format("ENABLE")]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master"
            " WHERE type = 'trigger' AND substr(name, 1, 11) = 'tasks_cost_'"
        )
        found = cursor.fetchall()
    return [f"DROP TRIGGER {name}" for name, _sql in found], [sql for _name, sql in found]
