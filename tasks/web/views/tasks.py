"""The list, a task's page, and "refresh now"."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tasks.models import Project, Star, Task
from tasks.models.access import sight_of
from tasks.models.sight import Sight
from tasks.team import preferences
from tasks.team.limits import LimitReachedError, spend_on_search
from tasks.web.compose.cost_estimate import CostEstimate
from tasks.web.compose.dock_price import dock_price
from tasks.web.compose.followups import Followups
from tasks.web.compose.inputs import inputs_of
from tasks.web.csp import allow_media
from tasks.web.limits import too_many
from tasks.web.lists import counts, filter_choices
from tasks.web.lists.day_groups import by_days
from tasks.web.lists.filters import Filters
from tasks.web.lists.neighbours import Neighbours
from tasks.web.lists.paging import task_page
from tasks.web.lists.status_choices import StatusChoices
from tasks.web.live_feed import Feed, Known
from tasks.web.presenters.actions import TaskActions
from tasks.web.presenters.lineage import Lineage
from tasks.web.presenters.media_sources import media_sources
from tasks.web.presenters.queue_place import mark_queued
from tasks.web.presenters.task import TaskPresenter


@require_GET
def task_list(request: HttpRequest) -> HttpResponseBase:
    """List the tasks, newest first, 50 a page, filtered by the address."""
    now, filters = timezone.now(), Filters.read(request.GET)
    if filters.q:
        try:
            spend_on_search(request.user, filters.q)
        except LimitReachedError as error:
            return too_many(request, error)
    # Before the rows, so that changes in between are sent again.
    sight = sight_of(request.user, filters.project)
    newest = counts.newest_id()
    visible = Task.objects.visible_to(
        request.user, project=filters.project, details=filters.asks_details
    )
    indexed = filters.narrow_by_index(visible, request.user)
    tasks = filters.narrow_by_rows(indexed)
    page = task_page(
        filters.of_status(tasks),
        request.GET,
        reader=sight,
        projects=[] if filters.project else Project.objects.ids_that_limit(request.user),
        among=filters.of_status(indexed) if filters.reads_rows else None,
    )
    sources = media_sources(page.tasks)
    presented = [TaskPresenter(task, now, sources) for task in page.tasks]
    mark_starred(presented, request.user)
    mark_queued(presented, sight)
    tally = counts.within(filters, tasks, user=request.user, newest=newest)
    choices = filter_choices.drop_downs(request.user, filters)
    drop_downs = [choice for choice in choices if choice.is_offered]
    days = filter_choices.days(filters)
    feed = Feed.of(
        "list",
        presented,
        known=Known.of(sight, filters.project),
        sources=sources,
        filters=filters,
        newest=newest if page.is_first else None,
        tally=counts.digest(tally),
    )
    context = {
        "now": now,
        "page": page,
        "presented": presented,
        "day_groups": by_days(
            presented,
            begins=page.is_first,
            ends=page.older is None,
            stacks=not filters.batch,
        ),
        "heading": filter_choices.heading(choices),
        "filters": filters,
        "view": filters.view or preferences.of(request.user).view,
        "feed": feed,
        "statuses": StatusChoices.of(filters, tally),
        "drop_downs": drop_downs,
        "days": days,
        "day_word": filter_choices.day_word(days),
        "chips": filter_choices.chips(filters, drop_downs),
        "shows_project": any(choice.name == "project" for choice in drop_downs),
        "dock_price": lambda: dock_price(request.user, filters.project, now),
        "in_no_project": lambda: not Project.objects.visible_to(request.user).exists(),
        "newest_url": filters.query(),
        "newer_url": filters.query(after=page.newer),
        "older_url": filters.query(before=page.older),
    }
    response = render(request, "tasks/list.html", context)
    allow_media(response, sources)
    prefetch_tasks(response)
    return response


def prefetch_tasks(response: HttpResponse) -> None:
    """Have the browser ask for a task's page as soon as its link is pressed, not when let go.

    Between the two people take some 80 ms, as long as the server. Looking writes nothing, and a
    search is not counted again.
    """
    response["Speculation-Rules"] = f'"{static("tasks.speculationrules")}"'


@require_GET
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one task: the clip, what one does next, and everything else that is known.

    The address carries the filters of the list that it was opened from, for the way back and for
    the links to its neighbours there.
    """
    now, sight = timezone.now(), sight_of(request.user)
    row = get_object_or_404(Task.objects.visible_to(request.user).for_page(request.user), pk=pk)
    sources = media_sources([row])
    presented = TaskPresenter(row, now, sources)
    lineage = Lineage.of(presented, request.user, now, sources)
    shown = [presented, *lineage.presented]
    mark_starred([presented], request.user)
    mark_queued(shown, sight)
    neighbours = _neighbours(request, row, sight)
    context = {
        "now": now,
        "presented": presented,
        "task": row,
        "lineage": lineage,
        "inputs": inputs_of(row),
        "neighbours": neighbours,
        "filters": neighbours.filters,
        **actions_context(request.user, presented),
        "feed": Feed.of("task", shown, known=Known.of_tasks(sight, shown), sources=sources),
    }
    response = render(request, "tasks/task.html", context)
    allow_media(response, sources)
    prefetch_tasks(response)
    return response


def _neighbours(request: HttpRequest, row: Task, sight: Sight) -> Neighbours:
    """The task's place in its list; without the steps while the person searches too often."""
    if text := Filters.read(request.GET).q:
        try:
            spend_on_search(request.user, text, again=True)
        except LimitReachedError:
            return Neighbours.way_back(request.GET)
    return Neighbours.of(row, request.GET, sight, request.user)


def mark_starred(presented: list[TaskPresenter], user: Any) -> None:
    """Set the stars of each task, and whether the person's own is among them, in one query."""
    stars = Star.objects.on((each.task.pk for each in presented), user)
    for each in presented:
        each.task.star_count, each.is_starred = stars.get(each.task.pk, (0, False))


def actions_context(user: Any, presented: TaskPresenter) -> dict[str, Any]:
    """The actions that the task's status allows, and the person's rights, read in one query.

    Three more read the price of running it again, for those who may.
    """
    actions = TaskActions(presented)
    rights = Task.objects.filter(pk=presented.task.pk).rights(user)
    is_priced = rights["may_work"] and actions.can_repeat
    return {
        "actions": actions,
        "followups": Followups(presented),
        "once_more": uuid.uuid4(),  # the button's key: pressed twice it places one batch
        "estimate": _estimate(presented.task, user) if is_priced else None,
        **rights,
    }


def _estimate(row: Task, user: Any) -> CostEstimate:
    return CostEstimate.of([row.submission.generation], row.project, row.credential, user)


@require_POST
def refresh_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the next sweep ask the provider; the answer arrives by the live feed."""
    if not Task.objects.editable_by(request.user).filter(pk=pk).check_now(timezone.now()):
        raise Http404
    messages.success(request, _("Checking again. The result appears here automatically."))
    if "hx-request" in request.headers:
        return render(request, "_messages.html", {"oob": True})
    return redirect("task", pk)
