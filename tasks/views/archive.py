"""The archive's page, "save now", and the header's pulse."""

import shutil
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from tasks import condition
from tasks.feed import Feed, Mark
from tasks.listing import archive as listing
from tasks.models import ChangeCounter, Copy, Project, Task
from tasks.showing.copies import CopyShown
from tasks.showing.pulse import Pulse
from tasks.views.ways import ids, way_back


@require_GET
def archive(request: HttpRequest) -> HttpResponse:
    """The queue by its links' ends, what is gone, and how much of the storage is used."""
    now, seen = timezone.now(), ChangeCounter.objects.now()
    state = request.GET.get("state", "")
    state = state if state in listing.STATES else ""
    page = listing.page_of(request.user, state, request.GET, now)
    shown = [CopyShown(copy, now) for copy in page.copies]
    on = {each.copy.pk: Mark.of_copy(each) for each in shown}
    context = {
        "now": now,
        "page": page,
        "shown": shown,
        "state": state,
        "summary": listing.Summary.read(request.user, now),
        "disk": _disk(),
        "workable": _workable(request.user),
        "feed": Feed(page="archive", seen=seen, on=on, sources=frozenset()),
    }
    return render(request, "archive/page.html", context)


def _disk() -> dict[str, int] | None:
    """Bytes in all, free and not, where the videos are a folder; None where they are not.

    What the file system keeps for itself or for others is not free, though it is not used either.
    """
    folder = condition.videos_folder()
    if folder is None:
        return None
    there = next(place for place in (folder, *folder.parents) if place.exists())
    total, _used, free = shutil.disk_usage(there)
    return {"total": total, "free": free, "taken": total - free}


def _workable(user: Any) -> set[int]:
    """The projects in which this person may have something saved."""
    return set(Project.objects.open_to_work_by(user).values_list("pk", flat=True))


@require_POST
def save_now(request: HttpRequest) -> HttpResponse:
    """Put the files of the tasks named by `only`, or else of all by `task`, first in the queue."""
    tasks = Task.objects.workable_by(request.user).filter(pk__in=ids(request, "only", "task"))
    if not tasks.exists():
        raise Http404
    copies = Copy.objects.filter(task__in=list(tasks.values_list("pk", flat=True)))
    messages.success(request, _hurried(copies.save_now(timezone.now())))
    if "hx-request" in request.headers:
        return render(request, "_messages.html", {"oob": True})
    return redirect(way_back(request, "archive"))


def _hurried(number: int) -> str:
    if not number:
        return _("Nothing to do: it is saved, or being saved.")
    said = ngettext("%(number)s file is saved next.", "%(number)s files are saved next.", number)
    return said % {"number": number}


@login_not_required  # a redirect to the sign-in page would be swapped into the header
@require_GET
def pulse(request: HttpRequest) -> HttpResponse:
    """What the header says of the archive and the worker; 204 where the page says so already."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    found = Pulse.read(request.user, timezone.now())
    if request.GET.get("shown") == found.digest:
        return HttpResponse(status=204)
    return render(request, "_pulse.html", {"pulse": found})
