"""All takes of one press of the button, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from seedance_site.csp import allow_media
from tasks.feed import Feed
from tasks.listing.filters import Filters
from tasks.listing.paging import ROWS
from tasks.making.compared import Compared, Setting
from tasks.making.offers import Offers
from tasks.models import Batch, ChangeCounter, Project, Submission, Task
from tasks.providers.wish import Wish
from tasks.showing import Showing
from tasks.showing.batches import Progress
from tasks.showing.media import media_sources
from tasks.views.tasks import tell_stars


@dataclass(frozen=True)
class Take:
    number: int
    shown: Showing
    own: list[Setting]  # what it has otherwise than the others
    offers: Offers


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """`?take=7&take=9` compares these alone, by the ids of their tasks."""
    now, seen = timezone.now(), ChangeCounter.objects.now()
    batches = Batch.objects.visible_to(request.user)
    found = get_object_or_404(batches.select_related("project", "credential", "created_by"), pk=pk)
    filters = Filters(batch=pk)
    tasks = filters.narrow(Task.objects.visible_to(request.user), request.user)
    progress = Progress.of(tasks)
    rows = list(tasks.for_list().order_by("pk")[:ROWS])
    chosen = _chosen(request, rows)
    sources = media_sources(rows)
    shown = [Showing(task, now, sources) for task in rows if not chosen or task.pk in chosen]
    tell_stars(shown, request.user)
    compared = Compared.of(_wishes(pk, shown))
    context = {
        "now": now,
        "batch": found,
        "progress": progress,
        "missing": found.takes - progress.number,
        "beyond": progress.number - len(rows),
        "takes": _takes(shown, compared),
        "compared": compared,
        "title": compared.has_in_common("prompt"),
        "is_comparing": bool(chosen),
        "saved": [each.task.pk for each in shown if each.is_saved],
        "may_work": _may_work(request, found),
        "feed": Feed.of(
            "batch", shown, seen=seen, sources=sources, filters=filters, tally=progress.mark
        ),
    }
    response = render(request, "batches/page.html", context)
    allow_media(response, sources)
    return response


def _chosen(request: HttpRequest, rows: Iterable[Task]) -> set[int]:
    """Two at least, or there is nothing to compare."""
    asked = set(request.GET.getlist("take"))
    found = {task.pk for task in rows if str(task.pk) in asked}
    return found if len(found) > 1 else set()


def _may_work(request: HttpRequest, found: Batch) -> bool:
    return Project.objects.open_to_work_by(request.user).filter(pk=found.project_id).exists()


def _wishes(pk: int, shown: Iterable[Showing]) -> dict[int, Wish]:
    """By their tasks' ids; read apart, for lists leave them out, and given to their rows."""
    kept = dict(Submission.objects.filter(batch=pk).values_list("task", "wish"))
    for each in shown:
        each.task.submission.wish = kept[each.task.pk]
    return {each.task.pk: each.task.submission.wished for each in shown}


def _takes(shown: Iterable[Showing], compared: Compared) -> list[Take]:
    """In the order in which they were asked for."""
    return [
        Take(
            number=each.task.submission.take,
            shown=each,
            own=compared.own[each.task.pk],
            offers=Offers(each),
        )
        for each in shown
    ]
