"""Rows of other projects: every address answers as if they did not exist."""

from __future__ import annotations

import re
from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import Copy, CopyKind, Credential, Project
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy
from tests.web.everyone import plain, world

__all__ = ["world"]


def test_another_projects_task_answers_like_a_missing_one(
    stranger: User, world: dict[str, int], credential: Credential
) -> None:
    client = Client()
    client.force_login(stranger)
    for tail in ("", "refresh/", "video", "video?download", "last-frame", "poster"):
        for method in (client.get, client.post):
            real = method(f"/tasks/{world['task']}/{tail}")
            missing = method(f"/tasks/999999/{tail}")
            assert (real.status_code, plain(real)) == (missing.status_code, plain(missing))
            assert real.status_code in (404, 405)
    for url in ("/tasks/download.zip", "/archive/save-now/"):
        real = client.post(url, {"task": world["task"]})
        missing = client.post(url, {"task": 999999})
        assert (real.status_code, plain(real)) == (404, plain(missing))


def test_of_mixed_ids_only_ones_own_are_touched(
    stranger: User, world: dict[str, int], make_task: MakeTask, save_copy: SaveCopy
) -> None:
    client = Client()
    client.force_login(stranger)
    theirs = make_task(project=Project.objects.get(name="Elsewhere"))
    save_copy(theirs, b"their video")
    mixed = {"task": [world["task"], theirs.pk, 999999]}
    zipped = b"".join(client.post("/tasks/download.zip", mixed))
    assert b"their video" in zipped and b"a video" not in zipped.replace(b"their video", b"")
    later = timezone.now() + timedelta(hours=9)
    Copy.objects.update(state="waiting", due_at=later)
    assert client.post("/archive/save-now/", mixed).status_code == 302
    assert set(Copy.objects.filter(due_at=later).values_list("task", flat=True)) == {world["task"]}


def test_what_is_asked_about_another_project_in_an_address_is_answered_as_nothing(
    stranger: User, world: dict[str, int], member: User
) -> None:
    client = Client()
    client.force_login(stranger)
    for query in (
        f"?project={world['project']}",
        f"?person={member.pk}",
        f"?before={world['task'] + 1}",
        f"?after={world['task'] - 1}",
        "?since=2020-01-01",
        "?status=running",
    ):
        assert client.get(f"/{query}").context["presented"] == [], query


def test_the_feed_of_somebody_elses_page_tells_nothing(
    stranger: User, viewer: User, world: dict[str, int], make_task: MakeTask
) -> None:
    """The feed's address of a person who may see the page, asked by one of another project."""
    waiting = make_task(prompt="A secret plan", status="succeeded")
    Copy.objects.create(task=waiting, kind=CopyKind.VIDEO, created_at=timezone.now())
    theirs, others = Client(), Client()
    theirs.force_login(viewer)
    others.force_login(stranger)
    for page in ("/", f"/tasks/{waiting.pk}/", "/archive/"):
        url = re.sub(r"after=\d+", "after=0", theirs.get(page).context["feed"].url)
        told, kept = (client.get(url).content.decode() for client in (theirs, others))
        assert re.search(r'id="[tc]?\d+-|id="task-status"', told), page
        assert not re.search(r'id="[tc]?\d+-|id="task-status"', kept), page
        assert "A secret plan" not in kept and "cgt-" not in kept


def test_nobody_sees_a_project_they_are_not_in(stranger: User, project: Project) -> None:
    assert project not in Project.objects.visible_to(stranger)
