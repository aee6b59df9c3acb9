"""Deleting tasks and videos, the trash, and restoring from it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_htmx.http import trigger_client_event

from tasks import queue
from tasks.models import AuditAction, Copy, CopyKind, Task
from tasks.models.access import require_worker
from tasks.team.audit import note_each
from tasks.text import prose
from tasks.web.files import SavedFile, answer
from tasks.web.lists.trash import TASKS, VIDEOS, WORDS, counts, trash_page
from tasks.web.views.media import SENT_BY
from tasks.web.views.posted import ids, return_address


@require_GET
def trash(request: HttpRequest) -> HttpResponse:
    """List deleted tasks or videos, with who deleted them, when, and the days left to restore."""
    require_worker(request.user)
    now = timezone.now()
    kind = VIDEOS if request.GET.get("kind") == VIDEOS else TASKS
    numbers = counts(request.user, now)
    context = {
        "now": now,
        "kind": kind,
        "kinds": [(name, str(word), numbers[name]) for name, word in WORDS.items()],
        "page": trash_page(request.user, kind, request.GET, now),
    }
    return render(request, "trash/page.html", context)


@require_safe
def trash_poster(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the picture of a deleted task or video to who may restore it."""
    now = timezone.now()
    videos = Copy.objects.saved().filter(task=pk, kind=CopyKind.VIDEO).exclude(poster="")
    tasks = Task.objects.restorable_by(request.user, now).filter(pk=pk)
    files = Copy.objects.restorable_by(request.user, now).filter(task=pk)
    shown = videos.filter(Q(task__in=tasks.values("pk")) | Q(pk__in=files.values("pk")))
    copy = get_object_or_404(shown.select_related("task__project").only(*SENT_BY))
    return answer(request, SavedFile.poster_of(copy))


@require_POST
def delete_tasks(request: HttpRequest) -> HttpResponse:
    """Move the tasks named by `only`, or else by `task`, to the trash, if one may delete them."""
    named = ids(request, "only", "task")
    chosen = Task.objects.deletable_by(request.user).filter(pk__in=named)
    with transaction.atomic():
        deleted = chosen.move_to_trash(request.user, timezone.now())
        note_each(request, AuditAction.DELETED, deleted)
    if not deleted:
        raise Http404
    number = len(deleted)
    sentences = [
        ngettext(
            "%(number)s task moved to the trash for 30 days. The provider's record isn't affected.",
            "%(number)s tasks moved to the trash for 30 days. The provider's records aren't "
            "affected.",
            number,
        )
        % {"number": number}
    ]
    if skipped := len(named) - number:
        sentence = ngettext(
            "%(number)s wasn't deleted: you don't have permission.",
            "%(number)s weren't deleted: you don't have permission.",
            skipped,
        )
        sentences.append(sentence % {"number": skipped})
    messages.success(request, prose(*sentences))
    if "hx-request" in request.headers:
        response = render(request, "_messages.html", {"oob": True})
        # The page polls its feed at once, which removes the rows.
        return trigger_client_event(response, "wake", {"target": "#live"})
    return redirect(return_address(request, "tasks"))


@require_POST
def delete_video(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the saved files of one task to the trash; the task stays."""
    chosen = Copy.objects.deletable_by(request.user).filter(task=pk)
    with transaction.atomic():
        deleted = chosen.move_to_trash(request.user, timezone.now())
        note_each(request, AuditAction.DELETED, deleted)
    if not deleted:
        raise Http404
    messages.success(request, _("Video moved to the trash for 30 days. The task stays."))
    return redirect("task", pk)


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Restore the chosen tasks and files from the trash."""
    now = timezone.now()
    with transaction.atomic():
        tasks, copies = _chosen(request, now)
        restored = [*tasks.restore(), *copies.restore()]
        note_each(request, AuditAction.RESTORED, restored)
    if not restored:
        raise Http404
    number = len(restored)
    sentence = ngettext("%(number)s restored.", "%(number)s restored.", number)
    messages.success(request, sentence % {"number": number})
    return redirect(return_address(request, "trash"))


@require_POST
def delete_for_good(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation with the number, then have a worker purge files and rows."""
    now = timezone.now()
    with transaction.atomic():
        tasks, copies = (rows.managed_by(request.user) for rows in _chosen(request, now))
        if not (tasks.exists() or copies.exists()):
            raise Http404
        if "sure" not in request.POST:
            context = {"tasks": list(tasks.values("pk")), "copies": list(copies.values("pk"))}
            return render(request, "trash/sure.html", context)
        for rows in (tasks, copies.select_related("task")):
            note_each(request, AuditAction.PURGED, rows)
        number = tasks.give_up(now) + copies.give_up(now)
    queue.purge()
    sentence = ngettext(
        "Permanently deleting %(number)s.", "Permanently deleting %(number)s.", number
    )
    messages.success(request, sentence % {"number": number})
    return redirect("trash")


def _chosen(request: HttpRequest, now: datetime) -> tuple[Any, Any]:
    """The tasks and copies named by `task` and `copy` that the person may restore."""
    tasks = Task.objects.restorable_by(request.user, now).filter(pk__in=ids(request, "task"))
    copies = Copy.objects.restorable_by(request.user, now).filter(pk__in=ids(request, "copy"))
    return tasks, copies
