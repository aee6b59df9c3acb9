"""Writing down who did what. What is noted may be read by managers: never a secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import Model
from django.http import HttpRequest

from seedance_site.address import client_address
from tasks import sealing
from tasks.models import AuditEntry, Copy, Project, Task, Verb


def note(
    request: HttpRequest,
    verb: Verb,
    thing: Model | None = None,
    *,
    project: Project | int | None = None,
    label: str = "",
    actor: Any = None,
    **changes: Any,
) -> AuditEntry:
    """One line of the record, in the transaction of what it tells.

    `changes` says what became what, as JSON has it: role=["viewer", "member"], number=12.
    `actor` is for those who are not signed in yet.
    """
    entry = _entry(request, verb, thing, project, label, actor, changes)
    entry.save()
    return entry


def note_each(request: HttpRequest, verb: Verb, things: Iterable[Task | Copy]) -> None:
    """A line for each of them, with its project; in the transaction of what it tells."""
    AuditEntry.objects.bulk_create(
        _entry(request, verb, thing, _task_of(thing).project_id, _label(thing), None, {})
        for thing in things
    )


def _task_of(thing: Task | Copy) -> Task:
    return thing if isinstance(thing, Task) else thing.task


def _label(thing: Task | Copy) -> str:
    task = _task_of(thing)
    return str(task) if isinstance(thing, Task) else f"{thing.get_kind_display()} · {task}"


def _entry(
    request: HttpRequest,
    verb: Verb,
    thing: Model | None,
    project: Project | int | None,
    label: str,
    actor: Any,
    changes: dict[str, Any],
) -> AuditEntry:
    who = actor or getattr(request, "user", None)
    return AuditEntry(
        actor_id=getattr(who, "pk", None),
        actor=str(who)[:150] if getattr(who, "pk", None) else "",
        verb=verb,
        kind=thing._meta.model_name or "" if thing else "",
        object_id=thing.pk if thing else None,
        label=sealing.censor(label or str(thing or ""))[:200],
        project_id=project.pk if isinstance(project, Project) else project,
        address=_valid(client_address(request)),
        changes={name: _plain(value) for name, value in changes.items()},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float | None) else sealing.censor(str(value))


def _valid(address: str) -> str | None:
    try:
        validate_ipv46_address(address)
    except ValidationError:
        return None
    return address
