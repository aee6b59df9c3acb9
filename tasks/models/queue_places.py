"""The places of queued tasks among those that wait for the same account and model.

A provider tells no place. It takes the tasks of one model from one account by priority and then by
age, so our own rows tell it, as far as all tasks of the account are known here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tasks.models.task import Task
from tasks.providers.status import Status

OLDEST = 1_000  # queued tasks that are read; later ones have no place that is worth telling


def places() -> dict[int, int]:
    """The place of each queued task, by id, beginning with 1. One query, along an index.

    Tasks in the trash count: the provider makes them as well.
    """
    queues: defaultdict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    waiting = Task.objects.filter(status=Status.QUEUED).order_by("pk")
    fields = ("credential", "model", "service_tier", "priority", "remote_created_at", "created_at")
    for pk, *queue, priority, made_at, tracked_at in waiting.values_list("pk", *fields)[:OLDEST]:
        queues[tuple(queue)].append((-(priority or 0), made_at or tracked_at, pk))
    return {
        pk: place
        for queue in queues.values()
        for place, (_priority, _born_at, pk) in enumerate(sorted(queue), start=1)
    }
