"""The list with a thousand tasks and with a million: the whole view, template included."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.test import Client
from django.utils import timezone

from benchmarks import accounts, many_tasks
from benchmarks.figures import Figure, p95
from benchmarks.many_tasks import APART, CHINESE, COMMON_WORD, RARE_WORD, World
from benchmarks.places import FEW
from tasks.listing.paging import ROWS
from tasks.models import Project

MOST_TIMES = 2.5
#: Those whose few tasks are all old, in one project or in several; and the pages they look at.
NEWCOMERS = ("newcomer", "wanderer")
OLD_PAGES = ("first page", "q rare", "person common")


@dataclass(frozen=True)
class Size:
    few: int = 1_000
    many: int = 1_000_000
    looks: int = 20


SMALL = Size(few=20, many=30, looks=1)


@dataclass
class Looks:
    """What one person's visits to one kind of page took."""

    seconds: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    rows: int = 0

    @property
    def p95(self) -> float:
        return p95(self.seconds)

    def __str__(self) -> str:
        return f"{self.p95 * 1000:.0f} ms (median {median(self.seconds) * 1000:.0f})"


Case = tuple[str, str]  # the person's name, the page's


class Shelf:
    """One of the two databases, with so many tasks, and who looks at them."""

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks
        self.world = World.make()
        self.browsers = {user.username: _browser(user) for user in _people(self.world)}
        self.found: dict[Case, Looks] = {}
        many_tasks.fill(self.world, 1, tasks)

    def visit(self, watch: Statements, *, cold: bool) -> None:
        """Every page once, as each person."""
        for person, browser in self.browsers.items():
            for name, query in _pages(self.world, self.tasks).items():
                if person in NEWCOMERS and name not in OLD_PAGES:
                    continue
                looks = self.found.setdefault((person, name), Looks())
                _look(browser, query, looks, watch)
                if cold:
                    looks.seconds.clear()


def measure(size: Size = Size()) -> Iterator[Figure]:
    """The two in turns, so that a noisy minute is no disadvantage of one of them."""
    watch = Statements()
    many = Shelf(size.many)
    with _other_database() as swapped:
        with swapped():
            few = Shelf(size.few)
        gc.collect()
        gc.freeze()  # as the web server does: a collection of all there is took 100 ms
        for turn in range(size.looks + 1):
            with swapped():
                few.visit(watch, cold=turn == 0)
            many.visit(watch, cold=turn == 0)
    for name in _pages(few.world, 0):
        yield _figure(f"list, {name}", [(who, name) for who in ("staff", "member")], few, many)
    for who in NEWCOMERS:
        cases = [(who, name) for name in OLD_PAGES]
        yield _figure(f"list, of a {who} in small old projects", cases, few, many)
    yield _thrift(few, many, watch)


@contextmanager
def _other_database() -> Iterator[Callable[[], Any]]:
    """Beside the usual one; `with swapped():` it takes its place."""
    usual = connections[DEFAULT_DB_ALIAS]
    facts = usual.settings_dict | {"NAME": str(Path(settings.DATA_DIR, "few.sqlite3"))}
    if usual.vendor == "postgresql":
        facts["NAME"] = f"{usual.settings_dict['NAME']}{FEW}"
        with usual.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{facts["NAME"]}"')
    other = type(usual)(facts, DEFAULT_DB_ALIAS)

    @contextmanager
    def swapped() -> Iterator[None]:
        connections[DEFAULT_DB_ALIAS] = other
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = usual

    with swapped():
        call_command("migrate", interactive=False, verbosity=0)
    try:
        yield swapped
    finally:
        other.close()


def _people(world: World) -> list[User]:
    """One sees all, one two fifths of it, two the few tasks of the rare project."""
    empty = [Project.objects.create(name=f"Empty {n}") for n in range(3)]
    return [
        accounts.person("staff", is_staff=True),
        accounts.person("member", [world.projects[0]]),
        accounts.person("newcomer", [world.projects[-1]]),
        accounts.person("wanderer", [world.projects[-1], *empty]),
    ]


def _pages(world: World, newest: int) -> dict[str, str]:
    """What can be looked at, by name: the query string."""
    rare = {
        "provider": world.credentials[-1].provider,
        "credential": world.credentials[-1].pk,
        "project": world.projects[-1].pk,
        "person": world.people[-1].pk,
        "status": "lost",
        "q": RARE_WORD,
    }
    common = {
        "provider": world.credentials[0].provider,
        "credential": world.credentials[0].pk,
        "project": world.projects[0].pk,
        "person": world.people[0].pk,
        "status": "failed",
        "q": COMMON_WORD,
    }
    deep = random.randint(newest // 5, newest * 4 // 5 + 1)
    pages = {"first page": "", "a deep page": f"before={deep}"}
    for name, value in common.items():
        pages[f"{name} common"] = f"{name}={value}"
        pages[f"{name} rare"] = f"{name}={rare[name]}"
    pages["q Chinese"] = f"q={CHINESE}"
    pages["status and rare person"] = f"status=succeeded&person={rare['person']}"
    day = timezone.localdate() - timedelta(seconds=APART * (newest - deep))
    pages["a day"] = f"since={day}&until={day}"
    pages["a day and q common"] = f"{pages['a day']}&q={COMMON_WORD}"
    pages["a day and rare person"] = f"{pages['a day']}&person={rare['person']}"
    pages["since a day and rare person"] = f"since={day}&person={rare['person']}"
    return pages


def _browser(user: User) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    return client


def _look(browser: Client, query: str, looks: Looks, watch: Statements) -> None:
    watch.number = 0
    with connection.execute_wrapper(watch):
        began = time.perf_counter()
        response = browser.get(f"/?{query}")
        looks.seconds.append(time.perf_counter() - began)
    assert response.status_code == 200, f"/?{query} answered {response.status_code}"
    looks.statements.add(watch.number)
    looks.rows = response.content.count(b'<li class="take"')


class Statements:
    """Counts them, and keeps those that count rows up to no number and from no id on."""

    def __init__(self) -> None:
        self.number = 0
        self.boundless: set[str] = set()

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.number += 1
        if sql.upper().count("COUNT(") > sql.count("LIMIT") and " > " not in sql:
            self.boundless.add(sql)
        return execute(sql, params, many, context)


def _figure(words: str, cases: list[Case], few: Shelf, many: Shelf) -> Figure:
    """The one of these cases whose time has grown most."""
    grown = {case: many.found[case].p95 / few.found[case].p95 for case in cases}
    case = max(grown, key=lambda case: grown[case])
    now, before = many.found[case], few.found[case]
    return Figure(
        name=f"{words}, p95, {many.tasks:,} tasks ({case[0]}, {now.rows} rows)",
        measured=str(now),
        baseline=f"{few.tasks:,} tasks, {before.rows} rows: {before}",
        ratio=grown[case],
        goal=f"≤ {MOST_TIMES}",
        met=grown[case] <= MOST_TIMES,
    )


def _thrift(few: Shelf, many: Shelf, watch: Statements) -> Figure:
    now = {case: max(looks.statements) for case, looks in many.found.items()}
    before = {case: max(looks.statements) for case, looks in few.found.items()}
    unbound = f"{len(watch.boundless)} of them count without a bound"
    return Figure(
        name=f"list, most SQL statements a page of {ROWS}; {unbound}",
        measured=f"{max(now.values())}",
        baseline=f"with few tasks: {max(before.values())}",
        ratio=max(now.values()) / max(before.values()),
        goal="the same",
        met=now == before and not watch.boundless,
    )
