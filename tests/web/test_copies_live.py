"""The state of a copy reaches an open page by itself, in few queries."""

from datetime import datetime, timedelta

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.models import Copy, CopyKind, Task
from tests.conftest import MakeTask, some_seconds_later
from tests.web.copies import LINK, change, copy_of, done, now, reader
from tests.web.live_pages import ask, poller, swapped

__all__ = ["done", "now", "reader"]
NEAR = timedelta(minutes=90)
FAR = timedelta(hours=20)


def test_the_mark_changes_by_itself_and_the_player_goes_over_to_our_file(
    reader: Client, done: Task, now: datetime
) -> None:
    copy = copy_of(done, link_ends_at=now + FAR)
    for path in ("/", f"/tasks/{done.pk}/"):
        change(copy, state="waiting", bytes_done=0)
        page = reader.get(path)
        change(copy, state="saving", bytes_done=1, bytes_total=4)
        first = ask(reader, page)
        assert b'data-kept="saving"' in first.content
        assert b"25 %" in first.content
        assert f"t{done.pk}-screen" not in swapped(first), "nothing else has become of the player"
        change(copy, state="saved", name="a.mp4")
        second = ask(reader, first)
        assert b'data-kept="saved"' in second.content
        assert f"t{done.pk}-screen" in swapped(second)
        player = "data-clip" if path == "/" else "<video src"
        assert f'{player}="/tasks/{done.pk}/video"' in second.content.decode()
        change(copy, poster="")
        assert player.encode() not in ask(reader, second).content


def test_a_page_says_once_that_its_video_is_saved(reader: Client, done: Task) -> None:
    copy = copy_of(done)
    page = reader.get(f"/tasks/{done.pk}/")
    change(copy, state="saved", name="a.mp4")
    answer = ask(reader, page)
    assert b"The video is saved." in answer.content
    change(copy, poster="")
    assert b"The video is saved." not in ask(reader, answer).content


def test_a_page_asks_often_while_something_is_being_saved(
    reader: Client, done: Task, now: datetime
) -> None:
    copy = copy_of(done, state="saving")
    assert poller(reader.get("/"))[1] == 2
    change(copy, state="waiting", due_at=now + timedelta(hours=1))
    assert poller(reader.get("/"))[1] == 20
    change(copy, state="waiting", due_at=now)
    assert poller(reader.get("/"))[1] == 2


def test_time_alone_turns_a_mark_where_the_page_asks_for_it(
    reader: Client, done: Task, now: datetime
) -> None:
    copy = copy_of(done, link_ends_at=now + FAR)
    for path in ("/", f"/tasks/{done.pk}/", "/archive/"):
        Copy.objects.update(link_ends_at=now + FAR)
        page = reader.get(path)
        Copy.objects.update(link_ends_at=now + NEAR)  # as if the hours had gone by
        assert ask(reader, page).status_code == 204
        asked = poller(page)[0].replace("?", "?turned=1&")
        answer = reader.get(asked, headers={"hx-request": "true"})
        assert b'data-kept="at_risk"' in answer.content, path
        assert str(copy.pk)


def test_two_files_of_each_row_cost_a_list_and_a_live_answer_one_query(
    reader: Client,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tasks = [make_task(status="succeeded", video_url=LINK) for _ in range(20)]
    copies = [copy_of(task, kind) for task in tasks for kind in CopyKind]
    reader.get("/")  # the dock's price is kept for a while
    some_seconds_later()
    with django_assert_num_queries(18):
        page = reader.get("/")
    for copy in copies:
        change(copy, state="saving", bytes_done=5)
    # session with person, their projects; changes of the rows; rows, copies; newest id, counts
    with django_assert_num_queries(7):
        ask(reader, page)
    quiet = ask(reader, page)
    with django_assert_num_queries(2):
        assert ask(reader, quiet).status_code == 204
