"""The page of a batch: all takes that were placed together, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from tasks.models import Batch, Submission, Task
from tasks.models.access import sight_of
from tasks.providers.catalog.request import GenerationRequest
from tasks.web.compose.followups import Followups
from tasks.web.compose.setting_comparison import Setting, SettingComparison
from tasks.web.csp import allow_media
from tasks.web.lists.filters import Filters
from tasks.web.lists.paging import ROWS
from tasks.web.live_feed import Feed, Known
from tasks.web.presenters.batches import Progress
from tasks.web.presenters.media_sources import media_sources
from tasks.web.presenters.queue_place import mark_queued
from tasks.web.presenters.task import TaskPresenter
from tasks.web.views.tasks import mark_starred


@dataclass(frozen=True)
class Take:
    """One take of a batch as its page shows it."""

    number: int
    presented: TaskPresenter
    own: list[Setting]  # the settings in which it differs from other takes
    followups: Followups


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the takes of a batch; `?take=7&take=9` compares those with these tasks' ids alone."""
    now, sight = timezone.now(), sight_of(request.user)
    batches = Batch.objects.visible_to(request.user).with_details_for(request.user)
    row = get_object_or_404(batches.select_related("project", "credential", "created_by"), pk=pk)
    filters = Filters(batch=pk)
    tasks = filters.narrow(Task.objects.visible_to(request.user), request.user)
    progress = Progress.of(tasks, request.user)
    listed = tasks.for_list(request.user).select_related("credential")
    rows = list(listed.order_by("pk")[:ROWS])
    named = set(request.GET.getlist("take"))
    compared = [task for task in rows if str(task.pk) in named]
    is_comparing = len(compared) > 1
    sources = media_sources(rows)
    presented = [TaskPresenter(each, now, sources) for each in (compared if is_comparing else rows)]
    mark_starred(presented, request.user)
    mark_queued(presented, sight)
    comparison = SettingComparison.of(_load_requests(pk, presented))
    context = {
        "now": now,
        "batch": row,
        "progress": progress,
        "missing": row.takes - progress.number,
        "beyond": progress.number - len(rows),
        "takes": _takes(presented, comparison),
        "comparison": comparison,
        "title": comparison.common_value("prompt"),
        "is_comparing": is_comparing,
        "shape": _common_shape(presented),
        "saved": [each.task.pk for each in presented if each.files.is_saved],
        "may_work": batches.usable_by(request.user).filter(pk=pk).exists(),
        "feed": Feed.of(
            "batch",
            presented,
            known=Known.of(sight.within(row.project_id), row.project_id),
            sources=sources,
            filters=filters,
            tally=progress.mark,
        ),
    }
    response = render(request, "batches/page.html", context)
    allow_media(response, sources)
    return response


def _common_shape(presented: Iterable[TaskPresenter]) -> str:
    """The shape that all of their pictures have; "" where they differ."""
    shapes = {each.screen.shape for each in presented}
    return shapes.pop() if len(shapes) == 1 else ""


def _load_requests(pk: int, presented: Iterable[TaskPresenter]) -> dict[int, GenerationRequest]:
    """Load the requests, which lists leave out, into the rows; return them by their tasks' ids."""
    by_task = dict(Submission.objects.filter(batch=pk).values_list("task", "request"))
    for each in presented:
        each.task.submission.request = by_task[each.task.pk]
    return {each.task.pk: each.task.submission.generation for each in presented}


def _takes(presented: Iterable[TaskPresenter], comparison: SettingComparison) -> list[Take]:
    """The takes in the order in which they were asked for."""
    return [
        Take(
            number=each.task.submission.take,
            presented=each,
            own=comparison.own[each.task.pk],
            followups=Followups(each),
        )
        for each in presented
    ]
