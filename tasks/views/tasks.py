"""The list, a task's page, and "refresh now"."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from seedance_site.csp import allow_media
from tasks.feed import Feed, tally_of
from tasks.listing import choices, counts
from tasks.listing.filters import Filters
from tasks.listing.paging import page_of
from tasks.making.offers import Offers
from tasks.models import ChangeCounter, Project, Star, Task
from tasks.models.trash import entrusted_to
from tasks.showing import Showing
from tasks.showing.lineage import Lineage
from tasks.showing.media import media_sources


@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    """Newest first, 50 a page, narrowed by what the URL says."""
    now, filters = timezone.now(), Filters.read(request.GET)
    seen = ChangeCounter.objects.now()  # before the rows: what changes in between is sent again
    newest = counts.newest_id()
    visible = Task.objects.visible_to(request.user, project=filters.project)
    tasks = filters.narrow(visible, request.user)
    page = page_of(filters.of_status(tasks), request.GET, projects=_projects(request, filters))
    sources = media_sources(page.tasks)
    shown = [Showing(task, now, sources) for task in page.tasks]
    tell_stars(shown, request.user)
    tally = counts.within(filters, tasks, user=request.user, newest=newest)
    statuses = choices.statuses(filters, tally)
    drop_downs = choices.drop_downs(request.user, filters)
    feed = Feed.of(
        "list",
        shown,
        seen=seen,
        sources=sources,
        filters=filters,
        newest=newest if page.is_first else None,
        tally=tally_of(statuses),
    )
    context = {
        "now": now,
        "page": page,
        "shown": shown,
        "filters": filters,
        "feed": feed,
        "statuses": statuses,
        "drop_downs": drop_downs,
        "days": choices.days(filters),
        "chips": choices.chips(filters, drop_downs),
        "shows_project": any(choice.name == "project" for choice in drop_downs),
        "in_no_project": lambda: not Project.objects.visible_to(request.user).exists(),
        "newest_url": filters.query(),
        "newer_url": filters.query(after=page.newer),
        "older_url": filters.query(before=page.older),
    }
    response = render(request, "tasks/list.html", context)
    allow_media(response, sources)
    return response


def _projects(request: HttpRequest, filters: Filters) -> list[int]:
    """Those the list is of, where that is not all there are."""
    if request.user.is_staff or filters.project:
        return []
    return Project.objects.ids_visible_to(request.user)


@require_GET
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything known about one task."""
    now, seen = timezone.now(), ChangeCounter.objects.now()
    found = get_object_or_404(Task.objects.visible_to(request.user).for_page(), pk=pk)
    sources = media_sources([found])
    shown = Showing(found, now, sources)
    lineage = Lineage.of(found, request.user, now, sources)
    tell_stars([shown], request.user)
    context = {
        "now": now,
        "shown": shown,
        "task": found,
        "lineage": lineage,
        "offers": Offers(shown),
        "once_more": uuid.uuid4(),
        **_rights(request.user, pk),
        "feed": Feed.of("task", [shown, *lineage.shown], seen=seen, sources=sources),
    }
    response = render(request, "tasks/task.html", context)
    allow_media(response, sources)
    return response


def tell_stars(shown: list[Showing], user: Any) -> None:
    stars = Star.objects.tasks_of(user).filter(task__in=[each.task.pk for each in shown])
    starred = set(stars)
    for each in shown:
        each.is_starred = each.task.pk in starred


def _rights(user: Any, pk: int) -> dict[str, bool]:
    """What this person may do to the task: one query."""
    workable = Task.objects.workable_by(user).filter(pk=pk).order_by()
    found = workable.aggregate(
        may_work=Count("pk"), may_delete=Count("pk", filter=entrusted_to(user))
    )
    return {name: bool(number) for name, number in found.items()}


@require_POST
def refresh_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the provider at the next turn of the sweep; the feed brings what it says."""
    if not Task.objects.workable_by(request.user).filter(pk=pk).check_now(timezone.now()):
        raise Http404
    messages.success(request, _("Asked again. The answer appears here by itself."))
    if "hx-request" in request.headers:
        return render(request, "_messages.html", {"oob": True})
    return redirect("task", pk)
