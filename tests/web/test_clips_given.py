"""Editing and extending a saved clip: in one step, by a link of ours or the provider's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import Copy, Credential, Relation, Task, Upload, shared_links
from tasks.models.shared_links import OTHERS_FOR
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf, SaveCopy, save_copy
from tests.web.giving import bytes_of
from tests.web.test_lineage import came, press

__all__ = ["ark", "desk", "save_copy"]
V20, V10 = "doubao-seedance-2-0-260128", "doubao-seedance-1-0-pro-250528"
OURS = "https://dailies.example.com"


@pytest.fixture(autouse=True)
def shares(settings: Any) -> None:
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, OURS


@pytest.fixture
def clip(make_task: MakeTask, ark: Credential, save_copy: SaveCopy) -> Task:
    """A finished task whose video is saved, and whose link has ended."""
    task = make_task(credential=ark, status=Status.SUCCEEDED, model=V20, prompt="A boat")
    facts = {"duration": 5.04, "width": 1280, "height": 720, "poster_hash": "5" * 16}
    save_copy(task, b"a video", poster=b"a poster", **facts)
    return task


def opened(desk: Client, task: Task, how: str) -> Any:
    return desk.get(f"/tasks/new/?from={task.pk}&as={how}").context["form"]


@pytest.mark.parametrize(
    ("how", "prompt", "relation"),
    [("edit", "", Relation.CUT), ("extend", "A boat", Relation.EXTENDED)],
)
def test_a_saved_clip_is_edited_and_extended_in_one_step(
    desk: Client, clip: Task, how: str, prompt: str, relation: Relation
) -> None:
    page = desk.get(clip.get_absolute_url()).content.decode()
    assert f"from={clip.pk}&amp;as={how}" in page
    form = opened(desk, clip, how)
    given = {"mode": how, "reference_video": f"clip:{clip.pk}"}
    assert {name: form[name].value() for name in given} == given
    assert (form["prompt"].value() or "") == prompt
    [shown] = form["reference_video"].given
    assert (shown.url, shown.size) == (f"/tasks/{clip.pk}/video", "1280 × 720 · 5.0 s")
    child = press(desk, origin=clip.pk, **given)
    assert came(child) == (clip.pk, relation)
    [medium] = child.submission.generation.media
    assert (medium.url, medium.seconds) == (f"clip:{clip.pk}", 5.04)
    made_from = desk.get(child.get_absolute_url()).content.decode()
    assert f'href="/tasks/{clip.pk}/"' in made_from and "/poster/" in made_from


def test_what_a_model_cannot_do_is_not_offered(desk: Client, clip: Task) -> None:
    Task.objects.filter(pk=clip.pk).update(model=V10)
    page = desk.get(clip.get_absolute_url()).content.decode()
    assert "as=edit" not in page and "as=extend" not in page


def test_without_links_of_ours_the_providers_own_is_given_while_it_lives(
    desk: Client, clip: Task, settings: Any
) -> None:
    settings.SHARES_UPLOADS = False
    assert "as=edit" not in desk.get(clip.get_absolute_url()).content.decode()
    link, soon = "https://a.example/v.mp4", timezone.now() + timedelta(hours=1)
    Task.objects.filter(pk=clip.pk).update(video_url=link, link_ends_at=soon)
    assert "as=edit" in desk.get(clip.get_absolute_url()).content.decode()
    assert opened(desk, clip, "edit")["reference_video"].value() == link
    child = press(desk, origin=clip.pk, mode="edit", reference_video=link)
    assert came(child) == (clip.pk, Relation.CUT)


def test_a_clip_cannot_be_given_where_no_links_are_shared(
    desk: Client, clip: Task, settings: Any
) -> None:
    settings.SHARES_UPLOADS = False
    line = f"clip:{clip.pk}"
    page = desk.post("/tasks/new/", filled(mode="edit", reference_video=line))
    assert "DAILIES_SHARES_UPLOADS" in page.context["form"].errors["reference_video"][0]


@pytest.mark.parametrize("line", ["clip:999999", "clip:x", "clip:", "clip:-1"])
def test_only_clips_of_the_project_can_be_given(desk: Client, clip: Task, line: str) -> None:
    page = desk.post("/tasks/new/", filled(mode="edit", reference_video=line))
    assert page.context["form"].errors["reference_video"]
    assert Task.objects.count() == 1


@pytest.mark.parametrize("gone", ["trash", "video", "unsaved"])
def test_a_deleted_clip_cannot_be_given(desk: Client, clip: Task, gone: str) -> None:
    if gone == "trash":
        Task.objects.filter(pk=clip.pk).update(deleted_at=timezone.now())
    else:
        change = {"deleted_at": timezone.now()} if gone == "video" else {"state": "gone"}
        Copy.objects.filter(task=clip).update(**change)
    page = desk.post("/tasks/new/", filled(mode="edit", reference_video=f"clip:{clip.pk}"))
    assert page.context["form"].errors["reference_video"]
    token = shared_links.url_of(f"clip:{clip.pk}").rpartition("/")[2]
    assert Client().get(f"/shared/{token}").status_code == 404


def test_another_projects_clip_is_not_found(
    client_of: ClientOf, stranger: User, clip: Task, ark: Credential
) -> None:
    theirs = client_of(stranger)
    page = theirs.post("/tasks/new/", filled(mode="edit", reference_video=f"clip:{clip.pk}"))
    assert page.context["form"].errors["reference_video"]
    assert f"/tasks/{clip.pk}/video" not in page.content.decode()


def test_a_clip_is_no_picture(desk: Client, clip: Task) -> None:
    page = desk.post("/tasks/new/", filled(mode="first_frame", first_frame=f"clip:{clip.pk}"))
    assert page.context["form"].errors["first_frame"]


# The link


def test_whoever_has_the_link_gets_the_video_in_ranges(clip: Task) -> None:
    link = shared_links.url_of(f"clip:{clip.pk}")
    address = link.removeprefix(OURS)
    whole = Client().get(address)
    assert (bytes_of(whole), whole["Content-Type"]) == (b"a video", "video/mp4")
    part = Client().get(address, headers={"range": "bytes=2-4"})
    assert (part.status_code, bytes_of(part)) == (206, b"vid")
    assert Client().get(address[:-1] + "x").status_code == 404


def test_a_link_outlives_the_longest_wait_of_a_task(
    clip: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = shared_links.url_of(f"clip:{clip.pk}").rpartition("/")[2]
    assert timedelta(hours=72) < OTHERS_FOR
    monkeypatch.setattr(shared_links, "OTHERS_FOR", timedelta(seconds=-1))
    assert Client().get(f"/shared/{token}").status_code == 404


def test_a_name_of_one_kind_opens_nothing_of_another(clip: Task) -> None:
    for named in ("clip:999999", "clip:x", "upload:999999", "999999", ""):
        token = shared_links.url_of(named).rpartition("/")[2]
        assert Client().get(f"/shared/{token}").status_code == 404
    assert not Upload.objects.exists()
