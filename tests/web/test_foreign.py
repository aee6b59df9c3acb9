"""An id that turned out to be another project's: what is left of it on each side's pages."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tasks.models import Credential, Project, Submission, Task
from tasks.providers.status import Status
from tasks.submission.place import mark_created, place_batch
from tests.providers.generations import generation
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.live_pages import ask

REMOTE = "cgt-20261120120000-found"
SECRET = "The secret of the film"
FILM = "https://gateway.example/film.mp4"
PAYS = "The studio that pays"


@pytest.fixture
def on_its_way(project: Project, credential: Credential, member: User) -> Submission:
    Project.objects.filter(pk=project.pk).update(name=PAYS)
    whose: dict[str, Any] = {"project": project, "credential": credential, "created_by": member}
    asked = generation(prompt=SECRET)
    batch = place_batch([asked], key=uuid.uuid4(), **whose, now=timezone.now())
    row = batch.submissions.select_related("task__credential").get()
    Submission.objects.begin(row.pk, timezone.now())
    return row


@pytest.fixture
def tracked(on_its_way: Submission, credential: Credential, stranger: User) -> Task:
    """The same task, finished, tracked by somebody of another project."""
    [row] = Task.objects.track(
        [REMOTE],
        credential=credential,
        project=Project.objects.get(name="Elsewhere"),
        created_by=stranger,
        now=timezone.now(),
    )
    row.status, row.prompt, row.video_url = Status.SUCCEEDED, SECRET, FILM
    row.error_message = row.raw = SECRET
    row.save()
    return row


def come_late(submission: Submission) -> Task:
    assert mark_created(submission, REMOTE, timezone.now())
    return Task.objects.get(pk=submission.task_id)


def test_the_address_of_the_id_says_that_it_belongs_elsewhere_and_no_more(
    client_of: ClientOf, stranger: User, tracked: Task, on_its_way: Submission, member: User
) -> None:
    reader = client_of(stranger)
    assert SECRET in reader.get(tracked.get_absolute_url()).content.decode()
    come_late(on_its_way)
    for url in (tracked.get_absolute_url(), "/", "/?status=foreign", "/?q=cgt"):
        page = reader.get(url).content.decode()
        assert REMOTE in page and "belongs to another project" in page, url
        for hidden in (SECRET, FILM, PAYS, member.username, "make-another", "refresh-now"):
            assert hidden not in page, url
    assert reader.get("/?status=succeeded").context["page"].tasks == []


def test_its_files_are_for_the_project_that_paid(
    client_of: ClientOf,
    stranger: User,
    member: User,
    tracked: Task,
    on_its_way: Submission,
    save_copy: SaveCopy,
) -> None:
    save_copy(tracked, b"a video", poster=b"an image")
    theirs, ours = client_of(stranger), client_of(member)
    url = f"/tasks/{tracked.pk}/video"
    assert theirs.get(url).status_code == 200
    task = come_late(on_its_way)
    for pk in (tracked.pk, task.pk):
        for name in ("video", "poster", "last-frame"):
            assert theirs.get(f"/tasks/{pk}/{name}").status_code == 404
    assert ours.get(f"/tasks/{task.pk}/video").content == b"a video"
    assert "a video" not in theirs.get("/archive/?state=saved").content.decode()
    assert [
        each.copy.task_id for each in ours.get("/archive/?state=saved").context["presented"]
    ] == [task.pk]


def test_open_pages_of_both_projects_learn_of_it(
    client_of: ClientOf, stranger: User, member: User, tracked: Task, on_its_way: Submission
) -> None:
    theirs, ours = client_of(stranger), client_of(member)
    opened = {
        "list": theirs.get("/"),
        "task": theirs.get(tracked.get_absolute_url()),
    }
    create = ours.get(on_its_way.task.get_absolute_url())
    come_late(on_its_way)
    for page in opened.values():
        news = ask(theirs, page).content.decode()
        assert "belongs to another project" in news
        assert SECRET not in news and FILM not in news and "finished" not in news
    assert REMOTE in ask(ours, create).content.decode()


def test_it_can_be_thrown_away_like_any_row(
    client_of: ClientOf, stranger: User, tracked: Task, on_its_way: Submission
) -> None:
    task = come_late(on_its_way)
    client_of(stranger).post("/tasks/delete/", {"task": [tracked.pk]})
    tracked.refresh_from_db()
    task.refresh_from_db()
    assert tracked.deleted_at and not task.deleted_at


def test_the_exports_of_the_other_project_have_nothing_of_it(
    client_of: ClientOf, stranger: User, tracked: Task, on_its_way: Submission, save_copy: SaveCopy
) -> None:
    save_copy(tracked, b"a video")
    come_late(on_its_way)
    answer = client_of(stranger).post("/tasks/download.zip", {"task": [tracked.pk]})
    body = b"".join(answer) if answer.streaming else answer.content
    assert b"a video" not in body and SECRET.encode() not in body
