"""Files of tasks for programs: ours in ranges, or the way to the provider's until it is saved."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from tasks.clients import links
from tasks.models import Copy, CopyKind, Task
from tasks.providers.dialects.ark_errors import RefusalError
from tasks.providers.status import Status
from tasks.web.api.endpoint import nothing, only, refused
from tasks.web.files import SavedFile, answer

NOT_YET = 10  # seconds until a file that is not saved may be


def file(request: HttpRequest, signed: str, name: str) -> HttpResponseBase:
    """Send a task's file, or lead to the provider's until ours is saved; a link is enough.

    `name` means nothing: it gives the file its ending, where clients name it by its address.
    """
    if request.method not in ("GET", "HEAD"):
        return only(request, "GET", "HEAD")
    found = links.find(signed, timezone.now())
    copy = copy_of(*found) if found else None
    if found is None or copy is None:
        return nothing(request)
    response = sent(request, found[0], copy)
    # Whoever has the link may show it on a page of their own.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def copy_of(row: Task, kind: CopyKind) -> Copy | None:
    """The copy of a task's file, if the task succeeded and the file is not deleted."""
    copy = next((each for each in row.copies.all() if each.kind == kind), None)
    is_there = row.status == Status.SUCCEEDED and copy is not None and not copy.is_deleted
    return copy if is_there else None


def sent(request: HttpRequest, row: Task, copy: Copy) -> HttpResponseBase:
    """Send a copy's file where it is saved; else lead to the original, or ask for patience."""
    return answer(request, SavedFile.of(copy)) if copy.is_saved else _original(request, row, copy)


def _original(request: HttpRequest, row: Task, copy: Copy) -> HttpResponseBase:
    """Lead to the provider's file, for who sees links; else ask for a little patience."""
    now = timezone.now()
    is_open = row.shows_details and not copy.needs_key
    if is_open and (copy.link_ends_at is None or copy.link_ends_at > now):
        response = HttpResponseRedirect(copy.url)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response
    return not_yet(request)


def not_yet(request: HttpRequest) -> JsonResponse:
    """Ask for a little patience with a file that is on its way."""
    refusal = RefusalError(503, "ServerOverloaded", "This file is being saved. Ask again.")
    return refused(request, refusal, {"Retry-After": str(NOT_YET)})
