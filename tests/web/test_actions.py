"""The buttons of a task's page and of the archive's rows, as the server decides them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Credential, Submission, SubmissionState, Task
from tasks.providers.status import Status
from tasks.submission.place import record_outcome
from tests.conftest import MakeTask
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf
from tests.web.copies import change as change_copy
from tests.web.copies import copy_of
from tests.web.live_pages import ask, change, swapped

__all__ = ["ark", "desk"]

BUTTONS = {"save-now", "refresh-now", "cancel", "once-more", "go-on", "use-as-reference"}


def buttons(answer: Any) -> set[str]:
    return BUTTONS & set(re.findall(r'id="([a-z-]+)"', answer.content.decode()))


def key_of(answer: Any) -> str:
    return re.findall(r'name="key" value="([^"]+)"', answer.content.decode())[0]


@pytest.fixture
def pressed(desk: Client) -> Task:
    """A task placed here whose request has not been sent yet."""
    desk.post("/tasks/new/", filled())
    return Task.objects.select_related("submission").get()


@pytest.mark.parametrize(
    ("status", "there"),
    [
        (Status.QUEUED, {"refresh-now", "cancel", "once-more"}),
        (Status.RUNNING, {"refresh-now", "once-more"}),
        (Status.SUCCEEDED, {"refresh-now", "once-more"}),
        (Status.FAILED, {"refresh-now", "once-more"}),
    ],
)
def test_a_task_has_the_buttons_of_its_status(
    desk: Client, pressed: Task, status: Status, there: set[str]
) -> None:
    change(pressed, status=status, remote_id="cgt-20261120120000-named")
    page = desk.get(pressed.get_absolute_url())
    assert buttons(page) == there
    assert ("be cancelled" in page.content.decode()) == (status == Status.RUNNING)


def test_a_task_without_a_remote_id_has_no_buttons(desk: Client, pressed: Task) -> None:
    assert buttons(desk.get(pressed.get_absolute_url())) == set()
    row = pressed.submission
    Submission.objects.begin(row.pk, timezone.now())
    record_outcome(row, SubmissionState.UNCONFIRMED, timezone.now())
    assert buttons(desk.get(pressed.get_absolute_url())) == set()


def test_an_open_page_gets_and_loses_buttons_as_the_status_changes(
    desk: Client, pressed: Task
) -> None:
    page = desk.get(pressed.get_absolute_url())
    change(pressed, status=Status.QUEUED, remote_id="cgt-20261120120000-named")
    news = ask(desk, page)
    assert "task-actions" in swapped(news)
    assert buttons(news) == {"refresh-now", "cancel", "once-more"}
    sent = {"key": key_of(news)}
    assert desk.post(f"/tasks/{pressed.pk}/run-again/", sent).status_code == 302
    change(pressed, status=Status.RUNNING)
    assert buttons(ask(desk, news)) == {"refresh-now", "once-more"}


def test_save_now_is_shown_while_there_is_something_to_save(
    desk: Client, make_task: MakeTask
) -> None:
    task = make_task(status=Status.SUCCEEDED)
    copy = copy_of(task)
    page = desk.get(task.get_absolute_url())
    assert buttons(page) == {"refresh-now", "save-now"}
    change_copy(copy, state="saving", bytes_done=5)
    assert buttons(ask(desk, page)) == {"refresh-now"}


def test_existing_buttons_stay_the_same_elements(desk: Client, pressed: Task) -> None:
    """Keep them, as a swap would interrupt a press and give a second click another key."""
    change(pressed, status=Status.QUEUED, remote_id="cgt-20261120120000-named")
    page = desk.get(pressed.get_absolute_url()).content.decode()
    for name in ("make-another", "cancel", "once-more", "refresh-now"):
        [tag] = re.findall(rf'<\w+[^>]*\bid="{name}"[^>]*>', page)
        assert "hx-preserve" in tag


def test_a_viewer_is_sent_no_buttons(
    client_of: ClientOf, viewer: User, make_task: MakeTask, ark: Credential
) -> None:
    task = make_task(credential=ark, status=Status.SUBMITTING)
    reader = client_of(viewer)
    page = reader.get(task.get_absolute_url())
    change(task, status=Status.QUEUED)
    news = ask(reader, page)
    assert "task-status" in swapped(news) and "task-actions" not in swapped(news)
    assert buttons(page) == buttons(news) == set()


def test_news_of_a_task_need_one_query_for_all_rights(
    desk: Client, pressed: Task, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page = desk.get(pressed.get_absolute_url())
    change(pressed, status=Status.QUEUED, remote_id="cgt-20261120120000-named")
    with django_assert_num_queries(11):  # three of them for the price of running it again
        ask(desk, page)


def test_a_row_of_the_archive_has_the_button_while_there_is_something_to_save(
    desk: Client,
    client_of: ClientOf,
    viewer: User,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    copy = copy_of(make_task(status=Status.SUCCEEDED), state="saving")
    button = f'id="c{copy.pk}-save-now"'
    readers = {"member": desk, "viewer": client_of(viewer)}
    pages = {who: reader.get("/archive/") for who, reader in readers.items()}
    assert not any(button in page.content.decode() for page in pages.values())
    change_copy(copy, state="waiting")
    for who, reader in readers.items():
        with django_assert_num_queries(11):
            news = ask(reader, pages[who])
        assert f"c{copy.pk}-save" in swapped(news)
        assert (button in news.content.decode()) == (who == "member")
        assert (button in reader.get("/archive/").content.decode()) == (who == "member")
