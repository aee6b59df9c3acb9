"""The place of a queued task, told as "Queued · 2nd"; it changes without a change of the task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tasks.models.queue_places import places
from tasks.models.sight import Sight
from tasks.providers.status import Status
from tasks.web.presenters.task import TaskPresenter
from tasks.web.shared import Shared

#: Open pages that know of the same changes share the places.
shared: Shared[dict[int, int]] = Shared(1.0)


def places_by(sight: Sight) -> Mapping[int, int]:
    """The places of all queued tasks, with every change that this sight knows of. One query."""
    return shared.get(sight.last_change, places)


def mark_queued(presented: Iterable[TaskPresenter], sight: Sight) -> None:
    """Set `queue_place` of each task that is queued; no query where none is."""
    for each in presented:
        if each.task.status == Status.QUEUED:
            each.queue_place = places_by(sight).get(each.task.pk, 0)
