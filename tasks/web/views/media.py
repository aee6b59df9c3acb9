"""Saved files, to be played, shown or downloaded, one by one or many in a ZIP."""

from collections import Counter

from django.http import Http404, HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tasks.models import AuditAction, Copy, CopyKind, CopyState, Task
from tasks.providers.numbers import whole_number
from tasks.team.audit import note
from tasks.team.limits import Limit
from tasks.web.files import MOST, Bundle, SavedFile, answer, answer_preview
from tasks.web.limits import limited

#: The columns that a file's name is made of. With all of their hundred columns, some of them long,
#: task and project made a player's request take 3.3 ms instead of 1.6.
NAMED_BY = ("prompt", "remote_id", "project__name")
#: The columns that a saved file is sent by.
SENT_BY = (
    *("kind", "name", "size", "sha256", "poster", "poster_size", "poster_hash"),
    *("sprite", "sprite_size", "sprite_hash"),
    *("proxy", "proxy_size", "proxy_hash"),
    *(f"task__{each}" for each in NAMED_BY),
)


@require_safe
def video(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the saved video; `?download` as an attachment."""
    return answer(request, SavedFile.of(_saved_copy(request, pk, CopyKind.VIDEO)))


@require_safe
def last_frame(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the saved last frame; `?download` as an attachment."""
    return answer(request, SavedFile.of(_saved_copy(request, pk, CopyKind.LAST_FRAME)))


@require_safe
def poster(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the image that stands for the saved video until it plays."""
    copy = _saved_copy(request, pk, CopyKind.VIDEO)
    if not copy.poster:
        raise Http404
    return answer(request, SavedFile.poster_of(copy))


@require_safe
def kept_poster(request: HttpRequest, pk: int, digest: str) -> HttpResponseBase:
    """Send the poster whose content has this hash; browsers keep it."""
    copy = _saved_copy(request, pk, CopyKind.VIDEO, poster_hash=digest)
    return answer_preview(request, SavedFile.poster_of(copy))


@require_safe
def sprite(request: HttpRequest, pk: int, digest: str) -> HttpResponseBase:
    """Send the frames to scrub by, in one image whose content has this hash; browsers keep it."""
    copy = _saved_copy(request, pk, CopyKind.VIDEO, sprite_hash=digest)
    return answer_preview(request, SavedFile.sprite_of(copy))


@require_safe
def proxy(request: HttpRequest, pk: int, digest: str) -> HttpResponseBase:
    """Send the small version of the saved video, for browsers that cannot play it, in ranges."""
    copy = _saved_copy(request, pk, CopyKind.VIDEO, proxy_hash=digest)
    return answer(request, SavedFile.proxy_of(copy))


@require_POST
@limited(Limit.EXPORT)
def download(request: HttpRequest) -> HttpResponseBase:
    """Send the saved files of the tasks named by `task` in one ZIP.

    It is a POST because the audit notes who exported them, and because 500 ids make too long an
    address.
    """
    named = [*request.GET.getlist("task"), *request.POST.getlist("task")]
    ids = {pk for pk in map(whole_number, named) if pk is not None}
    if len(ids) > MOST:
        message = _("A ZIP can contain at most %(most)d tasks.") % {"most": MOST}
        return HttpResponseBadRequest(message, content_type="text/plain; charset=utf-8")
    tasks = Task.objects.visible_to(request.user).filter(pk__in=ids).order_by("id")
    light = tasks.select_related("project").only(*NAMED_BY, "status")
    chosen = list(light.prefetch_related("copies"))
    if not chosen:
        raise Http404
    for project, number in Counter(task.project_id for task in chosen).items():
        note(request, AuditAction.EXPORTED, project=project, label=_("videos as ZIP"), tasks=number)
    today = timezone.localdate()
    return Bundle(chosen).answer(f"Dailies {today:%Y-%m-%d}.zip")


def _saved_copy(request: HttpRequest, pk: int, kind: CopyKind, **more: str) -> Copy:
    tasks = Task.objects.visible_to(request.user).filter(pk=pk)
    copies = Copy.objects.filter(task__in=tasks, kind=kind, state=CopyState.SAVED, deleted_at=None)
    return get_object_or_404(copies.select_related("task__project").only(*SENT_BY), **more)
