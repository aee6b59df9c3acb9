"""The live feed: its answers to an open page, and its cost while nothing happens."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Membership, StatusChange
from tasks.providers.status import Status
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf
from tests.web.live_pages import FILM, ask, change, poller, reader, swapped

__all__ = ["reader"]


# Silence


def test_while_nothing_changes_the_answer_is_empty(reader: Client, make_task: MakeTask) -> None:
    make_task()
    answer = ask(reader, reader.get("/"))
    assert answer.status_code == 204
    assert answer.content == b""


def test_a_quiet_question_costs_one_query_beyond_the_session_and_the_person(
    reader: Client, make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_task()
    page = reader.get("/?status=running&q=cat")
    with django_assert_num_queries(2) as asked:
        assert ask(reader, page).status_code == 204
    assert "tasks_projectchange" in asked.captured_queries[1]["sql"]


def test_a_page_with_live_tasks_asks_often_and_another_seldom(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task(status=Status.RUNNING)
    page = reader.get("/")
    assert poller(page)[1] == 2
    change(task, status=Status.FAILED)
    assert poller(ask(reader, page))[1] == 20
    assert poller(reader.get("/"))[1] == 20


@pytest.mark.parametrize("path", ["/", "/?status=running", "/tasks/{task}/", "/archive/"])
def test_a_change_in_a_project_that_the_page_does_not_show_costs_what_silence_costs(
    client_of: ClientOf,
    member: User,
    stranger: User,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
) -> None:
    reader, elsewhere = client_of(member), make_task(project=stranger.projects.get())
    page = reader.get(path.format(task=make_task(status=Status.RUNNING).pk))
    for progress in (1, 2, 3):
        change(elsewhere, progress=progress)
        with django_assert_num_queries(2):
            assert ask(reader, page).status_code == 204


def test_one_project_is_all_that_a_page_of_one_asks_about(
    client_of: ClientOf,
    member: User,
    stranger: User,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    other = stranger.projects.get()
    Membership.objects.create(user=member, project=other)
    own, elsewhere = make_task(), make_task(project=other)
    staff = User.objects.create_superuser("admin")
    for person in (member, staff):
        reader = client_of(person)
        for path in (f"/?project={own.project_id}", f"/tasks/{own.pk}/"):
            page = reader.get(path)
            change(elsewhere, progress=5)
            with django_assert_num_queries(2):
                assert ask(reader, page).status_code == 204
            change(own, progress=(own.progress or 0) + 1)
            assert ask(reader, page).status_code == 200


def test_a_change_of_a_row_that_the_page_does_not_show_reads_no_row(
    reader: Client,
    make_task: MakeTask,
    member: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_task(status=Status.FAILED)
    hidden = make_task(status=Status.RUNNING)
    page = reader.get("/?status=failed")
    change(hidden, progress=5)
    # session with person, their projects; changes of the rows shown; newest id, counts
    with django_assert_num_queries(5):
        answer = ask(reader, page)
    assert swapped(answer) == set()
    assert ask(reader, answer).status_code == 204
    # Somebody else's page of the same list, within the second: the counts are known.
    with django_assert_num_queries(3):
        assert ask(reader, page).status_code == 200


def test_pages_that_show_the_same_row_read_it_once(
    client_of: ClientOf,
    member: User,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    colleague = User.objects.create_user("colleague")
    task = make_task()
    Membership.objects.create(user=colleague, project=task.project)
    readers = [client_of(member), client_of(colleague)]
    pages = [reader.get("/") for reader in readers]
    change(task, progress=41)
    # session with person, their projects; changes of the rows; row, copies; newest id, counts
    for each, page, number in zip(readers, pages, (7, 3), strict=True):
        with django_assert_num_queries(number):
            assert b"41 %" in ask(each, page).content
    change(task, progress=42)
    assert b"42 %" in ask(readers[1], pages[1]).content, "another change is another row"


def test_counts_are_shared_for_a_second_and_the_page_asks_again_until_it_has_the_last(
    reader: Client, make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ended, task = make_task(status=Status.FAILED), make_task(status=Status.FAILED)
    page = reader.get("/")
    change(ended, total_tokens=5)
    first = ask(reader, page)
    assert poller(first)[1] == 20
    change(task, status=Status.SUCCEEDED)
    second = ask(reader, first)
    assert f"t{task.pk}-status" in swapped(second)
    assert "statuses" not in swapped(second), "what was counted a moment ago"
    assert poller(second)[1] == 2, "though nothing on it is moving"
    some_seconds_later()
    third = ask(reader, second)
    assert swapped(third) == {"statuses", "rare-statuses", "rare-count"}
    assert poller(third)[1] == 20
    assert ask(reader, third).status_code == 204


def test_who_leaves_a_project_loses_its_rows_at_the_next_question(
    client_of: ClientOf, member: User, stranger: User, make_task: MakeTask
) -> None:
    other = stranger.projects.get()
    membership = Membership.objects.create(user=member, project=other)
    left, kept = make_task(project=other), make_task()
    reader = client_of(member)
    pages = {path: reader.get(path) for path in ("/", f"/tasks/{left.pk}/")}
    membership.delete()
    text = ask(reader, pages["/"]).content.decode()
    assert f'id="t{left.pk}" hx-swap-oob="delete"' in text
    assert f't{kept.pk}"' not in text
    assert ask(reader, pages[f"/tasks/{left.pk}/"]).headers["HX-Refresh"] == "true"


def test_who_joins_a_project_gets_its_changes_from_then_on(
    client_of: ClientOf, member: User, stranger: User, make_task: MakeTask
) -> None:
    other = make_task(project=stranger.projects.get())
    make_task()
    reader = client_of(member)
    page = reader.get("/")
    Membership.objects.create(user=member, project=other.project)
    joined = ask(reader, page)
    assert "statuses" in swapped(joined)
    assert ask(reader, joined).status_code == 204
    some_seconds_later()
    change(other, status=Status.FAILED)
    assert "statuses" in swapped(ask(reader, joined))


def test_a_task_that_moves_to_another_project_leaves_the_pages_of_the_first(
    client_of: ClientOf, member: User, stranger: User, make_task: MakeTask
) -> None:
    task, stays = make_task(), make_task()
    reader = client_of(member)
    pages = {path: reader.get(path) for path in ("/", f"/tasks/{task.pk}/")}
    change(task, project=stranger.projects.get())
    text = ask(reader, pages["/"]).content.decode()
    assert f'id="t{task.pk}" hx-swap-oob="delete"' in text
    assert f't{stays.pk}"' not in text
    assert ask(reader, pages[f"/tasks/{task.pk}/"]).headers["HX-Refresh"] == "true"


# Who is told what


def test_ids_of_other_projects_are_ignored(
    client_of: ClientOf, stranger: User, make_task: MakeTask
) -> None:
    task = make_task(prompt="secret prompt")
    url = f"/live/?after=0&page=list&on={task.pk}ln00000000&newest=0"
    for page in (url, url.replace("page=list", "page=task"), url.replace("?", "?fresh=1&")):
        answer = client_of(stranger).get(page)
        assert answer.status_code == 200
        assert f"t{task.pk}-" not in answer.content.decode()
        assert "secret" not in answer.content.decode()
        assert "new task" not in answer.content.decode()


def test_somebody_signed_out_is_told_nothing(client: Client, db: None) -> None:
    answer = client.get("/live/?after=0", headers={"hx-request": "true"})
    assert (answer.status_code, answer.content) == (401, b"")
    assert "HX-Refresh" not in answer.headers  # the page says so itself, and stays


def test_a_disabled_person_is_told_nothing_more(
    reader: Client, member: User, make_task: MakeTask
) -> None:
    make_task()
    page = reader.get("/")
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert ask(reader, page).status_code == 401


@pytest.mark.each_case
@pytest.mark.parametrize(
    "query",
    [
        "",
        "after=x&on=y&newest=z&media=;&page=?",
        f"after={'9' * 40}&on={'9' * 40}ln00000000&newest={'9' * 40}",
        "after=-1&on=1ln0000000.1xn00000000..&tally=%00&q=%00&page=task",
        "on=" + ".".join(f"{n}ln00000000" for n in range(5000)),
    ],
)
def test_any_question_gets_an_answer(reader: Client, make_task: MakeTask, query: str) -> None:
    make_task()
    assert reader.get(f"/live/?{query}").status_code == 200


def test_an_answer_costs_as_much_for_thirty_rows_as_for_one(
    reader: Client, make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tasks = [make_task() for _ in range(30)]
    page = reader.get("/")
    # session with person, their projects; changes of the rows; rows, copies; newest id, counts
    for changed in (tasks[:1], tasks):
        some_seconds_later()
        for task in changed:
            change(task, progress=1)
        with django_assert_num_queries(7):
            ask(reader, page)


# A task's own page


def test_a_tasks_page_changes_by_itself(reader: Client, make_task: MakeTask) -> None:
    task = make_task(status=Status.RUNNING)
    page = reader.get(f"/tasks/{task.pk}/")
    now = timezone.now()
    change(
        task,
        status=Status.SUCCEEDED,
        video_url=FILM,
        link_ends_at=now + timedelta(hours=24),
        total_tokens=246840,
        raw='{"content": 1}',
    )
    StatusChange.objects.create(task=task, was="running", became="succeeded", at=now)
    answer = ask(reader, page)
    text = " ".join(answer.content.decode().split())
    assert {
        *("task-status", "task-facts", "task-timeline", "task-groups", "task-links", "raw"),
        f"t{task.pk}-screen",
    } <= swapped(answer)
    assert f'data-task="{task.remote_id}" data-status="succeeded"' in text
    assert "246,840" in text
    assert "<video" in text
    assert "status is now: Succeeded." in text
    assert poller(answer)[1] == 20


def test_an_error_appears_on_the_page_by_itself(reader: Client, make_task: MakeTask) -> None:
    task = make_task(status=Status.RUNNING)
    page = reader.get(f"/tasks/{task.pk}/")
    change(task, status=Status.FAILED, error_code="InternalServiceError")
    assert "InternalServiceError" in ask(reader, page).content.decode()


def test_a_page_reloads_where_its_policy_does_not_cover_the_films_host(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task(status=Status.RUNNING)
    page = reader.get(f"/tasks/{task.pk}/")
    change(task, status=Status.SUCCEEDED, video_url="https://elsewhere.example/film.mp4")
    assert ask(reader, page).headers["HX-Refresh"] == "true"
    again = reader.get(f"/tasks/{task.pk}/")
    change(task, total_tokens=7)
    answer = ask(reader, again)
    assert "HX-Refresh" not in answer.headers
    assert f"t{task.pk}-screen" not in swapped(answer)


def test_the_health_page_asks_the_database_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok"
