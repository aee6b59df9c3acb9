"""A create whose task another project tracked before its answer came."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum

from tasks.models import (
    Copy,
    CopyState,
    Credential,
    Project,
    Spending,
    StorageUse,
    Submission,
    Task,
)
from tasks.providers import RemoteTask
from tasks.providers.status import Status
from tasks.submission.place import (
    place_batch,
)
from tasks.submission.send import CreateOutcome, record
from tasks.tracking.poller import PollResult
from tasks.tracking.refresh.recording import record as record_polls
from tests.providers.generations import generation

NOW = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
REMOTE = "cgt-20261120120000-found"
PROMPT = "The secret of the film"
TOKENS = 108_900
LINK = "https://ark-content.example/film.mp4"


@pytest.fixture
def elsewhere(db: None) -> Project:
    return Project.objects.create(name="Elsewhere")


@pytest.fixture
def on_its_way(project: Project, credential: Credential, member: User) -> Submission:
    """A create of the first project that was sent, and whose answer has not come yet."""
    asked = generation(prompt=PROMPT, resolution="720p", ratio="16:9", duration=5)
    whose: dict[str, Any] = {"project": project, "credential": credential, "created_by": member}
    batch = place_batch([asked], key=uuid.uuid4(), **whose, now=NOW)
    row = batch.submissions.select_related("task__credential").get()
    assert Submission.objects.begin(row.pk, NOW)
    return row


def track(credential: Credential, project: Project, person: User | None = None) -> list[Task]:
    whose: dict[str, Any] = {"project": project, "created_by": person}
    return Task.objects.track([REMOTE], credential=credential, **whose, now=NOW)


def finished() -> RemoteTask:
    return RemoteTask(
        id=REMOTE,
        status=Status.SUCCEEDED,
        status_word="succeeded",
        raw={"id": REMOTE, "content": {"video_url": LINK}},
        prompt=PROMPT,
        video_url=LINK,
        seed=7,
        total_tokens=TOKENS,
        completion_tokens=TOKENS,
    )


def hear(task: Task, remote: RemoteTask | None = None) -> int:
    """Record an answer about the row, as the sweep does."""
    poll = PollResult(pk=task.pk, remote=remote or finished(), digest="d" * 32)
    return record_polls([poll], NOW, {})


def answer(late: Submission) -> None:
    record(CreateOutcome(submission=late, remote_id=REMOTE), NOW)


def spent() -> dict[str, tuple[int, int]]:
    """Tokens by project: (counted, reserved); projects without any are left out."""
    rows = Spending.objects.order_by().values("project__name")
    sums = rows.annotate(counted=Sum("tokens"), reserved=Sum("reserved_tokens"))
    tokens = {row["project__name"]: (row["counted"], row["reserved"]) for row in sums}
    return {name: numbers for name, numbers in tokens.items() if any(numbers)}


def stored() -> dict[str, tuple[int, int]]:
    sums = {row.project.name: (row.files, row.bytes) for row in StorageUse.objects.all()}
    return {name: use for name, use in sums.items() if any(use)}


def save(task: Task, **fields: Any) -> None:
    row = Copy.objects.get(task=task)
    row.name, row.poster = f"{task.pk}/video.mp4", f"{task.pk}/poster.webp"
    row.state, row.size, row.poster_size, row.saved_at = CopyState.SAVED, 100, 5, NOW
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
