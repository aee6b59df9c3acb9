"""Saved files: to play, to show, to keep, one by one or many in a ZIP."""

from collections import Counter

from django.http import Http404, HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tasks.audit import note
from tasks.models import Copy, CopyState, Kind, Task, Verb
from tasks.serving import MOST, Bundle, SavedFile, answer


@require_safe
def video(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The saved video; `?download` to keep it."""
    return answer(request, SavedFile.of(_saved(request, pk, Kind.VIDEO)))


@require_safe
def last_frame(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The saved last frame, which the next task may begin with; `?download` to keep it."""
    return answer(request, SavedFile.of(_saved(request, pk, Kind.LAST_FRAME)))


@require_safe
def poster(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The image shown in the saved video's place until it plays."""
    copy = _saved(request, pk, Kind.VIDEO)
    if not copy.poster:
        raise Http404
    return answer(request, SavedFile.poster_of(copy))


@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """The saved files of the tasks named by `task`, in one ZIP.

    By POST, for it is noted who took them along, and 500 ids make too long an address.
    """
    asked = [*request.GET.getlist("task"), *request.POST.getlist("task")]
    ids = {int(pk) for pk in asked if pk.isdecimal() and len(pk) < 19}
    if len(ids) > MOST:
        words = _("At most %(most)d tasks fit into one ZIP.") % {"most": MOST}
        return HttpResponseBadRequest(words, content_type="text/plain; charset=utf-8")
    tasks = Task.objects.visible_to(request.user).filter(pk__in=ids).order_by("id")
    named = tasks.select_related("project").only(*NAMED_BY, "status")
    chosen = list(named.prefetch_related("copies"))
    if not chosen:
        raise Http404
    for project, number in Counter(task.project_id for task in chosen).items():
        note(request, Verb.EXPORTED, project=project, label=_("videos as ZIP"), tasks=number)
    today = timezone.localdate()
    return Bundle(chosen).answer(f"Dailies {today:%Y-%m-%d}.zip")


#: What a file's name is made of, and no more: with their hundred columns, some of them long, task
#: and project made a player's request take 3.3 ms instead of 1.6.
NAMED_BY = ("prompt", "remote_id", "project__name")
#: What a saved file is sent by.
SENT_BY = ("kind", "name", "poster", "sha256", *(f"task__{each}" for each in NAMED_BY))


def _saved(request: HttpRequest, pk: int, kind: Kind) -> Copy:
    tasks = Task.objects.visible_to(request.user).filter(pk=pk)
    copies = Copy.objects.filter(task__in=tasks, kind=kind, state=CopyState.SAVED, deleted_at=None)
    return get_object_or_404(copies.select_related("task__project").only(*SENT_BY))
