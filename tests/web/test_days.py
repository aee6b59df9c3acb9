"""The list narrowed to days: its tasks, the reader's time zone, and its queries."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.models import Project, Task
from tasks.models.search import searchable
from tasks.providers.status import Status
from tasks.web.lists import counts
from tasks.web.lists import days as listing
from tasks.web.lists.days import DaySpan
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf

TUESDAY = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def week(make_task: MakeTask) -> list[Task]:
    """One task on each of seven days; the third is Tuesday's."""
    return [
        make_task(
            f"cgt-{day:%a}",
            created_at=day,
            search_text=searchable("harbour" if day.day % 2 else "dunes"),
        )
        for day in (TUESDAY + timedelta(days=n) for n in range(-2, 5))
    ]


def presented(client: Client, query: str) -> list[str]:
    response = client.get(f"/{query}")
    assert response.status_code == 200
    return [each.task.remote_id.removeprefix("cgt-") for each in response.context["presented"]]


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?since=2026-11-17&until=2026-11-17", ["Tue"]),
        ("?since=2026-11-19", ["Sat", "Fri", "Thu"]),
        ("?until=2026-11-16", ["Mon", "Sun"]),
        ("?since=2026-11-17&until=2026-11-19&q=harbour", ["Thu", "Tue"]),
        ("?since=2026-11-19&until=2026-11-17", []),
        ("?since=2199-12-31", []),
        ("?until=2199-12-31&since=2026-11-21", ["Sat"]),
    ],
)
def test_days_are_chosen_by_the_address(
    reader: Client, week: list[Task], query: str, found: list[str]
) -> None:
    assert presented(reader, query) == found


@pytest.mark.each_case
@pytest.mark.parametrize(
    "nonsense", ["yesterday", "2026-02-30", "20261117", "2026-W47-2", "9999-12-31", "٢٠٢٦-11-17"]
)  # fmt: skip
def test_what_is_no_day_counts_as_not_given(
    reader: Client, week: list[Task], nonsense: str
) -> None:
    assert len(presented(reader, f"?since={nonsense}&until={nonsense}")) == 7


def test_a_day_is_the_readers_own(reader: Client, make_task: MakeTask, settings: Any) -> None:
    make_task("cgt-late", created_at=datetime(2026, 11, 16, 23, 0, tzinfo=UTC))
    day = "?since=2026-11-17&until=2026-11-17"
    assert presented(reader, day) == []
    settings.TIME_ZONE = "Asia/Shanghai"
    assert presented(reader, day) == ["late"]


def test_pages_of_some_days_lead_to_their_older_ones(
    reader: Client, week: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.web.lists.paging.ROWS", 2)
    first = reader.get("/?since=2026-11-16&until=2026-11-19")
    assert [e.task.remote_id for e in first.context["presented"]] == ["cgt-Thu", "cgt-Wed"]
    assert presented(reader, first.context["older_url"]) == ["Tue", "Mon"]


def test_the_last_seven_days_are_offered_by_name(reader: Client, make_task: MakeTask) -> None:
    make_task()
    offered = reader.get("/?status=running&q=x").context["days"]
    today = timezone.localdate()
    assert [each.word for each in offered[:3]] == [
        "Today",
        "Yesterday",
        f"{today - timedelta(days=2):%A}",
    ]
    third = today - timedelta(days=2)
    assert offered[2].url == f"?status=running&since={third}&until={third}&q=x"
    assert offered[-1].url == "?status=running&q=x"


def test_a_chip_tells_the_day_and_takes_it_away(reader: Client, week: list[Task]) -> None:
    chips = reader.get("/?status=running&since=2026-11-17&until=2026-11-17").context["chips"]
    assert [(chip.value, chip.url) for chip in chips] == [
        ("Tuesday, Nov. 17, 2026", "?status=running")
    ]


def test_statuses_are_counted_on_the_days_that_are_shown(
    reader: Client, week: list[Task], make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest tasks, where counting usually begins, are of other days."""
    monkeypatch.setattr(counts, "WINDOW", 3)
    monkeypatch.setattr(listing, "CLOSE", 1)
    Task.objects.filter(pk=week[2].pk).update(status=Status.FAILED)
    for _ in range(9):
        make_task(created_at=TUESDAY + timedelta(days=9), status=Status.FAILED)
    statuses = reader.get("/?since=2026-11-17&until=2026-11-17").context["statuses"]
    assert {e.name: str(e.count) for e in statuses.in_line}["failed"] in ("1", "1+")


@pytest.mark.exhaustive
def test_a_span_of_ids_loses_no_task_and_leaves_most_others_out(
    project: Project, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ids have gaps, and the clock was corrected by up to an hour."""
    monkeypatch.setattr(listing, "CLOSE", 1)
    dice = random.Random(7)
    first, pk, at = make_task(), 1_000, datetime(2026, 11, 1, tzinfo=UTC)
    made = []
    for _ in range(1_500):
        pk += dice.choice([1, 1, 1, 2, 40])
        at += timedelta(minutes=dice.randint(0, 40))
        shift = timedelta(minutes=dice.randint(-30, 30))
        made.append(_like(first, pk, at + shift))
    first.delete()
    Task.objects.bulk_create(made)
    for number in range(22):
        since = date(2026, 11, 1) + timedelta(days=number)
        until = since + timedelta(days=dice.randint(0, 3))
        span = DaySpan.of(since, until)
        wanted = Task.objects.filter(created_at__gte=span.start, created_at__lt=span.end)
        found = span.narrow(Task.objects.all())
        assert list(found.order_by("pk")) == list(wanted.order_by("pk"))
        within = Task.objects.filter(pk__gt=span.above, pk__lte=span.upto).count()
        assert within <= wanted.count() + 60


def _like(task: Task, pk: int, at: datetime) -> Task:
    return Task(
        pk=pk,
        remote_id=f"cgt-{pk}",
        created_at=at,
        project_id=task.project_id,
        credential_id=task.credential_id,
        base_url=task.base_url,
    )


def test_a_span_of_no_tasks_is_empty(db: None) -> None:
    assert DaySpan.of(date(2026, 11, 17), None).upto == 0


def test_the_feed_keeps_to_the_days_of_its_page(reader: Client, week: list[Task]) -> None:
    page = reader.get("/?until=2026-11-17")
    assert "until=2026-11-17" in page.context["feed"].url


def test_days_cost_one_statement_more(reader: Client, week: list[Task]) -> None:
    presented(reader, "")  # the dock's price is kept for a while
    some_seconds_later()
    with CaptureQueriesContext(connection) as without:
        presented(reader, "")
    some_seconds_later()
    with CaptureQueriesContext(connection) as with_days:
        presented(reader, "?since=2026-11-17&until=2026-11-17")
    assert len(with_days) == len(without) + 1
