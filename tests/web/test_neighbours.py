"""Next and previous: a task's page goes on through the list that it was opened from."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Credential, Membership, Project, Role, Star, Task
from tasks.models.search import searchable
from tasks.providers.status import Status
from tasks.web.lists import paging
from tests.batched import put_into_a_batch
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

STEP = re.compile(r'rel="(prev|next)"\s+href="([^"]+)"')


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def steps(client: Client, task: Task, query: str = "") -> dict[str, str]:
    """The addresses before and after a task's page."""
    page = client.get(f"/tasks/{task.pk}/{query}").content.decode()
    return {rel: unescape(url) for rel, url in STEP.findall(page)}


def walked(client: Client, start: Task, query: str = "") -> list[int]:
    """The ids in the order in which "Next" leads through them, this one first."""
    ids, url = [start.pk], f"/tasks/{start.pk}/{query}"
    while following := dict(STEP.findall(client.get(url).content.decode())).get("next"):
        url = unescape(following)
        ids.append(int(url.split("/")[2]))
    return ids


def listed(client: Client, query: str = "") -> list[int]:
    return [task.pk for task in client.get(f"/{query}").context["page"].tasks]


@pytest.fixture
def several(make_task: MakeTask, member: User, credential: Credential) -> list[Task]:
    """Tasks of two people in two statuses, with words; the first of them last."""
    tasks = []
    for number in range(12):
        prompt = "a red boat" if number % 4 else "a kite"
        tasks.append(
            make_task(
                status=Status.SUCCEEDED if number % 3 else Status.FAILED,
                created_by=member if number % 2 else None,
                prompt=prompt,
                search_text=searchable(prompt),
                model="doubao-seedance-2-0-260128" if number % 6 else "seedance-1-0-pro",
                resolution="720p" if number % 2 else "1080p",
            )
        )
    for task in tasks[::5]:
        Star.objects.create(task=task, user=member)
    return tasks[::-1]


@pytest.mark.each_case
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?status=failed",
        "?status=failed&status=succeeded&q=boat",
        "?person={member}",
        "?q=red+boat",
        "?starred=1",
        "?provider={provider}&status=succeeded",
        "?since={today}",
        "?view=grid&status=succeeded",
        "?model=Seedance+2.0",
        "?model=Seedance+2.0&status=succeeded&resolution=720p",
    ],
)
def test_the_steps_lead_through_the_list_as_it_is_filtered(
    reader: Client, several: list[Task], member: User, query: str
) -> None:
    known = {"member": member.pk, "provider": several[0].provider, "today": timezone.localdate()}
    query = query.format(**known)
    there = listed(reader, query)
    assert len(there) > 2
    first, last = (Task.objects.get(pk=pk) for pk in (there[0], there[-1]))
    assert walked(reader, first, query) == there
    assert "prev" not in steps(reader, first, query)
    assert "next" not in steps(reader, last, query)
    middle = Task.objects.get(pk=there[1])
    assert steps(reader, middle, query)["prev"].startswith(f"/tasks/{there[0]}/")


def test_of_rows_that_must_be_read_only_the_nearest_are_looked_through(
    reader: Client, several: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that nobody uses any more would otherwise have all tasks read, twice a page."""
    first, *_others = several
    Task.objects.exclude(pk__in=[first.pk, several[4].pk]).update(resolution="480p")
    Task.objects.filter(pk__in=[first.pk, several[4].pk]).update(resolution="720p")
    query = "?resolution=720p"
    assert set(steps(reader, first, query)) == {"next"}
    assert set(steps(reader, several[4], query)) == {"prev"}
    monkeypatch.setattr(paging, "MOST_READ", 3)
    assert steps(reader, first, query) == steps(reader, several[4], query) == {}
    assert set(steps(reader, several[2], query)) == {"prev", "next"}


def test_a_task_that_the_filters_leave_out_still_leads_into_the_list(
    reader: Client, several: list[Task]
) -> None:
    """A task may have changed its status since the list was opened."""
    here = next(task for task in several[3:] if task.status == Status.SUCCEEDED)
    found = steps(reader, here, "?status=failed")
    failed = listed(reader, "?status=failed")
    newer, older = [pk for pk in failed if pk > here.pk], [pk for pk in failed if pk < here.pk]
    assert found == {
        "prev": f"/tasks/{newer[-1]}/?status=failed",
        "next": f"/tasks/{older[0]}/?status=failed",
    }


def test_the_way_back_is_the_list_with_its_filters_and_its_page(
    reader: Client, several: list[Task]
) -> None:
    task = several[4]
    page = reader.get(f"/tasks/{task.pk}/?status=failed&view=grid&before=900&nonsense=1")
    back = f"/?status=failed&amp;view=grid&amp;before=900#t{task.pk}"
    assert f'href="{back}"' in page.content.decode()
    assert f'href="/#t{task.pk}"' in reader.get(f"/tasks/{task.pk}/").content.decode()


def test_the_steps_stay_within_what_one_may_see(
    reader: Client, several: list[Task], make_task: MakeTask, stranger: User, member: User
) -> None:
    elsewhere = Project.objects.get(name="Elsewhere")
    hidden = make_task(project=elsewhere)
    make_task(deleted_at=timezone.now())
    assert "prev" not in steps(reader, several[0])
    assert "prev" not in steps(reader, several[0], f"?project={elsewhere.pk}")
    second = Project.objects.create(name="Second")
    for project in (elsewhere, second):
        Membership.objects.create(project=project, user=member, role=Role.VIEWER)
    later = make_task(project=second)
    assert walked(reader, later) == [later.pk, hidden.pk, *(task.pk for task in several)]
    assert "prev" not in steps(reader, several[0], f"?project={several[0].project_id}")


def test_a_filter_by_a_detail_leads_only_to_tasks_whose_details_one_sees(
    client_of: ClientOf, viewer: User, several: list[Task]
) -> None:
    client, middle = client_of(viewer), several[5]
    assert len(steps(client, middle)) == 2
    assert steps(client, middle, f"?provider={middle.provider}") == {}
    assert steps(client, middle, f"?credential={middle.credential_id}") == {}


def test_whoever_searches_too_often_sees_the_page_without_the_steps(
    reader: Client, several: list[Task], settings: Any
) -> None:
    settings.LIMITS = settings.LIMITS | {"search": (1, 60)}
    middle = several[5]
    assert steps(reader, middle, "?q=boat")
    assert steps(reader, middle, "?q=boat"), "the same search is counted once"
    page = reader.get(f"/tasks/{middle.pk}/?q=bo")
    assert page.status_code == 200
    assert not STEP.findall(page.content.decode())
    assert f'href="/?q=bo#t{middle.pk}"' in page.content.decode()


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 16),  # as in test_task_page
        ("?status=succeeded", 16),
        ("?starred=1", 16),
        ("?since=2026-01-01", 17),  # the days of the site
        ("?resolution=720p", 18),  # how far the rows are read, on either side
    ],
)
def test_the_steps_cost_two_queries_however_long_the_list_is(
    reader: Client,
    several: list[Task],
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
    query: str,
    number: int,
) -> None:
    for _ in range(2):
        with django_assert_num_queries(number):
            assert steps(reader, several[5], query)
        for _ in range(30):
            make_task(status=Status.SUCCEEDED)


def test_the_steps_through_what_was_searched_for_cost_the_same_in_a_longer_list(
    reader: Client,
    several: list[Task],
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """The number of statements that count the search depends on the database."""
    steps(reader, several[5], "?q=boat")
    with CaptureQueriesContext(connection) as asked:
        assert steps(reader, several[5], "?q=boat")
    for _ in range(30):
        make_task(status=Status.SUCCEEDED, prompt="a boat", search_text=" a boat ")
    with django_assert_num_queries(len(asked)):
        assert steps(reader, several[5], "?q=boat")


def test_from_a_batch_the_way_back_is_its_page(reader: Client, several: list[Task]) -> None:
    takes = several[2:5][::-1]
    batch = put_into_a_batch(takes, parent=several[8])
    assert f"/tasks/{takes[1].pk}/?batch={batch.pk}" in unescape(
        reader.get(batch.get_absolute_url()).content.decode()
    )
    page = reader.get(f"/tasks/{takes[1].pk}/?batch={batch.pk}").content.decode()
    assert f'href="{batch.get_absolute_url()}"' in page
    assert steps(reader, takes[1], f"?batch={batch.pk}") == {
        "prev": f"/tasks/{takes[2].pk}/?batch={batch.pk}",
        "next": f"/tasks/{takes[0].pk}/?batch={batch.pk}",
    }
