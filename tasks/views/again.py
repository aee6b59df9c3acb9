"""More of what is there: the same wish once more, and on from a last frame."""

from __future__ import annotations

import logging
import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.core.files import File
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tasks import submit
from tasks.making import uploads
from tasks.making.again import Way
from tasks.making.lineage import repeated
from tasks.making.offers import Offers
from tasks.models import Copy, Credential, Kind, Submission, Task, Upload
from tasks.money.refusals import Refused
from tasks.providers.rules import objections
from tasks.serving import videos
from tasks.showing import Showing
from tasks.status import Status
from tasks.views.make import place, shown

log = logging.getLogger(__name__)

#: Of these nobody knows yet whether they were made: to send them again is a question of its own.
UNSURE = frozenset({Status.SUBMITTING, Status.UNCONFIRMED})


@require_POST
def once_more(request: HttpRequest, pk: int) -> HttpResponse:
    """The same wish, seed included, under the key of the button: a double click makes one."""
    workable = Submission.objects.filter(task__in=Task.objects.workable_by(request.user))
    rows = workable.select_related("task__project", "task__credential")
    submission = get_object_or_404(rows, task=pk)
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return HttpResponseBadRequest()
    if submission.task.status in UNSURE:
        messages.error(request, _("Nobody knows yet whether this one was made."))
        return redirect("task", pk)
    if why := _why_not(submission):
        return _by_the_form(request, pk, why)
    try:
        batch = place(
            key,
            wishes=[submission.wished],
            project=submission.task.project,
            credential=submission.task.credential,
            created_by=request.user,
            origin=repeated(submission.task),
        )
    except submit.UploadGone:
        return _by_the_form(request, pk, _("A picture is not here any more. Give it again."))
    except Refused as why:
        messages.error(request, str(why))
        return redirect("task", pk)
    return shown(request, batch)


def _why_not(submission: Submission) -> str:
    """What has changed since, so that the same cannot be sent; "" where nothing has."""
    task, wish = submission.task, submission.wished
    if not Credential.objects.usable_in(task.project).filter(pk=task.credential_id).exists():
        return _("Its credential cannot be used in this project any more. Choose another.")
    model = wish.catalogued
    if model is None or objections(wish, model, task.credential.service.dialect):
        return _("What the model takes has changed since. Look the settings through.")
    return ""


def _by_the_form(request: HttpRequest, pk: int, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect(f"{reverse('make')}?{urlencode({'from': pk})}")


@require_POST
def go_on(request: HttpRequest, pk: int) -> HttpResponse:
    """The form, with the task's last frame as a first one: an upload of its project's.

    Where ours is not saved yet the provider's own link is given, for as long as it lives.
    """
    tasks = Task.objects.workable_by(request.user).select_related("project", "submission")
    task = get_object_or_404(tasks.prefetch_related("copies"), pk=pk)
    offers = Offers(Showing(task, timezone.now()))
    if not offers.has_frame:
        messages.error(request, _("There is no last frame to go on from."))
        return redirect("task", pk)
    query = {"from": pk, "as": str(Way.CONTINUED)}
    if offers.frame_is_saved:
        try:
            query["frame"] = _taken(request, task).pk
        except uploads.Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("task", pk)
    return redirect(f"{reverse('make')}?{urlencode(query)}")


def _taken(request: HttpRequest, task: Task) -> Upload:
    """Raises uploads.Refused."""
    copy = Copy.objects.get(task=task, kind=Kind.LAST_FRAME)
    try:
        with videos().open(copy.name) as file:
            return uploads.keep(File(file), task.project, request.user, timezone.now())
    except uploads.Refused:
        raise
    except Exception as error:  # whatever the library of a remote storage raises
        log.warning("A last frame could not be read: %s", type(error).__name__)
        raise uploads.Refused(_("The last frame could not be read from the storage.")) from error
