"""New tasks from a finished one: the same request again, or continued from its last frame."""

from __future__ import annotations

import uuid
from dataclasses import replace
from random import Random, SystemRandom
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tasks.billing.errors import PlacementRefusedError
from tasks.models import Credential, Submission, Task
from tasks.providers.catalog.request import GenerationRequest, upload_in
from tasks.providers.catalog.rules import LARGEST_SEED, end_of, violations
from tasks.submission.place import UploadGoneError
from tasks.web.compose import last_frame
from tasks.web.compose.followups import Followups
from tasks.web.compose.labels import violation_sentence
from tasks.web.compose.lineage import origin_of_repeat
from tasks.web.compose.prefill import Followup
from tasks.web.presenters.actions import UNSURE
from tasks.web.presenters.task import TaskPresenter
from tasks.web.views.compose import place_and_send, redirect_to_takes

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
        messages.error(request, _("It isn't known yet whether this one was created."))
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
        return _redirect_to_form(request, pk, _("A file is no longer here. Add it again."))
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
        return _("Its credential can no longer be used in this project. Choose another one.")
    model, service = generation.written_for, task.credential.service
    if model is None or violations(generation, model, service.dialect):
        return _("This model's options have changed since then. Check the settings.")
    if ended := end_of(model, service.vendor, timezone.localdate()):
        return violation_sentence(ended)
    return ""


def _redirect_to_form(request: HttpRequest, pk: int, reason: str) -> HttpResponse:
    messages.error(request, reason)
    return redirect(f"{reverse('compose')}?{urlencode({'from': pk})}")


@require_POST
def continue_from(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the form with the task's last frame as the first frame; or, with `as=reference`, with
    the clip as a reference, or its last frame where no link to the clip is valid.

    The frame becomes an upload of the project. The form says where it could not be had.
    """
    tasks = Task.objects.repeatable_by(request.user).select_related("project", "submission")
    task = get_object_or_404(tasks.prefetch_related("copies"), pk=pk)
    is_reference = request.POST.get("as") == Followup.REFERENCE
    followup = Followup.REFERENCE if is_reference else Followup.CONTINUED
    query: dict[str, object] = {"from": pk, "as": str(followup)}
    followups = Followups(TaskPresenter(task, timezone.now()))
    if not (is_reference and followups.lends_video):
        try:
            given = last_frame.first_frame(task, request.user, timezone.now())
            query |= {"frame": upload} if (upload := upload_in(given)) else {}
        except last_frame.NoLastFrameError as reason:
            messages.error(request, str(reason))
    return redirect(f"{reverse('compose')}?{urlencode(query)}")
