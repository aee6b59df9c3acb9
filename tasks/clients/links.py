"""Signed links to the files of a task, for who asked with a token: a player sends no header."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.urls import reverse

from tasks.models import ApiToken, CopyKind, Task
from tasks.models.task_queries import TaskQuerySet

LIFE = timedelta(days=30)


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="dailies.api-files")


def url_of(task: Task, kind: CopyKind, *, token: int, origin: str) -> str:
    """Return a link that plays for 30 days, as long as token and task live."""
    signed = _signer().sign(f"{kind}.{token}.{task.pk}")
    return origin + reverse("api_file", args=[signed, _name(task, kind)])


def _name(task: Task, kind: CopyKind) -> str:
    """A name with the usual ending, which clients give to a file that they save."""
    if kind == CopyKind.LAST_FRAME:
        return f"{kind}.png"
    return f"{kind}.mov" if task.output_format == "mov" else f"{kind}.mp4"


def find(signed: str, now: datetime) -> tuple[Task, CopyKind] | None:
    """The file that a link names, if its token may still see the task."""
    try:
        kind, token_pk, task_pk = _signer().unsign(signed, max_age=LIFE).split(".")
    except signing.BadSignature:  # or it has ended
        return None
    token = ApiToken.objects.alive(now).select_related("person", "project").filter(pk=token_pk)
    return _visible(token.first(), int(task_pk), CopyKind(kind))


def _visible(token: ApiToken | None, pk: int, kind: CopyKind) -> tuple[Task, CopyKind] | None:
    if token is None or not token.person.is_active:
        return None
    person = token.asker()
    tasks: TaskQuerySet[Any] = Task.objects.visible_to(person).with_details_for(person)
    task = tasks.filter(pk=pk).select_related("project").prefetch_related("copies").first()
    return (task, kind) if task else None
