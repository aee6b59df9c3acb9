"""Fixtures of the archive: a folder, a host, a clock, and copies that are due."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from tasks import archive
from tasks.archive import Archive
from tasks.archive.job import incoming
from tasks.media import posters
from tasks.models import Copy, CopyKind, Task
from tasks.providers.status import Status
from tasks.simulator.media import CLIPS
from tasks.simulator.server import Simulator
from tests.archive.host import Host, running_host
from tests.conftest import MakeTask
from tests.tracking.conftest import Clock, account, clock, follow, look, short_waits

__all__ = ["account", "clock", "follow", "look", "short_waits"]

CLIP = (CLIPS / "aurora.mp4").read_bytes()  # 960 × 540, 5 s, h264 with sound
PICTURE = (CLIPS / "aurora.jpg").read_bytes()


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of one test only."""
    videos = {**settings.STORAGES["videos"]}
    videos["OPTIONS"] = {"location": tmp_path / "videos", "base_url": None}
    settings.STORAGES = {**settings.STORAGES, "videos": videos}
    settings.DATA_DIR = tmp_path
    settings.DISK_RESERVE = 2**20
    monkeypatch.setattr(posters, "can_make", lambda: False)  # 0.3 s each
    monkeypatch.setattr(archive, "TURN", 0.02)
    monkeypatch.setattr(archive, "IDLE_TURN", 0.02)
    return tmp_path


@pytest.fixture
def sim(clock: Clock) -> Iterator[Simulator]:
    """One that is reached over sockets, as the archive reaches everything."""
    with Simulator(clock=clock.unix) as simulator:
        yield simulator


@pytest.fixture
def host(clock: Clock) -> Iterator[Host]:
    """A host whose clock goes as ours does."""
    with running_host(clock) as it:
        yield it


Wait = Callable[..., Copy]


@pytest.fixture
def wait(make_task: MakeTask, clock: Clock) -> Wait:
    """wait(url): a copy that is due, of a task that succeeded just now; fields by name."""

    def wait(url: str, task: Task | None = None, **fields: Any) -> Copy:
        if task is None:
            task = make_task(
                status=Status.SUCCEEDED,
                created_at=clock.now,
                ended_at=clock.now,
                asked_at=clock.now,
                check_after=None,
                video_url=url,
            )
        usual = {
            "kind": CopyKind.VIDEO,
            "link_ends_at": clock.now + timedelta(hours=24),
            "due_at": clock.now,
            "created_at": clock.now,
        }
        return Copy.objects.create(task=task, url=url, **usual | fields)

    return wait


Save = Callable[..., Copy]


@pytest.fixture
def save(clock: Clock) -> Save:
    """save(copy): let it come due, run the archive once, and return the row as it is then."""

    def save(copy: Copy, *, after: float = 0) -> Copy:
        clock.go_on(after)
        Copy.objects.filter(pk=copy.pk, due_at__isnull=False).update(due_at=clock.now)
        Archive(clock=clock).run(0)
        return Copy.objects.select_related("task").get(pk=copy.pk)

    return save


def content(copy: Copy) -> bytes:
    with storages["videos"].open(copy.name) as file:
        return bytes(file.read())


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def unfinished() -> list[str]:
    return sorted(path.name for path in incoming().glob("*")) if incoming().exists() else []


def stored(folder: Path) -> list[str]:
    """Every file below the storage's folder, hidden ones too."""
    return sorted(p.name for p in (folder / "videos").rglob("*") if p.is_file())
