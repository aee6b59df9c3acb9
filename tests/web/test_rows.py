"""A row of the list: what it says, what one makes for all, and what stays each person's own."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import (
    Charge,
    Copy,
    Credential,
    Membership,
    ModelName,
    Price,
    Profile,
    Project,
    Star,
    Task,
)
from tasks.models.charge import day_of
from tasks.providers.status import Status
from tasks.web.lists.paging import ROWS
from tasks.web.presenters import rows
from tests.batched import put_into_a_batch
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.live_pages import ask, change, swapped

MODEL = "doubao-seedance-2-0-260128"


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The ids of the tasks whose rows were rendered, not taken from another page."""
    found: list[int] = []
    render = rows.render_to_string

    def noted(template: str, context: dict[str, Any]) -> Any:
        if template == "tasks/_row_shared.html":
            found.append(context["presented"].task.pk)
        return render(template, context)

    monkeypatch.setattr(rows, "render_to_string", noted)
    yield found


def row_of(client: Client, task: Task, path: str = "/") -> str:
    """The HTML of the task's row, in one line."""
    html = " ".join(client.get(path).content.decode().split())
    [row] = re.findall(rf'<li class="take [^>]* id="t{task.pk}">.*?</li>', html)
    return row


def in_sight(html: str) -> str:
    """The words that are there to be read, without tooltips and what is hidden."""
    html = re.sub(r'<span class="visually-hidden">.*?</span></span>', "", html)
    return re.sub(r"<[^>]*>", " ", html)


# What it says


def test_a_finished_clip_has_no_badge_and_any_other_has(
    reader: Client, make_task: MakeTask
) -> None:
    for status in Status:
        row = row_of(reader, make_task(status=status))
        assert ('class="state ' in row) is (status != Status.SUCCEEDED), status


def test_the_model_is_named_as_people_say_it(
    reader: Client, make_task: MakeTask, credential: Credential
) -> None:
    ModelName.objects.create(
        provider=credential.provider, name="ep-20261120-abcde", known_as="seedance-2-0-fast-260128"
    )
    for raw, said in {
        MODEL: "Seedance 2.0",
        "ep-20261120-abcde": "Seedance 2.0 fast",
        "somebody-elses-model": "somebody-elses-model",
    }.items():
        words = in_sight(row_of(reader, make_task(model=raw)))
        assert said in words
        assert raw == said or raw not in words


def test_the_id_is_behind_a_button_with_the_raw_name_of_the_model(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task(model=MODEL, prompt="A kite")
    row = row_of(reader, task)
    assert task.remote_id not in in_sight(row)
    assert f'title="{task.remote_id} · {MODEL}"' in row
    assert f'data-copy="#t{task.pk}-id"' in row
    assert f'<span id="t{task.pk}-id">{task.remote_id}</span>' in row


def test_no_row_names_a_credential(
    reader: Client, make_task: MakeTask, credential: Credential
) -> None:
    assert credential.name not in row_of(reader, make_task(status=Status.SUCCEEDED))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            {"error_code": "InputTextSensitiveContentDetected"},
            "moderation rejected the prompt",
        ),
        ({"error_code": "New.Code", "error_message": "As the provider says."}, "As the provider"),
        ({"error_code": "New.Code"}, "New.Code"),
    ],
)
def test_a_failed_row_says_why_in_a_line(
    reader: Client, make_task: MakeTask, error: dict[str, str], words: str
) -> None:
    assert words in in_sight(row_of(reader, make_task(status=Status.FAILED, **error)))


def test_a_row_without_a_clip_says_why_in_a_line(reader: Client, make_task: MakeTask) -> None:
    for status, words in {
        Status.EXPIRED: "finish in the time allowed.",
        Status.LOST: "The provider no longer knows this task.",
        Status.UNCONFIRMED: "known yet whether this video is being generated.",
    }.items():
        assert words in in_sight(row_of(reader, make_task(status=status)))


def test_a_clip_is_new_for_some_minutes(reader: Client, make_task: MakeTask) -> None:
    now = timezone.now()
    fresh = make_task(status=Status.SUCCEEDED, ended_at=now - timedelta(minutes=9))
    older = make_task(status=Status.SUCCEEDED, ended_at=now - timedelta(minutes=11))
    failed = make_task(status=Status.FAILED, ended_at=now)
    assert [" New " in in_sight(row_of(reader, each)) for each in (fresh, older, failed)] == [
        True,
        False,
        False,
    ]
    Task.objects.filter(pk=fresh.pk).update(ended_at=now - timedelta(minutes=11))
    assert " New " not in in_sight(row_of(reader, fresh)), "time alone has passed"


def test_the_length_is_the_files_where_the_model_chose_it(
    reader: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(status=Status.SUCCEEDED, duration=-1, ratio="adaptive")
    save_copy(task, b"film", duration=7.04, width=720, height=1280)
    row = row_of(reader, task)
    assert "7 s" in in_sight(row)
    assert '<li class="take shape-9x16"' in row


def test_a_take_leads_to_its_batch(reader: Client, make_task: MakeTask) -> None:
    takes = [make_task(status=Status.SUCCEEDED) for _ in range(2)]
    batch = put_into_a_batch(takes, parent=make_task())
    row = row_of(reader, takes[1])
    assert "take 2 of 2" in row and f'href="{batch.get_absolute_url()}"' in row


# Money


def charge(task: Task, micros: int, **fields: Any) -> Charge:
    day = day_of(timezone.now())
    price, _made = Price.objects.get_or_create(
        credential=task.credential, model="seedance-2-0-260128", amount="46", valid_from=day
    )
    usual = {"state": "billed", "currency": "CNY", "price": price}
    return Charge.objects.create(
        task=task,
        project=task.project,
        credential=task.credential,
        day=day,
        micros=micros,
        **usual | fields,
    )


def test_money_is_told_where_it_is_known(reader: Client, make_task: MakeTask) -> None:
    billed, reserved, unpriced = (make_task(status=Status.SUCCEEDED) for _ in range(3))
    charge(billed, 5_010_000)
    charge(reserved, 6_020_000, state="reserved")
    charge(unpriced, 0, price=None, currency="")
    named = make_task(status=Status.SUCCEEDED, cost_micros=1_230_000, cost_currency="USD")
    assert "¥5.01" in row_of(reader, billed)
    assert "$1.23" in row_of(reader, named)
    assert "¥" not in row_of(reader, reserved) + row_of(reader, unpriced)


def test_money_comes_by_itself_when_it_is_known(reader: Client, make_task: MakeTask) -> None:
    task = make_task(status=Status.RUNNING)
    page = reader.get("/")
    charge(task, 5_010_000)
    change(task, status=Status.SUCCEEDED)
    answer = ask(reader, page)
    assert f"t{task.pk}-cost" in swapped(answer)
    assert "¥5.01" in answer.content.decode()


# Made once, and told to nobody else


def test_a_row_is_made_once_for_all_who_see_the_same(
    client_of: ClientOf, member: User, manager: User, make_task: MakeTask, rendered: list[int]
) -> None:
    task = make_task(status=Status.SUCCEEDED)
    first, second = client_of(member), client_of(manager)
    assert row_of(first, task) == row_of(second, task) == row_of(first, task, "/?view=grid")
    assert rendered == [task.pk]


def test_what_a_viewer_may_not_see_is_never_taken_from_a_member(
    client_of: ClientOf, member: User, viewer: User, make_task: MakeTask, rendered: list[int]
) -> None:
    task = make_task(status=Status.FAILED, error_code="New.Code", error_message="Secret words.")
    charge(task, 5_010_000)
    secrets = ("Secret words.", "New.Code", "¥5.01")
    for _twice in range(2):
        theirs, own = (row_of(client_of(each), task) for each in (viewer, member))
        assert all(each in own for each in secrets)
        assert not any(each in theirs for each in secrets)
    assert rendered == [task.pk] * 2
    Project.objects.update(viewers_see_details=True)
    assert all(each in row_of(client_of(viewer), task) for each in secrets)
    assert rendered == [task.pk] * 2


def test_the_feed_tells_a_viewer_nothing_that_was_made_for_a_member(
    client_of: ClientOf, member: User, viewer: User, make_task: MakeTask
) -> None:
    task = make_task(status=Status.RUNNING)
    readers = [client_of(each) for each in (member, viewer)]
    pages = [reader.get("/") for reader in readers]
    charge(task, 5_010_000)
    change(task, status=Status.FAILED, error_message="Secret words.")
    own, theirs = (ask(*each).content.decode() for each in zip(readers, pages, strict=True))
    assert "Secret words." in own and "¥5.01" in own
    assert "Secret words." not in theirs and "¥5.01" not in theirs


def test_a_star_is_ones_own(
    client_of: ClientOf, member: User, viewer: User, make_task: MakeTask
) -> None:
    task = make_task(status=Status.SUCCEEDED)
    Star.objects.create(user=member, task=task)
    assert "is-starred" in row_of(client_of(member), task)
    assert "is-starred" not in row_of(client_of(viewer), task)
    Star.objects.all().delete()
    assert "is-starred" not in row_of(client_of(member), task)


def test_each_language_and_time_zone_has_rows_of_its_own(
    client_of: ClientOf, member: User, manager: User, make_task: MakeTask
) -> None:
    noon = timezone.now().replace(2026, 11, 20, 12, 0, 0)
    task = make_task(status=Status.QUEUED, created_at=noon)
    Profile.objects.remember(member, language="zh-hans", time_zone="Asia/Tokyo")
    Profile.objects.remember(manager, language="en", time_zone="America/Sao_Paulo")
    for _twice in range(2):
        chinese, english = (row_of(client_of(each), task) for each in (member, manager))
        assert "排队中" in chinese and ">2026-11-20 21:00</time>" in chinese
        assert "Queued" in english and ">2026-11-20 09:00</time>" in english


def test_projects_are_named_to_those_who_see_several(
    client_of: ClientOf, member: User, manager: User, make_task: MakeTask, project: Project
) -> None:
    task = make_task(status=Status.SUCCEEDED)
    second = Project.objects.create(name="Second")
    Membership.objects.create(project=second, user=manager)
    for _twice in range(2):
        assert project.name not in in_sight(row_of(client_of(member), task))
        assert project.name in in_sight(row_of(client_of(manager), task))


# Never old


def test_a_changed_task_is_never_shown_as_it_was(
    reader: Client, make_task: MakeTask, rendered: list[int]
) -> None:
    task = make_task(status=Status.FAILED, prompt="A kite")
    for fields in ({"prompt": "A boat"}, {"status": Status.SUCCEEDED}, {"resolution": "4k"}):
        row_of(reader, task)
        change(task, **fields)
        assert str(next(iter(fields.values()))) in row_of(reader, task)
    assert len(rendered) == 4


def test_a_changed_file_is_never_shown_as_it_was(
    reader: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(status=Status.SUCCEEDED)
    copy = save_copy(task, b"film", link_ends_at=timezone.now() + timedelta(hours=9))
    assert 'data-kept="saved"' in row_of(reader, task)
    Copy.objects.filter(pk=copy.pk).update(link_ends_at=timezone.now())
    assert 'data-kept="saved_only_here"' in row_of(reader, task), "time alone has passed"
    Copy.objects.filter(pk=copy.pk).update(state="gone", damage="missing")
    assert 'data-kept="missing"' in row_of(reader, task)


def test_names_that_somebody_changes_are_new_at_once(
    client_of: ClientOf, manager: User, member: User, make_task: MakeTask, project: Project
) -> None:
    Membership.objects.create(project=Project.objects.create(name="Second"), user=manager)
    task = make_task(status=Status.SUCCEEDED, created_by=member, model="ep-20261120-abcde")
    reader = client_of(manager)
    row_of(reader, task)
    User.objects.filter(pk=member.pk).update(first_name="Ada", last_name="Lovelace")
    assert "Ada Lovelace" in row_of(reader, task)
    Project.objects.filter(pk=project.pk).update(name="Lantern Street")
    assert "Lantern Street" in row_of(reader, task)
    ModelName.objects.create(
        provider=task.provider, name=task.model, known_as="seedance-2-5-260628"
    )
    assert "Seedance 2.5" in row_of(reader, task)
    member.delete()
    assert "Ada Lovelace" not in row_of(reader, task)


def test_a_clock_is_kept_for_seconds_only(
    reader: Client, make_task: MakeTask, rendered: list[int]
) -> None:
    running = make_task(status=Status.RUNNING)
    row_of(reader, running)
    row_of(reader, running)
    assert rendered == [running.pk]
    some_seconds_later()
    row_of(reader, running)
    assert rendered == [running.pk] * 2


# Its weight


def test_a_page_of_rows_is_light(
    client_of: ClientOf, member: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    for number in range(ROWS + 1):
        task = make_task(
            status=Status.SUCCEEDED,
            prompt=f"{number} " + "A lighthouse at dawn, slow push-in, 35 mm, grain. " * 8,
            model=MODEL,
            resolution="1080p",
            ratio="16:9",
            duration=5,
            created_by=member,
        )
        save_copy(task, b"film", poster=b"image", link_ends_at=timezone.now())
    client = client_of(member)
    client.defaults["HTTP_ACCEPT_ENCODING"] = "gzip"
    for view in ("list", "grid"):
        page = client.get(f"/?view={view}").content
        html = gzip.decompress(page)
        assert html.count(b'<li class="take ') == ROWS
        assert len(html) < 250_000, f"{len(html):,} bytes of HTML"
        assert len(page) < 25_000, f"{len(page):,} bytes on the wire"
