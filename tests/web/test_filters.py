"""Filters of the list that are read out of rows; the chips of statuses; what the list is called."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import Copy, CopyKind, Membership, ModelName, Project, Task
from tasks.providers.status import Status
from tasks.web.lists import counts, paging
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def presented(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/{query}")
    assert response.status_code == 200
    return [each.task.remote_id.removeprefix("cgt-") for each in response.context["presented"]]


# Model, resolution, video


@pytest.fixture
def mixed(make_task: MakeTask) -> list[Task]:
    ModelName.objects.create(
        provider="dataeyes", name="house-special", known_as="seedance-2-0-260128"
    )
    tasks = [
        make_task("cgt-ark", model="doubao-seedance-2-0-260128", resolution="720p"),
        make_task("cgt-fast", model="doubao-seedance-2-0-fast-260128", resolution="720p"),
        make_task("cgt-path", model="bytedance/seedance-2.0/text-to-video", resolution="4K"),
        make_task("cgt-own", model="house-special", resolution="1080p"),
        make_task("cgt-none"),
    ]
    states = ("saved", "waiting", "gone", "saved")
    for task, state in zip(tasks, states, strict=False):
        deleted_at = timezone.now() if task.remote_id == "cgt-own" else None
        kinds = (CopyKind.VIDEO, CopyKind.LAST_FRAME)
        Copy.objects.bulk_create(
            Copy(
                task=task, kind=kind, state=state, created_at=timezone.now(), deleted_at=deleted_at
            )
            for kind in kinds
        )
    Copy.objects.create(
        task=tasks[-1], kind=CopyKind.LAST_FRAME, state="saved", created_at=timezone.now()
    )
    return tasks


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?model=Seedance+2.0", ["own", "path", "ark"]),
        ("?model=dreamina-seedance-2-0-fast-260128", ["fast"]),
        ("?model=Seedance+2.5", []),
        ("?model=nonsense", ["none", "own", "path", "fast", "ark"]),
        ("?resolution=720p", ["fast", "ark"]),
        ("?resolution=4k", ["path"]),
        ("?resolution=8k", ["none", "own", "path", "fast", "ark"]),
        ("?video=yes", ["fast", "ark"]),
        ("?video=no", ["none", "own", "path"]),
        ("?video=maybe", ["none", "own", "path", "fast", "ark"]),
        ("?model=Seedance+2.0&resolution=720p&video=yes", ["ark"]),
    ],
)
def test_what_only_rows_know_is_chosen_by_the_address(
    reader: Client, mixed: list[Task], query: str, found: list[str]
) -> None:
    assert presented(reader, query) == found


def test_each_has_a_chip_and_the_other_filters_keep_it(reader: Client, mixed: list[Task]) -> None:
    page = reader.get("/?model=doubao-seedance-2-0-260128&resolution=720p&video=no")
    assert [(chip.value, chip.url) for chip in page.context["chips"]] == [
        ("Seedance 2.0", "?resolution=720p&video=no"),
        ("720p", "?model=Seedance+2.0&video=no"),
        ("No video", "?model=Seedance+2.0&resolution=720p"),
    ]
    assert "model=Seedance+2.0&resolution=720p&video=no" in page.context["feed"].url
    kept = '<input type="hidden" name="model" value="Seedance 2.0" />'
    assert page.content.decode().count(kept) == 2  # beside the search, and beside the days


def test_statuses_are_counted_among_those_rows(
    reader: Client, mixed: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    Task.objects.update(status=Status.FAILED)
    # Where ids have gone on from other tests, the oldest of them lie below what is looked through.
    assert shown_counts(reader, "?model=Seedance+2.0")["failed"].rstrip("+") == "3"
    monkeypatch.setattr(counts, "READ_WINDOW", 3)
    assert shown_counts(reader, "?model=Seedance+2.0")["failed"] == "2+"


def test_the_feed_tells_of_new_tasks_that_fit(reader: Client, make_task: MakeTask) -> None:
    make_task(resolution="720p")
    page = reader.get("/?resolution=720p")
    make_task(resolution="480p")
    assert "new task" not in reader.get(page.context["feed"].url).content.decode()
    make_task(resolution="720p")
    assert "1 new task" in reader.get(page.context["feed"].url).content.decode()


def test_a_page_looks_through_so_many_rows_and_leads_on(
    reader: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_READ", 3)
    for number in range(8):
        make_task(f"cgt-{number}", resolution="720p" if number in (0, 4) else "480p")
    seen, query = [], "?resolution=720p"
    while query:
        page = reader.get(f"/{query}")
        seen.append([each.task.remote_id for each in page.context["presented"]])
        query = page.context["older_url"] if page.context["page"].older else ""
        if not seen[-1]:
            assert "No matches among the newest tasks" in page.content.decode()
    assert seen == [[], ["cgt-4"], ["cgt-0"]]


def test_rows_of_many_fitting_tasks_make_whole_pages(
    reader: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "ROWS", 2)
    for number in range(5):
        make_task(f"cgt-{number}", resolution="720p")
    first = reader.get("/?resolution=720p")
    second = reader.get(f"/{first.context['older_url']}")
    third = reader.get(f"/{second.context['older_url']}")
    ids = [
        [each.task.remote_id[-1] for each in page.context["presented"]]
        for page in (first, second, third)
    ]
    assert ids == [["4", "3"], ["2", "1"], ["0"]]
    assert third.context["page"].older is None
    assert [page.context["page"].is_first for page in (first, second)] == [True, False]


def test_rows_of_several_projects_are_looked_through_together(
    client_of: ClientOf,
    member: User,
    make_task: MakeTask,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "MOST_READ", 4)
    other = Project.objects.create(name="Other")
    Membership.objects.create(user=member, project=other)
    for number in range(12):
        home = other if number % 3 == 0 else project
        make_task(f"cgt-{number}", project=home, resolution="720p" if number % 2 else "480p")
    reader, found, query = client_of(member), [], "?resolution=720p"
    while query:
        page = reader.get(f"/{query}")
        found += [each.task.remote_id for each in page.context["presented"]]
        query = page.context["older_url"] if page.context["page"].older else ""
    assert found == [f"cgt-{number}" for number in (11, 9, 7, 5, 3, 1)]


# Statuses


def shown_counts(client: Client, query: str = "") -> dict[str, str]:
    statuses = client.get(f"/{query}").context["statuses"]
    return {choice.name: str(choice.count) for choice in [*statuses.in_line, *statuses.rare]}


def test_what_is_rare_is_folded_and_its_sum_is_told(reader: Client, make_task: MakeTask) -> None:
    for status in (Status.LOST, Status.CANCELLED, Status.CANCELLED, Status.SUBMITTING):
        make_task(status=status)
    statuses = reader.get("/").context["statuses"]
    assert [each.name for each in statuses.in_line] == ["generating", "succeeded", "failed"]
    assert [each.name for each in statuses.rare] == ["lost", "cancelled"]
    assert (str(statuses.rare_count), statuses.waiting) == ("3", None)


def test_a_rare_one_that_is_chosen_stands_in_the_line(reader: Client, make_task: MakeTask) -> None:
    for status in (Status.LOST, Status.CANCELLED):
        make_task(status=status)
    statuses = reader.get("/?status=lost").context["statuses"]
    assert [(each.name, each.chosen) for each in statuses.in_line][-1] == ("lost", True)
    assert [each.name for each in statuses.rare] == ["cancelled"]
    assert statuses.in_line[-1].url == "?"


def test_a_create_that_waits_for_a_person_is_told_in_words(
    reader: Client, make_task: MakeTask
) -> None:
    assert "Unconfirmed" not in reader.get("/").content.decode()
    make_task(status=Status.UNCONFIRMED)
    text = reader.get("/").content.decode()
    assert '<span class="visually-hidden">Unconfirmed: 1</span>' in text


def test_generating_is_three_statuses_and_each_choice_is_switched_off_again(
    reader: Client, make_task: MakeTask
) -> None:
    for status in (Status.QUEUED, Status.RUNNING, Status.SUBMITTING, Status.FAILED):
        make_task(f"cgt-{status}", status=status)
    [generating, _succeeded, failed] = reader.get("/").context["statuses"].in_line
    assert generating.url == "?status=queued&status=running&status=submitting"
    assert presented(reader, generating.url) == ["submitting", "running", "queued"]
    chosen = reader.get(f"/{generating.url}").context["statuses"].in_line
    assert [(each.chosen, each.url) for each in chosen[::2]] == [
        (True, "?"),
        (False, "?status=queued&status=running&status=failed&status=submitting"),
    ]
    [running] = [
        each for each in reader.get("/?status=running").context["statuses"].in_line if each.chosen
    ]
    assert (running.word, str(running.count), running.url) == ("Running", "1", "?")
    assert (str(generating.count), str(failed.count)) == ("3", "1")


# The title


def test_the_list_is_called_like_the_project_that_it_shows(
    client_of: ClientOf, member: User, make_task: MakeTask, project: Project
) -> None:
    make_task()
    reader = client_of(member)
    assert f'<h1 class="bar-heading">{project.name}</h1>' in reader.get("/").content.decode()
    other = Project.objects.create(name="Lantern & Street")
    Membership.objects.create(user=member, project=other)
    assert reader.get("/").context["heading"] == "All projects"
    text = reader.get(f"/?project={other.pk}").content.decode()
    assert '<h1 class="bar-heading">Lantern &amp; Street</h1>' in text
    nobody = client_of(User.objects.create_user("nobody"))
    assert nobody.get("/").context["heading"] == "Tasks"
