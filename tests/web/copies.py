"""Copies in each state, and the words of a reader's pages about them."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import ChangeCounter, Copy, CopyKind, Task
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

LINK = "https://gateway.example/film.mp4"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def done(make_task: MakeTask) -> Task:
    return make_task(status="succeeded", video_url=LINK)


def copy_of(task: Task, kind: CopyKind = CopyKind.VIDEO, **fields: object) -> Copy:
    usual = {"url": LINK, "created_at": timezone.now()}
    return Copy.objects.create(task=task, kind=kind, **usual | fields)


def change(copy: Copy, **fields: object) -> None:
    """Save a copy as the archive does: the row, and the next number for its task."""
    Copy.objects.filter(pk=copy.pk).update(**fields)
    Task.objects.filter(pk=copy.task_id).update(change=ChangeCounter.objects.next())


def text(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())
