"""Seconds that the list takes with a thousand tasks and with a million, template included."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import Client
from django.utils import timezone

from benchmarks import accounts, clips_page, many_tasks
from benchmarks.figures import Figure
from benchmarks.installations import FEW
from benchmarks.many_tasks import APART, CHINESE, COMMON_WORD, RARE_WORD, Owners
from benchmarks.visits import Statements, Visits
from tasks.models import Profile, Project
from tasks.web.compose import dock_price
from tasks.web.lists import counts
from tasks.web.lists.paging import ROWS
from tasks.web.presenters import queue_place, rows, time_left

MOST_TIMES = 2.5
#: People whose few tasks are all old, in one project or in several; and the pages they visit.
NEWCOMERS = ("newcomer", "wanderer")
OLD_PAGES = ("first page", "q rare", "person common")


@dataclass(frozen=True)
class Size:
    few: int = 1_000
    many: int = 1_000_000
    looks: int = 20  # visits to each page


SMALL = Size(few=20, many=30, looks=1)


Case = tuple[str, str]  # the person's name, the page's


class Library:
    """One of the two databases, with so many tasks and the people who look at them."""

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks
        self.owners = Owners.make()
        self.browsers = {user.username: browser_of(user) for user in _people(self.owners)}
        self.found: dict[Case, Visits] = {}
        many_tasks.fill(self.owners, 1, tasks)

    def visit(self, watch: Statements, *, cold: bool) -> None:
        """Visit every page once, as each person."""
        for person, browser in self.browsers.items():
            for name, query in _pages(self.owners, self.tasks).items():
                if person in NEWCOMERS and name not in OLD_PAGES:
                    continue
                visits = self.found.setdefault((person, name), Visits())
                _visit(browser, query, visits, watch)
                if cold:
                    visits.seconds.clear()


def measure(size: Size = Size()) -> Iterator[Figure]:
    # The two sizes take turns, so that a noisy minute is no disadvantage of one of them.
    watch = Statements()
    many = Library(size.many)
    with other_database() as swapped:
        with swapped():
            few = Library(size.few)
        gc.collect()
        gc.freeze()  # as the web server does: a collection of all there is took 100 ms
        for turn in range(size.looks + 1):
            with swapped():
                few.visit(watch, cold=turn == 0)
            many.visit(watch, cold=turn == 0)
        with swapped():
            clips_of_few = clips_page.measure(few.browsers["staff"], size.looks)
        clips_of_many = clips_page.measure(many.browsers["staff"], size.looks)
    yield clips_page.figure(clips_of_few, clips_of_many, few_tasks=few.tasks, many_tasks=many.tasks)
    for name in _pages(few.owners, 0):
        yield _figure(f"list, {name}", [(who, name) for who in ("staff", "member")], few, many)
    for who in NEWCOMERS:
        cases = [(who, name) for name in OLD_PAGES]
        yield _figure(f"list, of a {who} in small old projects", cases, few, many)
    yield _statements(few, many, watch)


@contextmanager
def other_database() -> Iterator[Callable[[], Any]]:
    """Make a second database; `with swapped():` it takes the place of the usual one."""
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


def _people(owners: Owners) -> list[User]:
    """Staff who see all, a member with two fifths of it, two with the rare project's few tasks."""
    empty = [Project.objects.create(name=f"Empty {n}") for n in range(3)]
    return [
        accounts.person("staff", is_staff=True),
        accounts.person("member", [owners.projects[0]]),
        accounts.person("newcomer", [owners.projects[-1]]),
        accounts.person("wanderer", [owners.projects[-1], *empty]),
    ]


def _pages(owners: Owners, newest: int) -> dict[str, str]:
    """Query strings of the pages, by name."""
    rare = {
        "provider": owners.credentials[-1].provider,
        "credential": owners.credentials[-1].pk,
        "project": owners.projects[-1].pk,
        "person": owners.people[-1].pk,
        "status": "lost",
        "q": RARE_WORD,
    }
    common = {
        "provider": owners.credentials[0].provider,
        "credential": owners.credentials[0].pk,
        "project": owners.projects[0].pk,
        "person": owners.people[0].pk,
        "status": "failed",
        "q": COMMON_WORD,
    }
    deep = random.randint(newest // 5, newest * 4 // 5 + 1)
    pages = {"first page": "", "a deep page": f"before={deep}"}
    for name, value in common.items():
        pages[f"{name} common"] = f"{name}={value}"
        pages[f"{name} rare"] = f"{name}={rare[name]}"
    pages["q Chinese"] = f"q={CHINESE}"
    pages["resolution common, by reading rows"] = "resolution=1080p"
    pages["model rare, by reading rows"] = "model=Seedance+2.5"
    pages["video rare, by reading rows"] = "video=yes"
    pages["status and rare person"] = f"status=succeeded&person={rare['person']}"
    day = timezone.localdate() - timedelta(seconds=APART * (newest - deep))
    pages["a day"] = f"since={day}&until={day}"
    pages["a day and q common"] = f"{pages['a day']}&q={COMMON_WORD}"
    pages["a day and rare person"] = f"{pages['a day']}&person={rare['person']}"
    pages["since a day and rare person"] = f"since={day}&person={rare['person']}"
    return pages


def browser_of(user: User) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    return client


def _visit(browser: Client, query: str, visits: Visits, watch: Statements) -> None:
    # What is kept for longer is there already: the price in the dock, budgets near their limit,
    # that the person is here. It is made just before, or its time would end during some visits:
    # the price of somebody who has made nothing is kept for a minute, and takes nine statements.
    dock_price.shared.forget()
    dock_price.of_newcomers.forget()
    Profile.objects.update(seen_at=None)
    browser.get(f"/?before=1&{query}")
    for kept in (counts.shared, queue_place.shared, time_left.shared, rows):
        kept.forget()  # each visit makes all that it shows, as the first one of a page does
    visits.visit(browser, f"/?{query}", watch, row=b'<li class="take ')


def _figure(words: str, cases: list[Case], few: Library, many: Library) -> Figure:
    """The row of the case, among these, whose time has grown most."""
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


def _statements(few: Library, many: Library, watch: Statements) -> Figure:
    """The row of statements: a page that shows as many rows needs as many at both sizes.

    Days are counted from today, so some pages show other rows at the other size; of those only
    the most that any page needs is compared.
    """
    now = [most for visits in many.found.values() for most in visits.statements.values()]
    before = [most for visits in few.found.values() for most in visits.statements.values()]
    grown = [case for case, visits in many.found.items() if _differs(visits, few.found[case])]
    for case in grown:
        print(case, many.found[case].statements, few.found[case].statements, file=sys.stderr)
    unbound = f"{len(watch.boundless)} of them count without a bound"
    return Figure(
        name=f"list, most SQL statements a page of {ROWS}; {unbound}",
        measured=f"{max(now)}",
        baseline=f"with few tasks: {max(before)}; {len(grown)} pages differ with as many rows",
        ratio=max(now) / max(before),
        goal="the same",
        met=not grown and max(now) <= max(before) and not watch.boundless,
        exact=True,
    )


def _differs(now: Visits, before: Visits) -> bool:
    """Whether both have shown as many rows, with other numbers of statements."""
    return any(now.statements[rows] != before.statements[rows] for rows in _both(now, before))


def _both(now: Visits, before: Visits) -> set[int]:
    return now.statements.keys() & before.statements.keys()
