"""Continuing from the last frame of a saved video, where the provider gave none."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.media import posters
from tasks.media.containers import read_image
from tasks.models import (
    Copy,
    CopyKind,
    Credential,
    Membership,
    Project,
    Relation,
    Role,
    Task,
    Upload,
)
from tasks.providers.status import Status
from tasks.simulator.media import CLIPS
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.web.composing import ark, desk
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.test_lineage import SEEDED, came, press

__all__ = ["ark", "desk"]
CLIP = (CLIPS / "aurora.mp4").read_bytes()  # 960 × 540
UNREADABLE = "read the last frame from the saved video. Add a picture instead."


@pytest.fixture
def parent(make_task: MakeTask, ark: Credential, save_copy: SaveCopy) -> Task:
    pytest.importorskip("av")
    task = make_task(credential=ark, status=Status.SUCCEEDED, model=SEEDED, prompt="A boat")
    save_copy(task, CLIP)
    return task


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, parent: Task) -> list[object]:
    """The videos whose last frame was read, by a quick pretender."""
    videos: list[object] = []

    def last_frame(path: object) -> bytes:
        videos.append(path)
        return png(640, 480)

    monkeypatch.setattr(posters, "last_frame", last_frame)
    return videos


def opened(desk: Client, task: Task) -> Any:
    """The form that "Continue from last frame" opens."""
    return desk.post(f"/tasks/{task.pk}/continue/", follow=True)


def test_the_last_frame_of_the_saved_video_becomes_the_first_one_of_the_next(
    desk: Client, parent: Task
) -> None:
    form = opened(desk, parent).context["form"]
    upload = Upload.objects.get()
    assert (upload.project, upload.kind) == (parent.project, "png")
    assert (upload.width, upload.height) == (960, 540)
    assert read_image(BytesIO(upload.content())).format == "png"
    given = {"mode": "first_frame", "first_frame": f"upload:{upload.pk}"}
    assert {name: form[name].value() for name in given} == given
    assert form["return_last_frame"].value() and form["prompt"].value() == "A boat"
    assert came(press(desk, origin=parent.pk, **given)) == (parent.pk, Relation.CONTINUED)


def test_the_tasks_page_offers_it_and_looking_at_the_form_keeps_nothing(
    desk: Client, parent: Task, read: list[object]
) -> None:
    assert f"/tasks/{parent.pk}/continue/" in desk.get(parent.get_absolute_url()).content.decode()
    form = desk.get(f"/tasks/new/?from={parent.pk}&as=continued").context["form"]
    assert not form["first_frame"].value()
    assert (read, Upload.objects.count()) == ([], 0)


def test_it_is_read_once_as_long_as_the_picture_is_there(
    desk: Client, parent: Task, read: list[object]
) -> None:
    for _ in range(2):
        opened(desk, parent)
    assert len(read) == 1 and Upload.objects.count() == 1
    Upload.objects.update(sha256="")  # it is to be removed
    opened(desk, parent)
    assert len(read) == 2


def test_the_providers_own_frame_is_taken_where_there_is_one(
    desk: Client, parent: Task, read: list[object], save_copy: SaveCopy
) -> None:
    link = "https://a.example/last.png"
    Task.objects.update(last_frame_url=link)
    assert opened(desk, parent).context["form"]["first_frame"].value() == link
    save_copy(parent, png(320, 320), kind=CopyKind.LAST_FRAME)
    opened(desk, parent)
    assert (Upload.objects.get().width, read) == (320, [])


def test_a_frame_that_cannot_be_read_is_told_and_the_form_is_there(
    desk: Client, parent: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "last_frame", lambda path: None)
    page = opened(desk, parent)
    assert UNREADABLE in page.content.decode()
    form = page.context["form"]
    assert (form["mode"].value(), form["prompt"].value()) == ("first_frame", "A boat")
    assert not form["first_frame"].value() and not Upload.objects.exists()


def test_a_real_file_that_is_no_video_is_told_too(
    desk: Client, make_task: MakeTask, ark: Credential, save_copy: SaveCopy
) -> None:
    pytest.importorskip("av")
    task = make_task(credential=ark, status=Status.SUCCEEDED, model=SEEDED)
    save_copy(task, b"no film")
    assert UNREADABLE in opened(desk, task).content.decode()


def test_a_link_that_has_ended_is_not_given(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    link = {"last_frame_url": "https://a.example/last.png", "link_ends_at": timezone.now()}
    task = make_task(credential=ark, status=Status.SUCCEEDED, model=SEEDED, **link)
    page = opened(desk, task)
    assert "no last frame to continue from" in page.content.decode()
    assert not page.context["form"]["first_frame"].value()


def test_without_any_frame_the_form_says_so(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    task = make_task(credential=ark, status=Status.SUCCEEDED, model=SEEDED)
    assert "no last frame to continue from" in opened(desk, task).content.decode()


def test_without_pyav_it_is_as_if_there_were_none(
    desk: Client, parent: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "can_make", lambda: False)
    page = desk.get(parent.get_absolute_url()).content.decode()
    assert f"/tasks/{parent.pk}/continue/" not in page
    assert "no last frame to continue from" in opened(desk, parent).content.decode()


def test_who_only_looks_at_a_project_adds_no_picture_to_it(
    client_of: ClientOf, viewer: User, parent: Task, read: list[object]
) -> None:
    """The person works in another project, and so has a form."""
    other = Project.objects.create(name="Other")
    Membership.objects.create(project=other, user=viewer, role=Role.MEMBER)
    Project.objects.update(viewers_see_details=True)
    opened(client_of(viewer), parent)
    assert not Upload.objects.exists() and read == []


def test_a_person_who_reads_too_many_is_told(
    desk: Client, parent: Task, read: list[object], settings: Any
) -> None:
    settings.LIMITS = settings.LIMITS | {"upload": (1, 3600)}
    opened(desk, parent)
    Copy.objects.update(frame_sha256=None)
    page = opened(desk, parent).content.decode()
    assert len(read) == 1 and "One person can" in page
