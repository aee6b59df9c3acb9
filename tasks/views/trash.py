"""Deleting tasks and videos, the trash, and having them back."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from seedance_site.prose import prose
from tasks import queue
from tasks.audit import note_each
from tasks.listing import trash as listing
from tasks.models import Copy, Project, Task, Verb
from tasks.views.ways import ids, way_back


@require_GET
def trash(request: HttpRequest) -> HttpResponse:
    """What was deleted, by whom and when, and how many days it can still be had back."""
    if not Project.objects.open_to_work_by(request.user).exists():
        raise PermissionDenied
    now = timezone.now()
    kind = listing.VIDEOS if request.GET.get("kind") == listing.VIDEOS else listing.TASKS
    numbers = listing.counts(request.user, now)
    context = {
        "now": now,
        "kind": kind,
        "kinds": [(name, str(word), numbers[name]) for name, word in listing.WORDS.items()],
        "page": listing.page_of(request.user, kind, request.GET, now),
    }
    return render(request, "trash/page.html", context)


@require_POST
def delete_tasks(request: HttpRequest) -> HttpResponse:
    """Move the tasks named by `only`, or else all by `task`, to the trash; others' stay."""
    asked = ids(request, "only", "task")
    chosen = Task.objects.deletable_by(request.user).filter(pk__in=asked)
    with transaction.atomic():
        gone = chosen.move_to_trash(request.user, timezone.now())
        note_each(request, Verb.DELETED, gone)
    if not gone:
        raise Http404
    messages.success(request, _said_of_deleted(len(gone), len(asked) - len(gone)))
    if "hx-request" in request.headers:
        return _and_look_again(render(request, "_messages.html", {"oob": True}))
    return redirect(way_back(request, "tasks"))


def _and_look_again(response: HttpResponse) -> HttpResponse:
    """Have the page ask its feed at once, which takes the rows away."""
    return trigger_client_event(response, "wake", {"target": "#live"})


def _said_of_deleted(number: int, left: int) -> str:
    said = ngettext(
        "%(number)s task is in the trash for 30 days. The provider's own record stays.",
        "%(number)s tasks are in the trash for 30 days. The provider's own records stay.",
        number,
    )
    return prose(said % {"number": number}, _left_alone(left))


def _left_alone(number: int) -> str:
    said = ngettext(
        "%(number)s was left alone: you may not delete it.",
        "%(number)s were left alone: you may not delete them.",
        number,
    )
    return said % {"number": number} if number else ""


@require_POST
def delete_video(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the saved files of one task to the trash; the task stays."""
    chosen = Copy.objects.deletable_by(request.user).filter(task=pk)
    with transaction.atomic():
        gone = chosen.move_to_trash(request.user, timezone.now())
        note_each(request, Verb.DELETED, gone)
    if not gone:
        raise Http404
    messages.success(request, _("The video is in the trash for 30 days. The task stays."))
    return redirect("task", pk)


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Have the chosen tasks and files back, as if nobody had deleted them."""
    now = timezone.now()
    with transaction.atomic():
        tasks, copies = _chosen(request, now)
        back = [*tasks.restore(), *copies.restore()]
        note_each(request, Verb.RESTORED, back)
    if not back:
        raise Http404
    messages.success(request, _said_of_restored(len(back)))
    return redirect(way_back(request, "trash"))


def _said_of_restored(number: int) -> str:
    said = ngettext("%(number)s is back.", "%(number)s are back.", number)
    return said % {"number": number}


@require_POST
def delete_for_good(request: HttpRequest) -> HttpResponse:
    """Asks first, and names the number; a worker then removes files and rows."""
    now = timezone.now()
    with transaction.atomic():
        found = _chosen(request, now)
        tasks, copies = (rows.managed_by(request.user) for rows in found)
        if not (tasks.exists() or copies.exists()):
            raise Http404
        if "sure" not in request.POST:
            context = {"tasks": list(tasks.values("pk")), "copies": list(copies.values("pk"))}
            return render(request, "trash/sure.html", context)
        number = _give_up(request, tasks, copies, now)
    queue.purge()
    messages.success(request, _said_of_given_up(number))
    return redirect("trash")


def _give_up(request: HttpRequest, tasks: Any, copies: Any, now: datetime) -> int:
    for rows in (tasks, copies.select_related("task")):
        note_each(request, Verb.PURGED, rows)
    return int(tasks.give_up(now) + copies.give_up(now))


def _said_of_given_up(number: int) -> str:
    said = ngettext(
        "%(number)s is being deleted for good.", "%(number)s are being deleted for good.", number
    )
    return said % {"number": number}


def _chosen(request: HttpRequest, now: datetime) -> tuple[Any, Any]:
    """Of the rows in this person's trash those named by `task` and `copy`."""
    tasks = Task.objects.trash_of(request.user, now).filter(pk__in=ids(request, "task"))
    copies = Copy.objects.trash_of(request.user, now).filter(pk__in=ids(request, "copy"))
    return tasks, copies
