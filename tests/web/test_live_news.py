"""News that the live feed sends to an open list: changed rows, new rows, counts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tasks.providers.status import Status
from tasks.web import live_feed
from tasks.web.lists.paging import ROWS
from tests.conftest import MakeTask, some_seconds_later
from tests.web.live_pages import FILM, ask, change, poller, reader, swapped

__all__ = ["reader"]


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
    assert b"data-clip" in first.content
    change(task, total_tokens=5)
    second = ask(reader, first)
    assert f"t{task.pk}-facts" in swapped(second)
    assert f"t{task.pk}-screen" not in swapped(second)
    assert b"data-clip" not in second.content


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
    # session with person, their projects; changes of the rows shown; ids, rows, copies, stars of
    # the new ones; whether the project is named; the counts are those of the last answer
    with django_assert_num_queries(8):
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
    assert "data-clip=" not in text
    assert f'<a href="/tasks/{task.pk}/">Watch on the task\'s page</a>' in text


def test_a_film_on_the_providers_own_host_plays_without_a_reload(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task()
    page = reader.get("/")
    url = "https://ark-content.tos-cn-beijing.volces.com/film.mp4?X-Tos-Date=x"
    change(task, status=Status.SUCCEEDED, video_url=url)
    assert f'data-clip="{url}"'.encode() in ask(reader, page).content
