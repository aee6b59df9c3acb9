"""The archive's page, "save now", and the header's status of archive and worker."""

import shutil

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from tasks import monitoring
from tasks.models import Copy, Task
from tasks.models.access import Rights, sight_of
from tasks.web.lists.archive import Summary, copy_page, states_for
from tasks.web.live_feed import Feed, Known, Mark
from tasks.web.presenters.files import FilePresenter
from tasks.web.presenters.header_status import HeaderStatus
from tasks.web.views.posted import ids, return_address


@require_GET
def archive_page(request: HttpRequest) -> HttpResponse:
    """Show the queue in the order in which links end, lost files, and the use of the storage."""
    now, sight = timezone.now(), sight_of(request.user)
    state = request.GET.get("state", "")
    state = state if state in states_for(request.user) else ""
    page = copy_page(request.user, state, request.GET, now)
    presented = [FilePresenter(row, now, shows_details=row.shows_details) for row in page.copies]
    on = {each.copy.pk: Mark.of_copy(each) for each in presented}
    context = {
        "now": now,
        "page": page,
        "presented": presented,
        "state": state,
        "summary": Summary.read(request.user, now),
        "disk": _disk_usage() if Rights.of(request.user).sees_details else None,
        "feed": Feed(page="archive", known=Known.of(sight), on=on, sources=frozenset()),
    }
    return render(request, "archive/page.html", context)


def _disk_usage() -> dict[str, int] | None:
    """The bytes of the videos' file system: total, free and taken; None if they are in no folder.

    Blocks that the file system reserves are not free, although they are not used either.
    """
    folder = monitoring.videos_folder()
    if folder is None:
        return None
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    total, _used, free = shutil.disk_usage(existing)
    return {"total": total, "free": free, "taken": total - free}


@require_POST
def save_now(request: HttpRequest) -> HttpResponse:
    """Move files to the front of the queue: of the tasks named by `only`, or else by `task`."""
    tasks = Task.objects.editable_by(request.user).filter(pk__in=ids(request, "only", "task"))
    if not tasks.exists():
        raise Http404
    copies = Copy.objects.filter(task__in=list(tasks.values_list("pk", flat=True)))
    message = _("Nothing to do. It's saved or being saved.")
    if number := copies.save_now(timezone.now()):
        message = ngettext(
            "%(number)s file will be saved next.", "%(number)s files will be saved next.", number
        ) % {"number": number}
    messages.success(request, message)
    if "hx-request" in request.headers:
        return render(request, "_messages.html", {"oob": True})
    return redirect(return_address(request, "archive"))


@require_GET
def header_status(request: HttpRequest) -> HttpResponse:
    """Answer with the header's status of archive and worker; 204 if the page shows it already."""
    status = HeaderStatus.read_shared(request.user, timezone.now())
    if request.GET.get("shown") == status.digest:
        return HttpResponse(status=204)
    return render(request, "_header_status.html", {"header_status": status})
