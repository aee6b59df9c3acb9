"""Seconds and memory that a year of takes costs as CSV, and as a workbook for Excel."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Min, QuerySet
from django.utils import timezone

from benchmarks import costs, many_tasks
from benchmarks.figures import Figure
from benchmarks.many_tasks import Owners
from tasks.models import Charge, Export, ExportState, ExportTable, Task
from tasks.web.costs import cost_charges as listing
from tasks.web.costs import cost_exports, export_files
from tasks.web.costs.cost_filters import CostFilters
from tasks.web.costs.cost_periods import Period
from tasks.web.lists import csv_tables

LONGEST_CSV = 60.0  # seconds for a million rows
MOST_MEMORY = 64.0  # MB above what the process held before
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Size:
    charges: int = 1_000_000


SMALL = Size(charges=1_000)


def measure(size: Size = Size()) -> Iterator[Figure]:
    owners = Owners.make()
    last = timezone.localdate()
    first = last - timedelta(days=costs.YEAR - 1)
    many_tasks.fill(owners, 0, size.charges - 1)
    costs.fill(owners, costs.Size(charges=size.charges), first)
    _link_to_tasks()
    connection.close()  # whose cache has grown with the rows
    filters = CostFilters(period=Period.between(first, last), measure="takes")
    charges = listing.charges_of(filters, None)
    list(islice(_csv(charges), 20))  # imports, and the first statements
    yield _csv_figure(charges, size)
    yield _workbook_figure(filters, size)


def _link_to_tasks() -> None:
    """Let each charge be that of one task, whose prompt and settings are columns as well."""
    first_charge = Charge.objects.aggregate(first=Min("pk"))["first"]
    first_task = Task.objects.aggregate(first=Min("pk"))["first"]
    sql = "UPDATE tasks_charge SET task_id = id - %s WHERE id - %s IN (SELECT id FROM tasks_task)"
    with connection.cursor() as cursor:
        cursor.execute(sql, [first_charge - first_task] * 2)
        cursor.execute("ANALYZE")


def _csv(charges: QuerySet[Charge]) -> Iterator[str]:
    columns = list(cost_exports.COLUMNS)
    return csv_tables.pieces(cost_exports.HEADS, cost_exports.take_rows(charges, columns))


def _csv_figure(charges: QuerySet[Charge], size: Size) -> Figure:
    began, before, core = time.perf_counter(), _memory(), time.process_time()
    rows, highest = _count(_csv(charges))
    took, core = time.perf_counter() - began, time.process_time() - core
    direct = _directly(charges)
    assert rows == size.charges + 1, rows
    return Figure(
        name=f"CSV of {size.charges:,} takes, all {len(cost_exports.COLUMNS)} columns",
        measured=f"{took:.1f} s, {core:.1f} of a core without the database server; "
        f"{highest:.0f} MB of memory, {highest - before:.0f} of them new",
        baseline=f"the same columns read and thrown away: {direct:.1f} s",
        ratio=took / direct,
        goal=f"< {LONGEST_CSV:.0f} s, < {MOST_MEMORY:.0f} MB new",
        met=took < LONGEST_CSV and highest - before < MOST_MEMORY,
    )


def _directly(charges: QuerySet[Charge]) -> float:
    fields = {name for column in cost_exports.COLUMNS for name in column.fields}
    began = time.perf_counter()
    rows = charges.order_by("-day", "-id").values_list(*sorted(fields))
    for _row in rows.iterator(chunk_size=listing.PORTION):
        pass
    return time.perf_counter() - began


def _workbook_figure(filters: CostFilters, size: Size) -> Figure:
    known: Any = {"query": filters.query().removeprefix("?"), "columns": "", "projects": None}
    Export.objects.ask(None, ExportTable.TAKES, now=timezone.now(), **known)
    before = _memory()
    began = time.perf_counter()
    with _Watched() as watched:
        export_files.write_all()
    took = time.perf_counter() - began
    export = Export.objects.get()
    assert (export.state, export.done) == (ExportState.READY, size.charges), export.state
    more = watched.highest - before
    return Figure(
        name=f"workbook of {size.charges:,} takes, all columns, in the storage",
        measured=f"{took:.0f} s, {watched.highest:.0f} MB of memory, {more:.0f} of them new; "
        f"a file of {export.size / 1e6:.0f} MB",
        baseline="",
        ratio=None,
        goal=f"< {MOST_MEMORY:.0f} MB new",
        met=more < MOST_MEMORY,
    )


class _Watched(threading.Thread):
    """A thread that looks at the memory every fifth of a second while a block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.highest = 0.0
        self._ended = threading.Event()

    def __enter__(self) -> _Watched:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(0.2):
            self.highest = max(self.highest, _memory())


def _count(pieces: Iterable[str]) -> tuple[int, float]:
    """The number of lines, and the most memory that the process held meanwhile."""
    rows, highest = 0, 0.0
    for piece in pieces:
        rows += piece.count("\r\n")
        highest = max(highest, _memory())
    return rows, highest


def _memory() -> float:
    """The memory that this process holds, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6
