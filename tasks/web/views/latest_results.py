"""The tasks that a person made last in a project, beside the form for the next; they are live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tasks.models import Project, Task
from tasks.models.access import sight_of
from tasks.web.lists import counts
from tasks.web.lists.filters import Filters
from tasks.web.live_feed import Feed, Known
from tasks.web.presenters.media_sources import media_sources
from tasks.web.presenters.queue_place import mark_queued
from tasks.web.presenters.task import TaskPresenter
from tasks.web.views.tasks import mark_starred

MOST_RESULTS = 8


def latest_results(person: Any, project: Project, now: datetime) -> dict[str, Any]:
    """The context for the tasks, their live feed, and the hosts that they may play from."""
    filters = Filters(project=project.pk, person=person.pk)
    sight = sight_of(person, project.pk)  # before the rows, so that changes in between come again
    newest = counts.newest_id()
    visible = filters.narrow(Task.objects.visible_to(person, project=project.pk), person)
    tasks = list(visible.for_list(person)[:MOST_RESULTS])
    sources = media_sources(tasks)
    presented = [TaskPresenter(task, now, sources) for task in tasks]
    mark_starred(presented, person)
    mark_queued(presented, sight)
    feed = Feed.of(
        "list",
        presented,
        known=Known.of(sight, project.pk),
        sources=sources,
        filters=filters,
        newest=newest,
    )
    return {"results": presented, "feed": feed, "sources": sources}
