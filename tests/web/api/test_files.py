"""Links to a task's files: they play for who has them, as long as token and task live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.clients import links
from tasks.models import Copy, CopyKind, Membership, Project, Task, TokenScope
from tasks.providers.status import Status
from tasks.team.tokens import revoke
from tests.tokens import asked_by
from tests.web.api.conftest import Program, ProgramOf
from tests.web.conftest import SaveCopy

ORIGINAL = "https://cdn.example/original.mp4?signature=1"


@pytest.fixture
def task(program: Program) -> Task:
    program.create()
    Task.objects.update(status=Status.SUCCEEDED)
    return Task.objects.get()


def follow(task: Task, **fields: Any) -> Copy:
    now = timezone.now()
    known = {"url": ORIGINAL, "created_at": now, "link_ends_at": now + timedelta(hours=1)}
    return Copy.objects.create(task=task, kind=CopyKind.VIDEO, **known | fields)


def link_of(program: Program) -> str:
    [task] = program.list().json()["items"]
    url: str = task["content"]["video_url"]
    return url.removeprefix("http://testserver")


def test_a_link_leads_to_the_original_until_ours_is_saved(
    program: Program, task: Task, client: Client
) -> None:
    follow(task)
    answer = client.get(link_of(program))
    assert (answer.status_code, answer["Location"]) == (302, ORIGINAL)
    assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "fields", [{"needs_key": True}, {"link_ends_at": timezone.now() - timedelta(hours=1)}]
)
def test_an_original_that_cannot_be_given_is_waited_for(
    program: Program, task: Task, client: Client, fields: dict[str, Any]
) -> None:
    follow(task, **fields)
    answer = client.get(link_of(program))
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_who_sees_no_details_is_not_led_to_the_provider(
    program_of: ProgramOf, viewer: User, task: Task, client: Client
) -> None:
    follow(task)
    assert client.get(link_of(program_of(viewer, TokenScope.READ))).status_code == 503


def test_a_saved_video_is_sent_in_ranges_to_whoever_has_the_link(
    program: Program, task: Task, client: Client, save_copy: SaveCopy
) -> None:
    save_copy(task, b"0123456789")
    answer = client.get(link_of(program), headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_link_is_dead_with_its_token_its_task_and_its_membership(
    program: Program,
    program_of: ProgramOf,
    member: User,
    task: Task,
    client: Client,
    project: Project,
) -> None:
    follow(task)
    first, second, third = (link_of(program_of(member)) for _ in range(3))
    assert client.get(first).status_code == 302
    revoke(asked_by(member), program.token, timezone.now())
    dead = links.url_of(task, CopyKind.VIDEO, token=program.token.pk, origin="")
    assert client.get(dead).status_code == 404
    Task.objects.update(deleted_at=timezone.now())
    assert client.get(second).status_code == 404
    Task.objects.update(deleted_at=None)
    Membership.objects.filter(user=member, project=project).delete()
    assert client.get(third).status_code == 404


def test_a_forged_link_opens_nothing(program: Program, task: Task, client: Client) -> None:
    follow(task)
    link = link_of(program)
    signed, _slash, name = link.rpartition("/")
    forged = signed[:-1] + ("a" if signed[-1] != "a" else "b")
    assert client.get(f"{forged}/{name}").status_code == 404
    assert client.post(link).status_code == 405


def test_a_link_plays_for_thirty_days(
    program: Program, task: Task, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(task)
    link = link_of(program)
    assert timedelta(days=30) == links.LIFE
    monkeypatch.setattr(links, "LIFE", timedelta(seconds=-1))
    assert client.get(link).status_code == 404
