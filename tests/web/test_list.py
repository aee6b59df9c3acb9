"""The list: its rows, filters, counts and pages, for each person, and its queries."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Copy, CopyKind, Credential, Membership, Project, Task
from tasks.models.search import searchable
from tasks.providers.status import Status
from tasks.web.lists import counts, paging
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def presented(client: Client, query: str = "") -> list[str]:
    """The remote ids on that page of the list, from top to bottom."""
    response = client.get(f"/{query}")
    assert response.status_code == 200
    return [each.task.remote_id for each in response.context["presented"]]


def text_of(client: Client, query: str = "") -> str:
    return client.get(f"/{query}").content.decode()


# What it shows


def test_the_newest_task_stands_first(reader: Client, make_task: MakeTask) -> None:
    make_task("cgt-old")
    make_task("cgt-new")
    assert presented(reader) == ["cgt-new", "cgt-old"]


def test_a_row_shows_what_was_ordered_by_whom(
    reader: Client, make_task: MakeTask, member: User
) -> None:
    make_task(
        status=Status.SUCCEEDED,
        prompt="A lighthouse at dawn",
        resolution="1080p",
        ratio="21:9",
        duration=5,
        created_by=member,
    )
    text = text_of(reader)
    for each in ("A lighthouse at dawn", "1080p", "21:9", "5 s", "member"):
        assert each in text


def test_every_status_carries_its_task_and_its_word(reader: Client, make_task: MakeTask) -> None:
    for status in Status:
        make_task(f"cgt-{status}", status=status)
    text = " ".join(text_of(reader).split())
    for status in Status:
        assert f'data-task="cgt-{status}" data-status="{status}"' in text


def test_a_word_we_do_not_know_is_shown_beside_the_status(
    reader: Client, make_task: MakeTask
) -> None:
    make_task(status=Status.UNKNOWN, status_word="preheating")
    assert "preheating" in text_of(reader)


def test_a_task_without_a_recent_answer_is_marked_stale(
    reader: Client, make_task: MakeTask
) -> None:
    late = timezone.now() - timedelta(minutes=12)
    make_task(check_after=late, asked_at=late)
    assert "Last heard" in text_of(reader)


def test_what_a_provider_says_is_text_and_never_markup(reader: Client, make_task: MakeTask) -> None:
    payload = "<img src=x onerror=alert(1)>\"'"
    make_task(
        "<b>",
        status=Status.FAILED,
        prompt=payload,
        model=payload,
        error_code=payload,
        ratio=payload,
    )
    text = text_of(reader, "?q=%3Cimg+src%3Dx%3E&provider=%3Cimg%3E") + text_of(reader)
    assert "<img src=x" not in text
    assert "<b>" not in text


# Filters


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=failed", ["cgt-3", "cgt-1"]),
        ("?status=failed&status=running", ["cgt-3", "cgt-2", "cgt-1"]),
        ("?provider=volcengine", ["cgt-4", "cgt-3"]),
        ("?provider=volcengine&status=failed", ["cgt-3"]),
        ("?q=harbour", ["cgt-2", "cgt-1"]),
        ("?q=harb+night", ["cgt-2"]),
        ("?q=cgt-4", ["cgt-4"]),
        ("?status=nonsense&credential=x&person=9e9", ["cgt-4", "cgt-3", "cgt-2", "cgt-1"]),
        ("?person=99999999999999999999", ["cgt-4", "cgt-3", "cgt-2", "cgt-1"]),
        ("?person=999999999999999999", []),
        ("?before=x", ["cgt-4", "cgt-3", "cgt-2", "cgt-1"]),
        ("?q=%00", ["cgt-4", "cgt-3", "cgt-2", "cgt-1"]),
    ],
)
def test_the_address_says_which_tasks_are_shown(
    reader: Client, make_task: MakeTask, query: str, found: list[str]
) -> None:
    other = Credential.objects.create(name="Ark", provider="volcengine", base_url="https://ark")
    make_task("cgt-1", status=Status.FAILED, search_text=searchable("Harbour by day cgt-1"))
    make_task("cgt-2", status=Status.RUNNING, search_text=searchable("Harbour by night cgt-2"))
    make_task("cgt-3", status=Status.FAILED, credential=other, search_text=searchable("cgt-3"))
    make_task("cgt-4", status=Status.QUEUED, credential=other, search_text=searchable("cgt-4"))
    assert presented(reader, query) == found


def test_person_credential_and_project_narrow_too(
    reader: Client, make_task: MakeTask, member: User, manager: User
) -> None:
    second = Project.objects.create(name="Second")
    Membership.objects.create(project=second, user=member)
    mine = make_task("cgt-mine", created_by=member)
    make_task("cgt-theirs", created_by=manager, project=second)
    assert presented(reader, f"?person={member.pk}") == ["cgt-mine"]
    assert presented(reader, f"?project={second.pk}") == ["cgt-theirs"]
    assert len(presented(reader, f"?credential={mine.credential_id}")) == 2


def test_a_chip_takes_its_own_filter_away_and_no_other(reader: Client, make_task: MakeTask) -> None:
    make_task()
    chips = reader.get("/?status=running&provider=dataeyes&q=cat").context["chips"]
    assert [(chip.value, chip.url) for chip in chips] == [
        ("cat", "?status=running&provider=dataeyes"),
        ("DataEyes", "?status=running&q=cat"),
    ]


def test_projects_are_no_filter_while_there_is_only_one(
    reader: Client, make_task: MakeTask, member: User
) -> None:
    make_task()
    assert 'name="project"' not in text_of(reader)
    Membership.objects.create(project=Project.objects.create(name="Second"), user=member)
    assert 'name="project"' in text_of(reader)


# Counts


def counted(client: Client, query: str = "") -> dict[str, str]:
    statuses = client.get(f"/{query}").context["statuses"]
    return {choice.name: str(choice.count) for choice in [*statuses.in_line, *statuses.rare]}


def test_statuses_are_counted_within_the_other_filters(
    reader: Client, make_task: MakeTask, member: User
) -> None:
    make_task(status=Status.FAILED, created_by=member)
    make_task(status=Status.FAILED)
    make_task(status=Status.LOST)
    usual = {"generating": "0", "succeeded": "0", "failed": "2"}
    assert counted(reader) == {**usual, "lost": "1"}
    assert counted(reader, f"?person={member.pk}&status=queued") == {**usual, "failed": "1"}


def test_counting_stops_at_its_cap(
    reader: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "CAP", 2)
    for _ in range(4):
        make_task(status=Status.FAILED)
    assert counted(reader)["failed"] == "2+"


def test_a_narrowed_count_looks_at_the_newest_tasks_only_and_says_so(
    reader: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "WINDOW", 2)
    for _ in range(4):
        make_task(status=Status.FAILED)
    make_task(status=Status.RUNNING)
    assert counted(reader) == {"generating": "1", "succeeded": "", "failed": "1+"}


# Pages


def test_pages_follow_each_other_without_gap_or_repeat_while_tasks_arrive(
    reader: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "ROWS", 3)
    for number in range(1, 9):
        make_task(f"cgt-{number}")
    first = reader.get("/")
    make_task("cgt-9")
    second = reader.get(f"/{first.context['older_url']}")
    third = reader.get(f"/{second.context['older_url']}")
    pages = [
        [s.task.remote_id[-1] for s in page.context["presented"]] for page in (first, second, third)
    ]
    assert pages == [["8", "7", "6"], ["5", "4", "3"], ["2", "1"]]
    assert third.context["page"].older is None
    back = reader.get(f"/{third.context['newer_url']}")
    assert [s.task.remote_id[-1] for s in back.context["presented"]] == ["5", "4", "3"]


def test_somebody_of_several_projects_sees_them_as_one_list(
    client_of: ClientOf,
    member: User,
    make_task: MakeTask,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "ROWS", 3)
    theirs, others = Project.objects.create(name="Theirs"), Project.objects.create(name="Others")
    Membership.objects.create(user=member, project=theirs)
    homes = [project, theirs, others]
    tasks = [make_task(f"cgt-{n}", project=homes[n % 3]) for n in range(12)]
    reader = client_of(member)
    assert presented(reader) == ["cgt-10", "cgt-9", "cgt-7"]
    assert presented(reader, f"?before={tasks[7].pk}") == ["cgt-6", "cgt-4", "cgt-3"]
    assert presented(reader, f"?after={tasks[3].pk}") == ["cgt-7", "cgt-6", "cgt-4"]
    assert presented(reader, f"?project={theirs.pk}") == ["cgt-10", "cgt-7", "cgt-4"]


def test_newer_than_the_newest_page_is_the_newest_page(reader: Client, make_task: MakeTask) -> None:
    task = make_task("cgt-1")
    page = reader.get(f"/?after={task.pk}").context["page"]
    assert page.is_first
    assert [each.remote_id for each in page.tasks] == ["cgt-1"]


# Who sees what


def test_a_stranger_sees_nothing_of_it(
    client_of: ClientOf, stranger: User, make_task: MakeTask, member: User
) -> None:
    make_task(prompt="secret prompt", created_by=member)
    response = client_of(stranger).get("/")
    assert response.context["presented"] == []
    statuses = response.context["statuses"]
    assert all(choice.count.number == 0 for choice in [*statuses.in_line, *statuses.rare])
    assert b"secret prompt" not in response.content
    assert b">member<" not in response.content


def test_somebody_in_no_project_is_told_so(client_of: ClientOf, make_task: MakeTask) -> None:
    make_task()
    nobody = User.objects.create_user("nobody")
    assert "No project yet" in text_of(client_of(nobody))


def test_the_three_empty_lists_differ(
    reader: Client, client_of: ClientOf, staff: User, make_task: MakeTask
) -> None:
    assert "Nothing here yet" in text_of(reader)
    assert "/welcome/" in text_of(client_of(staff))
    assert "/welcome/" not in text_of(reader)
    make_task()
    assert "No matches" in text_of(reader, "?status=failed")


def test_trouble_with_a_credential_is_shown_to_people_who_work_here(
    reader: Client, client_of: ClientOf, credential: Credential, staff: User
) -> None:
    Credential.objects.update(trouble="unauthorized", trouble_since=timezone.now())
    nobody = client_of(User.objects.create_user("nobody"))
    assert "The provider rejected the key" in text_of(reader)
    assert f"/credentials/{credential.pk}/" in text_of(client_of(staff))
    assert credential.name not in text_of(nobody)


# The price


def _many(make_task: MakeTask, person: User) -> None:
    for number in range(30):
        status = list(Status)[number % len(Status)]
        task = make_task(status=status, created_by=person, search_text=searchable("cat"))
        for kind in CopyKind:
            Copy.objects.create(task=task, kind=kind, created_at=timezone.now())


@pytest.mark.parametrize("query", ["", "?status=failed", "?provider=dataeyes", "?before=99999"])
def test_the_list_asks_as_much_for_thirty_tasks_as_for_one(
    reader: Client,
    make_task: MakeTask,
    member: User,
    query: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_task(status=Status.FAILED, created_by=member)
    make_task(status=Status.QUEUED, created_by=member)
    reader.get("/")  # the dock's price is kept until the person's next task
    some_seconds_later()
    # session with person, last change, newest id, their projects, ids, rows, copies, stars, counts,
    # three drop-downs, trouble, whether one may work, their newest task; the header's two: what is
    # at risk, who is silent; and the places of queued tasks, where there are any
    number = 18 if "failed" in query else 19
    with django_assert_num_queries(number):
        reader.get(f"/{query}").content.decode()
    _many(make_task, member)
    reader.get("/")
    some_seconds_later()
    with django_assert_num_queries(number):
        reader.get(f"/{query}").content.decode()


def test_no_list_reads_the_long_columns(reader: Client, make_task: MakeTask, member: User) -> None:
    make_task(raw="{}")
    task: Task = reader.get("/").context["presented"][0].task
    assert {"raw", "search_text"} <= task.get_deferred_fields()
