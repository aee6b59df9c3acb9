"""Writing the audit. Managers read its entries, so they never contain a secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from tasks import encryption
from tasks.models import AuditAction, AuditEntry, Copy, Project, Task
from tasks.models.access import token_of
from tasks.team.address import valid_address


def note(
    request: HttpRequest,
    action: AuditAction,
    thing: Model | None = None,
    *,
    project: Project | int | None = None,
    label: str = "",
    actor: Any = None,
    **changes: Any,
) -> AuditEntry:
    """Add an entry to the audit, in the transaction of the action.

    `changes` are the details as JSON has them: role=["viewer", "member"], number=12. `actor` is
    given for a person who is not signed in yet.
    """
    entry = _entry(request, action, thing, project, label, actor, changes)
    entry.save()
    return entry


def note_each(request: HttpRequest, action: AuditAction, things: Iterable[Task | Copy]) -> None:
    """Add an entry for each task or file, with its project, in the transaction of the action."""
    entries = []
    for thing in things:
        task = thing if isinstance(thing, Task) else thing.task
        label = str(task)
        if isinstance(thing, Copy):
            label = f"{thing.get_kind_display()} · {task}"
        entries.append(_entry(request, action, thing, task.project_id, label, None, {}))
    AuditEntry.objects.bulk_create(entries)


def _entry(
    request: HttpRequest,
    action: AuditAction,
    thing: Model | None,
    project: Project | int | None,
    label: str,
    actor: Any,
    changes: dict[str, Any],
) -> AuditEntry:
    person = actor or getattr(request, "user", None)
    token = token_of(person)
    return AuditEntry(
        actor_id=getattr(person, "pk", None),
        actor=str(person)[:150] if getattr(person, "pk", None) else "",
        verb=action,
        kind=thing._meta.model_name or "" if thing else "",
        object_id=thing.pk if thing else None,
        label=encryption.censor(label or str(thing or ""))[:200],
        project_id=project.pk if isinstance(project, Project) else project,
        address=valid_address(request),
        changes={name: _plain(value) for name, value in changes.items()},
        token=token.name if token else None,
    )


def _plain(value: Any) -> Any:
    """The value as JSON has it, without secrets."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float | None) else encryption.censor(str(value))
