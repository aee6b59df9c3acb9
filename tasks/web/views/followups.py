"""New tasks from a finished one: run again, continued from its last frame, or referring to it."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from random import Random, SystemRandom
from urllib.parse import urlencode

from django.contrib import messages
from django.core.files import File
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tasks.billing.errors import PlacementRefusedError
from tasks.models import Copy, CopyKind, Credential, Submission, Task, Upload
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.catalog.rules import LARGEST_SEED, end_of, violations
from tasks.submission.place import UploadGoneError
from tasks.web.compose import uploads
from tasks.web.compose.followups import Followups
from tasks.web.compose.labels import violation_sentence
from tasks.web.compose.lineage import origin_of_repeat
from tasks.web.compose.prefill import Followup
from tasks.web.files import videos
from tasks.web.presenters.actions import UNSURE
from tasks.web.presenters.task import TaskPresenter
from tasks.web.views.compose import place_and_send, redirect_to_takes

log = logging.getLogger(__name__)
_random: Random = SystemRandom()


@require_POST
def run_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the same request again with a new seed; the button's key makes a double click one."""
    repeatable = Submission.objects.filter(task__in=Task.objects.repeatable_by(request.user))
    rows = repeatable.select_related("task__project", "task__credential")
    submission = get_object_or_404(rows, task=pk)
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return HttpResponseBadRequest()
    if submission.task.status in UNSURE:
        messages.error(request, _("Nobody knows yet whether this one was made."))
        return redirect("task", pk)
    if reason := _reason_against(submission):
        return _redirect_to_form(request, pk, reason)
    try:
        batch = place_and_send(
            key,
            requests=[_with_new_seed(submission.generation)],
            project=submission.task.project,
            credential=submission.task.credential,
            created_by=request.user,
            origin=origin_of_repeat(submission.task),
        )
    except UploadGoneError:
        return _redirect_to_form(request, pk, _("A picture is not here any more. Give it again."))
    except PlacementRefusedError as refusal:
        messages.error(request, str(refusal))
        return redirect("task", pk)
    return redirect_to_takes(request, batch)


def _with_new_seed(generation: GenerationRequest) -> GenerationRequest:
    """The same request; where it names a seed, with another one, as chance would have it."""
    if generation.seed is None:
        return generation
    return replace(generation, seed=_random.randrange(LARGEST_SEED))


def _reason_against(submission: Submission) -> str:
    """The change since the first send that forbids sending it again; "" where there is none."""
    task, generation = submission.task, submission.generation
    if not Credential.objects.usable_in(task.project).filter(pk=task.credential_id).exists():
        return _("Its credential cannot be used in this project any more. Choose another.")
    model, service = generation.written_for, task.credential.service
    if model is None or violations(generation, model, service.dialect):
        return _("What the model takes has changed since. Look the settings through.")
    if ended := end_of(model, service.vendor, timezone.localdate()):
        return violation_sentence(ended)
    return ""


def _redirect_to_form(request: HttpRequest, pk: int, reason: str) -> HttpResponse:
    messages.error(request, reason)
    return redirect(f"{reverse('compose')}?{urlencode({'from': pk})}")


@require_POST
def continue_from(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the form with the task's last frame as the first frame, as an upload of its project.

    While our copy is not saved yet, the provider's own link is given, as long as it is valid.
    """
    task = _repeatable(request, pk)
    if Followups(TaskPresenter(task, timezone.now())).has_frame:
        return _open_with_frame(request, task, Followup.CONTINUED)
    messages.error(request, _("There is no last frame to continue from."))
    return redirect("task", pk)


@require_POST
def use_as_reference(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the form with the clip as a reference: its link while that lives, or its last frame."""
    task = _repeatable(request, pk)
    followups = Followups(TaskPresenter(task, timezone.now()))
    if followups.lends_video:
        return _open_form(task, Followup.REFERENCE)
    if followups.lends_frame:
        return _open_with_frame(request, task, Followup.REFERENCE_FRAME)
    messages.error(request, _("This clip cannot be a reference."))
    return redirect("task", pk)


def _repeatable(request: HttpRequest, pk: int) -> Task:
    tasks = Task.objects.repeatable_by(request.user)
    related = tasks.select_related("project", "credential", "submission")
    return get_object_or_404(related.prefetch_related("copies"), pk=pk)


def _open_with_frame(request: HttpRequest, task: Task, followup: Followup) -> HttpResponse:
    followups = Followups(TaskPresenter(task, timezone.now()))
    if not followups.frame_is_saved:
        return _open_form(task, followup)
    try:
        return _open_form(task, followup, frame=_last_frame_upload(request, task).pk)
    except uploads.PictureRefusedError as refusal:
        messages.error(request, str(refusal))
        return redirect("task", task.pk)


def _open_form(task: Task, followup: Followup, **more: int) -> HttpResponse:
    query = {"from": task.pk, "as": str(followup), **more}
    return redirect(f"{reverse('compose')}?{urlencode(query)}")


def _last_frame_upload(request: HttpRequest, task: Task) -> Upload:
    """Keep the last frame as an upload. Raises uploads.PictureRefusedError."""
    copy = Copy.objects.get(task=task, kind=CopyKind.LAST_FRAME)
    try:
        with videos().open(copy.name) as file:
            return uploads.keep(File(file), task.project, request.user, timezone.now())
    except uploads.PictureRefusedError:
        raise
    except Exception as error:  # the libraries of remote storages raise errors of their own
        log.warning("A last frame could not be read: %s", type(error).__name__)
        message = _("The last frame could not be read from the storage.")
        raise uploads.PictureRefusedError(message) from error
