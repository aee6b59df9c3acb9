"""A day's line: its clips, how many of them the reader has starred, and the money that is known."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Charge, Price, Star, Task
from tasks.providers.status import Status
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf
from tests.web.test_live import ask, change
from tests.web.test_rows import charge


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def made(make_task: MakeTask) -> Any:
    def make(micros: int | None = None, currency: str = "CNY", *, days: int = 0) -> Task:
        at = timezone.now() - timedelta(days=days)
        task = make_task(status=Status.SUCCEEDED, created_at=at)
        if micros is not None:
            charge(task, micros, currency=currency)
        return task

    return make


def lines(page: Any) -> list[tuple[str, str, str]]:
    """The clips, the stars and the money of each day, in words."""
    html = page.content.decode()
    parts = [
        re.findall(rf'class="day-{name}[^>]*>(.*?)</span>', html, re.S)
        for name in ("count", "starred", "money")
    ]
    return [tuple(" ".join(each.split()) for each in day) for day in zip(*parts, strict=True)]  # type: ignore[misc]


@pytest.mark.parametrize("view", ["grid", "list"])
def test_each_day_tells_what_is_known_of_its_money(reader: Client, made: Any, view: str) -> None:
    made(days=2)
    made(1_000_000, days=1)
    for micros in (5_010_000, 107_390_000, None):
        made(micros)
    page = reader.get(f"/?view={view}")
    assert lines(page) == [
        ("3 clips", "", "¥112.40"),
        ("1 clip", "", "¥1.00"),
        ("1 clip", "", ""),
    ]


def test_currencies_are_never_added_to_each_other(
    reader: Client, made: Any, make_task: MakeTask
) -> None:
    made(5_000_000)
    made(2_000_000, "USD")
    make_task(status=Status.SUCCEEDED, cost_micros=1_230_000, cost_currency="USD")
    [(_clips, _stars, money)] = lines(reader.get("/"))
    assert money == "$3.23 · ¥5.00"


def test_what_is_only_reserved_or_has_no_price_is_left_out(
    reader: Client, made: Any, make_task: MakeTask
) -> None:
    charge(make_task(), 6_020_000, state="reserved")
    charge(make_task(), 0, price=None, currency="")
    made(5_000_000)
    assert lines(reader.get("/")) == [("3 clips", "", "¥5.00")]


def test_a_viewer_is_told_no_money(
    client_of: ClientOf, reader: Client, viewer: User, made: Any
) -> None:
    made(5_000_000)
    for client, money in ((reader, "¥5.00"), (client_of(viewer), ""), (reader, "¥5.00")):
        page = client.get("/")
        assert lines(page) == [("1 clip", "", money)]
        assert ("data-micros" in page.content.decode()) is bool(money)


def test_it_counts_the_readers_own_stars(
    reader: Client, made: Any, member: User, viewer: User
) -> None:
    tasks = [made() for _ in range(3)]
    Star.objects.bulk_create(Star(user=member, task=task) for task in tasks[:2])
    Star.objects.create(user=viewer, task=tasks[2])
    assert lines(reader.get("/")) == [("3 clips", "2 starred", "")]


def test_a_day_that_goes_on_on_another_page_has_at_least_what_is_here(
    reader: Client, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.web.lists.paging.ROWS", 2)
    for _ in range(4):
        made(1_000_000)
    page = reader.get("/")
    assert lines(page) == [("2+ clips", "", "¥2.00+")]
    older = reader.get(page.context["older_url"])
    assert lines(older) == [("2+ clips", "", "¥2.00+")]


def test_money_that_becomes_known_comes_with_what_a_script_adds_up(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task()
    page = reader.get("/")
    charge(task, 5_010_000)
    change(task, status=Status.SUCCEEDED)
    assert 'data-micros="5010000"' in ask(reader, page).content.decode()


def test_it_costs_no_query(
    reader: Client, made: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made()
    reader.get("/")
    some_seconds_later()
    with django_assert_num_queries(18):
        reader.get("/")
    for number in reversed(range(10)):
        made(1_000_000, days=number)
    some_seconds_later()
    assert Charge.objects.count() == 10 and Price.objects.exists()
    with django_assert_num_queries(18):
        assert len(lines(reader.get("/"))) == 10
