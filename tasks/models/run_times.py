"""Run times of recent takes, by what was asked for: a running one is compared with them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from django.db.models import QuerySet

from tasks.models.task import Task
from tasks.providers.status import Status

RECENT = timedelta(days=14)
NEWEST = 1_000  # of the succeeded tasks: no more rows are read, however many there are
LEAST = 5  # takes, below which nothing is said
STEPS = 10  # the values that stand for the run times of a kind

#: What a run time depends on, as far as a row knows it.
FIELDS = ("provider", "model", "resolution", "duration", "frames", "draft")
Kind = tuple[Any, ...]


def kind_of(task: Task) -> Kind:
    return _kind(*(getattr(task, name) for name in FIELDS))


def usual_seconds(now: datetime) -> dict[Kind, tuple[int, ...]]:
    """The usual run times of each kind, in ascending order. One query, along an index."""
    seconds: defaultdict[Kind, list[float]] = defaultdict(list)
    for *fields, running_at, ended_at in newest():
        if running_at and ended_at and now - RECENT < running_at <= ended_at:
            seconds[_kind(*fields)].append((ended_at - running_at).total_seconds())
    return {kind: _spread(each) for kind, each in seconds.items() if len(each) >= LEAST}


def newest() -> QuerySet[Task, Any]:
    """The kind, beginning and end of the newest that succeeded."""
    rows = Task.objects.filter(status=Status.SUCCEEDED).order_by("-id")
    return rows.values_list(*FIELDS, "running_at", "ended_at")[:NEWEST]


def _kind(*fields: Any) -> Kind:
    *others, draft = fields
    return (*others, bool(draft))  # which is unknown until the provider has told it


def _spread(seconds: list[float]) -> tuple[int, ...]:
    """Ten values that stand for a tenth of the takes each: the middles of equal parts."""
    middles = quantiles(seconds, n=2 * STEPS, method="inclusive")[::2]
    return tuple(round(each) for each in middles)
