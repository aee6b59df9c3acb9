"""Tasks as the takes of one press of the button, and as children of another task."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tasks.models import Batch, Relation, Submission, Task
from tests.providers.generations import generation


def put_into_a_batch(tasks: list[Task], *, parent: Task, **fields: Any) -> Batch:
    """Tried again after `parent`, of its project and credential; each of a wish of its own."""
    made: dict[str, Any] = {"project": parent.project, "credential": parent.credential}
    made |= {"created_by": parent.created_by, "created_at": timezone.now(), "takes": len(tasks)}
    batch = Batch.objects.create(**made)
    for take, task in enumerate(tasks, start=1):
        requested = generation(seed=take, duration=3 + take, **fields).to_json()
        came = {"parent": parent, "relation": Relation.RETRY}
        Submission.objects.create(
            task=task, batch=batch, take=take, state="created", request=requested, **came
        )
    return batch
