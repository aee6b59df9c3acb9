"""Ark's list of tasks: its filters and pages over our own rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from tasks.clients.ark_answers import STATUSES, readable_by
from tasks.clients.ids import is_named, named
from tasks.models import Task
from tasks.providers.dialects.ark_errors import invalid

WINDOW = timedelta(days=7)  # Ark lists no older tasks
LARGEST = 500
COUNTED = 1_000  # tasks; a week of a busy team has more, and 10,000 take 8 ms to count


def listed(person: Any, query: QueryDict, now: datetime) -> tuple[int, list[Task]]:
    """Return the number of tasks that a list asks for, and its page. Raises RefusalError.

    Counts no further than COUNTED, or than one past the page, so that who pages on until they
    have the total comes to the end.
    """
    page, size = _number(query, "page_num", 1), _number(query, "page_size", 20)
    tasks = readable_by(person).filter(created_at__gt=now - WINDOW, **_tier(query))
    if status := query.get("filter.status"):
        tasks = _with_status(tasks, status)
    if model := query.get("filter.model"):
        tasks = tasks.filter(Q(model=model) | Q(submission__request__model=model))
    if asked := query.getlist("filter.task_ids")[:LARGEST]:
        wanted = [task for task in named(tasks, asked).order_by("-id") if _is_among(task, asked)]
        return len(wanted), wanted[(page - 1) * size : page * size]
    first = (page - 1) * size
    rows = list(tasks.order_by("-id")[first : first + size])
    if len(rows) < size and (rows or not first):  # nothing follows
        return first + len(rows), rows
    return tasks.order_by().values("pk")[: max(COUNTED, page * size + 1)].count(), rows


def _is_among(task: Task, asked: list[str]) -> bool:
    return any(is_named(task, text) for text in asked)


def _with_status(tasks: Any, asked: str) -> Any:
    """Narrow to Ark's status; one whose provider took its cancellation is cancelled."""
    words = [status for status, word in STATUSES.items() if word == asked]
    if not words:
        raise invalid("filter.status")
    if asked == "queued":
        return tasks.filter(status__in=words, is_cancelled=False)
    if asked == "cancelled":
        waiting = [status for status, word in STATUSES.items() if word == "queued"]
        return tasks.filter(Q(status__in=words) | Q(status__in=waiting, is_cancelled=True))
    return tasks.filter(status__in=words)


def _tier(query: QueryDict) -> dict[str, Any]:
    """The condition for a tier; without one the list is of the default tier, as Ark's is."""
    tier = query.get("filter.service_tier") or "default"
    if tier not in ("default", "flex"):
        raise invalid("filter.service_tier")
    return {"service_tier__in": [tier] if tier == "flex" else ["", tier]}


def _number(query: QueryDict, name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= LARGEST):
        raise invalid(name, f"an integer from 1 to {LARGEST} is expected")
    return int(text)
