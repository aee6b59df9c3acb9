"""Visits to one kind of page: how long they took, their SQL statements, and the rows shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, median_low
from typing import Any

from django.db import connection
from django.test import Client

from benchmarks.figures import p95


class Statements:
    """Counts SQL statements, and keeps those that count rows without any bound."""

    def __init__(self) -> None:
        self.number = 0
        self.boundless: set[str] = set()

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.number += 1
        # A search is counted in the cache, which holds few entries; stars are those of the rows.
        is_of_few = "tasks_cache" in sql or "FROM tasks_star WHERE task_id IN (" in sql
        if sql.upper().count("COUNT(") > sql.count("LIMIT") and " > " not in sql and not is_of_few:
            self.boundless.add(sql)
        return execute(sql, params, many, context)


@dataclass
class Visits:
    """Times, SQL statements and the last number of rows of the visits to one kind of page."""

    seconds: list[float] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    #: The most statements, by the number of rows that were shown.
    statements: dict[int, int] = field(default_factory=dict)
    rows: int = 0

    def visit(self, browser: Client, url: str, watch: Statements, *, row: bytes) -> None:
        """Open the page once; `row` is what each row of it has once."""
        watch.number = 0
        with connection.execute_wrapper(watch):
            began = time.perf_counter()
            response = browser.get(url)
            self.seconds.append(time.perf_counter() - began)
        assert response.status_code == 200, f"{url} answered {response.status_code}"
        self.rows = response.content.count(row)
        self.numbers.append(watch.number)
        self.statements[self.rows] = max(self.statements.get(self.rows, 0), watch.number)

    @property
    def usual_statements(self) -> int:
        """The usual number: each five minutes one visit notes that the person is here."""
        return median_low(self.numbers)

    @property
    def p95(self) -> float:
        return p95(self.seconds)

    def __str__(self) -> str:
        return f"{self.p95 * 1000:.0f} ms (median {median(self.seconds) * 1000:.0f})"
