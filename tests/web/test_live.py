"""The live feed: its answers to an open page, and its cost while nothing happens."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import ChangeCounter, Membership, StatusChange, Task
from tasks.status import Status
from tasks.web import live_feed
from tasks.web.lists.paging import ROWS
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf

FILM = "https://gateway.example/film.mp4"
_POLLER = re.compile(r'<div id="live"\s+hx-get="([^"]+)"\s+hx-trigger="every (\d+)s, wake"')


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def poller(response: Any) -> tuple[str, int]:
    """The address that the page asks next, and the seconds until then."""
    found = _POLLER.findall(response.content.decode())
    assert len(found) == 1, "one live request per page"
    url, seconds = found[0]
    return unescape(url), int(seconds)


def ask(client: Client, page: Any) -> Any:
    return client.get(poller(page)[0], headers={"hx-request": "true"})


def change(task: Task, **fields: object) -> None:
    """Change a task as the sweep does: new values, and the next number of the counter."""
    for name, value in fields.items():
        setattr(task, name, value)
    task.change = ChangeCounter.objects.next()
    task.save()


def swapped(response: Any) -> set[str]:
    """The ids that are swapped out of band."""
    return set(re.findall(r'id="([^"]+)"[^>]*hx-swap-oob', response.content.decode()))


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
    with django_assert_num_queries(3) as asked:
        assert ask(reader, page).status_code == 204
    assert "tasks_projectchange" in asked.captured_queries[2]["sql"]


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
        with django_assert_num_queries(3):
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
            with django_assert_num_queries(3):
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
    # session, person, their projects; changes of the rows shown; newest id, counts
    with django_assert_num_queries(6):
        answer = ask(reader, page)
    assert swapped(answer) == set()
    assert ask(reader, answer).status_code == 204
    # Somebody else's page of the same list, within the second: the counts are known.
    with django_assert_num_queries(4):
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
    # session, person, their projects; changes of the rows; row, copies; newest id, counts
    for reader, page, number in zip(readers, pages, (8, 4), strict=True):
        with django_assert_num_queries(number):
            assert b"41 %" in ask(reader, page).content
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


# News in the list


def test_only_the_changed_row_is_sent_and_never_as_a_whole(
    reader: Client, make_task: MakeTask
) -> None:
    quiet, busy = make_task(), make_task(status=Status.QUEUED)
    page = reader.get("/")
    change(busy, status=Status.RUNNING)
    answer = ask(reader, page)
    assert {f"t{busy.pk}-words", f"t{busy.pk}-status", f"t{busy.pk}-facts"} <= swapped(answer)
    assert f'id="t{busy.pk}"' not in answer.content.decode()
    assert f"t{quiet.pk}-" not in answer.content.decode()
    text = " ".join(answer.content.decode().split())
    assert f'data-task="{busy.remote_id}" data-status="running"' in text


def test_a_finished_film_is_swapped_in_once_and_its_player_then_left_alone(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task(status=Status.RUNNING)
    page = reader.get("/")
    change(task, status=Status.SUCCEEDED, video_url=FILM)
    first = ask(reader, page)
    assert f"t{task.pk}-screen" in swapped(first)
    assert b"<video" in first.content
    change(task, total_tokens=5)
    second = ask(reader, first)
    assert f"t{task.pk}-facts" in swapped(second)
    assert f"t{task.pk}-screen" not in swapped(second)
    assert b"<video" not in second.content


def test_what_finished_is_announced_once(reader: Client, make_task: MakeTask) -> None:
    tasks = [make_task(), make_task(), make_task()]
    page = reader.get("/")
    change(tasks[0], status=Status.SUCCEEDED)
    change(tasks[1], status=Status.FAILED)
    change(tasks[2], progress=10)
    answer = ask(reader, page)
    assert "2 tasks finished" in answer.content.decode()
    change(tasks[0], total_tokens=1)
    assert "finished" not in ask(reader, answer).content.decode()


def ask_for_new(client: Client, page: Any) -> Any:
    """Press the pill, which the page does by itself while nobody is busy on it."""
    url = poller(page)[0].replace("?", "?fresh=1&", 1)
    return client.get(url, headers={"hx-request": "true"})


def arrived(response: Any) -> list[int]:
    """The ids of the rows that come as a whole, from the top."""
    return [int(pk) for pk in re.findall(r'<li class="take[^>]*id="t(\d+)"', as_text(response))]


def as_text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_new_tasks_wait_behind_their_number(reader: Client, make_task: MakeTask) -> None:
    make_task()
    page = reader.get("/")
    fresh = make_task("cgt-fresh")
    answer = ask(reader, page)
    assert "1 new task" in answer.content.decode()
    assert fresh.remote_id not in answer.content.decode()
    make_task()
    assert "2 new tasks" in ask(reader, answer).content.decode()


def test_new_tasks_are_those_that_fit_the_filters(reader: Client, make_task: MakeTask) -> None:
    make_task(status=Status.FAILED)
    page = reader.get("/?status=failed")
    make_task(status=Status.RUNNING)
    assert "new-tasks" not in swapped(ask(reader, page))
    make_task(status=Status.FAILED)
    text = ask(reader, page).content.decode()
    assert "1 new task" in text
    assert 'href="/?status=failed"' in text


def test_their_rows_come_when_they_are_wanted_and_only_once(
    reader: Client, make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_task()
    page = reader.get("/")
    new = [make_task().pk, make_task().pk]
    told = ask(reader, page)
    # session, person, their projects; changes of the rows shown; ids, rows, copies, stars of the
    # new ones; whether the project is named; the counts are those of the last answer
    with django_assert_num_queries(9):
        answer = ask_for_new(reader, told)
    assert arrived(answer) == new[::-1]
    assert {"takes", "new-tasks"} <= swapped(answer)
    assert "new-tasks-link" not in as_text(answer)
    assert "2 new tasks" in as_text(answer), "it is said"
    assert ask(reader, answer).status_code == 204
    assert arrived(ask_for_new(reader, answer)) == []
    change(Task.objects.get(pk=new[0]), status=Status.FAILED)
    assert f"t{new[0]}-status" in swapped(ask(reader, answer)), "it is as live as the others"


def test_the_rows_that_come_begin_a_day(reader: Client, make_task: MakeTask) -> None:
    make_task(created_at=timezone.now() - timedelta(days=1))
    page = reader.get("/")
    make_task()
    today = timezone.localdate()
    answer = as_text(ask_for_new(reader, page))
    assert f'<li class="day" id="day-{today:%Y%m%d}">' in answer
    assert answer.index('class="day"') < answer.index('class="take')
    assert f'data-today="{today:%Y-%m-%d}"' in answer


def test_rows_that_do_not_fit_the_filters_do_not_come_until_they_do(
    reader: Client, make_task: MakeTask
) -> None:
    page = reader.get("/?status=failed")
    first, second = make_task(), make_task(status=Status.FAILED)
    answer = ask_for_new(reader, page)
    assert arrived(answer) == [second.pk]
    change(first, status=Status.FAILED)
    some_seconds_later()
    told = ask(reader, answer)
    assert "1 new task" in as_text(told)
    assert arrived(ask_for_new(reader, told)) == [first.pk]


def test_many_new_tasks_come_a_page_at_a_time_from_the_oldest_on(
    reader: Client, make_task: MakeTask
) -> None:
    page = reader.get("/")
    new = [make_task().pk for _ in range(ROWS + 2)]
    some_seconds_later()
    answer = ask_for_new(reader, page)
    assert arrived(answer) == new[:ROWS][::-1]
    assert "2 new tasks </a>" in as_text(answer)
    assert arrived(ask_for_new(reader, answer)) == new[:-3:-1]


def test_the_oldest_rows_leave_a_page_that_grows_and_are_found_on_the_next(
    reader: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_feed, "MOST_ROWS", 3)
    old = [make_task().pk for _ in range(3)]
    page = reader.get("/")
    new = [make_task().pk, make_task().pk]
    answer = ask_for_new(reader, page)
    text = as_text(answer)
    assert arrived(answer) == new[::-1]
    assert {f"t{pk}" for pk in old[:2]} <= swapped(answer)
    assert f't{old[2]}"' not in text
    assert "pages" in swapped(answer)
    assert f'href="?before={old[2]}"' in text
    assert all(f"{pk}l" not in poller(answer)[0] for pk in old[:2])


def test_an_older_page_gets_no_rows(reader: Client, make_task: MakeTask) -> None:
    make_task()
    page = reader.get(f"/?before={make_task().pk}")
    make_task()
    assert arrived(ask_for_new(reader, page)) == []


def test_an_older_page_is_not_told_of_new_tasks(reader: Client, make_task: MakeTask) -> None:
    make_task()
    page = reader.get(f"/?before={make_task().pk}")
    make_task()
    assert "new-tasks" not in swapped(ask(reader, page))


def test_counts_are_sent_when_one_of_them_has_changed(reader: Client, make_task: MakeTask) -> None:
    task = make_task()
    page = reader.get("/")
    change(task, progress=10)
    answer = ask(reader, page)
    assert "statuses" not in swapped(answer)
    some_seconds_later()
    change(task, status=Status.SUCCEEDED)
    assert "statuses" in swapped(ask(reader, answer))


def test_a_film_on_a_host_that_the_page_may_not_play_from_is_a_link_to_its_page(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task()
    page = reader.get("/")
    change(task, status=Status.SUCCEEDED, video_url="https://elsewhere.example/film.mp4")
    text = ask(reader, page).content.decode()
    assert "<video" not in text
    assert f'<a href="/tasks/{task.pk}/">Watch on the task\'s page</a>' in text


def test_a_film_on_the_providers_own_host_plays_without_a_reload(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task()
    page = reader.get("/")
    url = "https://ark-content.tos-cn-beijing.volces.com/film.mp4?X-Tos-Date=x"
    change(task, status=Status.SUCCEEDED, video_url=url)
    assert b"<video" in ask(reader, page).content


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
    # session, person, their projects; changes of the rows; rows, copies; newest id, counts
    for changed in (tasks[:1], tasks):
        some_seconds_later()
        for task in changed:
            change(task, progress=1)
        with django_assert_num_queries(8):
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
