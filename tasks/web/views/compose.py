"""The compose form, its preview and placing; cancelling; and settling an unconfirmed create."""

from __future__ import annotations

import uuid
from random import Random, SystemRandom
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks import queue
from tasks.billing import gate
from tasks.billing.errors import PlacementRefusedError
from tasks.models import (
    AuditAction,
    Batch,
    Cancellation,
    Origin,
    Relation,
    SavedPrompt,
    Submission,
    SubmissionState,
    Task,
)
from tasks.models.access import require_worker
from tasks.models.prompt import LONGEST_PROMPT
from tasks.models.task_queries import TaskQuerySet
from tasks.submission.place import (
    AlreadyTrackedError,
    IdempotencyKeyError,
    UploadGoneError,
    confirm_created,
    mark_not_created,
    place_batch,
    withdraw,
)
from tasks.team import audit
from tasks.team.limits import LimitReachedError
from tasks.web import limits
from tasks.web.compose import answers, last_frame
from tasks.web.compose.cost_estimate import CostEstimate
from tasks.web.compose.form import ComposeForm
from tasks.web.compose.labels import caution_sentence
from tasks.web.compose.last_used import last_used
from tasks.web.compose.lineage import origin_of
from tasks.web.compose.plan import Plan
from tasks.web.compose.plan_summary import PlanSummary
from tasks.web.compose.prefill import Followup, initial_of
from tasks.web.compose.prompt_library import PromptLibrary
from tasks.web.compose.uploads import receive_without_scripts
from tasks.web.csp import allow_media
from tasks.web.files import origins
from tasks.web.views.latest_results import latest_results

_random: Random = SystemRandom()


@require_http_methods(["GET", "POST"])
def compose(request: HttpRequest) -> HttpResponseBase:
    """Show the form, or place its requests. Without scripts a button asks for the preview.

    A script sends the form while its page stays open, and is answered by `answers`.
    """
    require_worker(request.user)
    if request.method == "GET":
        return form_page(request, ComposeForm(user=request.user, initial=_initial(request)))
    is_preview = "look" in request.POST or "use" in request.POST
    try:
        data, refused = receive_without_scripts(request)
    except LimitReachedError as error:
        return _without_pictures(request, error)
    form = ComposeForm(data, user=request.user, is_preview=is_preview)
    form.is_valid()
    for part, sentences in refused.items():
        for sentence in sentences:
            form.add_error(part if part in form.fields else None, sentence)
    if is_preview:
        return form_page(request, form)
    if form.errors or form.plan is None:
        return _not_placed(request, form)
    return _place_form(request, form, form.plan)


def _without_pictures(request: HttpRequest, error: LimitReachedError) -> HttpResponseBase:
    """The form as it was typed, without the pictures that were one upload too many."""
    form = ComposeForm(request.POST, user=request.user, is_preview=True)
    form.is_valid()
    form.add_error(None, str(error))
    return limits.refused(form_page(request, form), error)


@require_GET
def placed(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Say what this person has placed under a form's key; a 204 where it is nothing so far."""
    require_worker(request.user)
    batches = Batch.objects.visible_to(request.user).filter(created_by=request.user.pk)
    batch = batches.filter(key=key).first()
    if batch is None:
        return HttpResponse(status=204)
    batch.is_repeat = True
    return answers.placed(request, batch)


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Show the form narrowed by the choices so far. Nothing is stored."""
    require_worker(request.user)
    form = ComposeForm(request.POST, user=request.user, is_preview=True)
    form.is_valid()
    return render(request, "compose/_body.html", form_context(request, form))


def form_page(request: HttpRequest, form: ComposeForm, **saving: Any) -> HttpResponse:
    """The form's page, with this person's latest results; `?dock` asks for the form alone."""
    context = form_context(request, form, **saving)
    if "dock" in request.GET:
        return render(request, "compose/_composer.html", context)
    if form.project_chosen:
        context |= latest_results(request.user, form.project_chosen, context["now"])
    response = render(request, "compose/page.html", context)
    allow_media(response, context.get("sources", origins()))
    return response


def form_context(request: HttpRequest, form: ComposeForm, **saving: Any) -> dict[str, Any]:
    """The context of the form's page; `saving` holds the outcome of a prompt saved just now."""
    context: dict[str, Any] = {"form": form, "prompt_name": form.posted("prompt_name"), **saving}
    if form.plan and form.project_chosen and "prompt" in form.fields:
        context["library"] = PromptLibrary.of(request.user, form.project_chosen)
    context["advice"] = form.advice
    context["length"] = form.prompt_box.longest(form.advice)
    context["is_long"] = context["length"].is_long(form.advice)
    plan = form.plan
    if plan and (form.is_several or plan.composition.number > 1):
        labels = {name: field.label for name, field in form.fields.items()}
        context["summary"] = PlanSummary.of(plan, labels)
    context["cautions"] = [caution_sentence(each) for each in plan.cautions] if plan else []
    context["now"] = timezone.now()
    if form.credential_chosen:
        context["waits_until"] = form.credential_chosen.creates_wait(context["now"])
    requests = plan.requests(_random) if plan else []
    if requests and form.project_chosen and form.credential_chosen:
        chosen = (form.project_chosen, form.credential_chosen)
        context["estimate"] = CostEstimate.of(requests, *chosen, request.user)
    return context


def _initial(request: HttpRequest) -> dict[str, Any]:
    """The form's initial values: those that this person used last, and what the address says.

    `?from=7` fills it from a task whose details this person sees, `&as=seed` as one of the
    followups; `?prompt=7` from a saved prompt; `?project=7` chooses the project; `?text=` is the
    prompt that was begun in the dock of a page without scripts.
    """
    if _number(request, "prompt"):
        usable = SavedPrompt.objects.usable_by(request.user)
        saved = get_object_or_404(usable, pk=_number(request, "prompt"))
        settings = last_used(request.user, saved.project_id)
        return settings | {"project": saved.project_id, "prompt": saved.text}
    if not (task_id := _number(request, "from")):
        text = request.GET.get("text", "")[:LONGEST_PROMPT]
        return last_used(request.user, _number(request, "project")) | {"prompt": text}
    followup = request.GET.get("as", "")
    tasks = Task.objects.visible_to(request.user, details=True).select_related("submission")
    task = get_object_or_404(tasks, pk=task_id)
    chosen = Followup(followup) if followup in list(Followup) else None
    given = ""
    if chosen in (Followup.CONTINUED, Followup.REFERENCE, *last_frame.GIVING_CLIP):
        given = last_frame.for_form(task, chosen, _number(request, "frame"))
    return initial_of(task, request.user, chosen, given)


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if is_number else None


def _place_form(request: HttpRequest, form: ComposeForm, plan: Plan) -> HttpResponse:
    """Place the form's requests, or tell what was placed under its key before it was changed."""
    assert form.project_chosen and form.credential_chosen
    origin = origin_of(
        form.cleaned_data["origin"],
        plan.common_request,
        plan.composition.seeds,
        project=form.project_chosen,
        credential=form.credential_chosen,
        user=request.user,
    )
    key = form.cleaned_data["key"]
    # Seeds follow from the key, so the same form makes the same requests when it is sent again.
    requests = plan.requests(Random(key.int))
    try:
        batch = place_and_send(
            key,
            requests=requests,
            project=form.project_chosen,
            credential=form.credential_chosen,
            created_by=request.user,
            origin=origin,
        )
    except UploadGoneError:  # it was removed after the form had been validated
        form.add_error(None, _("A file is no longer here. Add it again."))
        return _not_placed(request, form)
    except PlacementRefusedError as refusal:  # too many, too fast, or over the budget
        form.add_error(None, str(refusal))
        return _not_placed(request, form)
    where = (form.project_chosen, form.credential_chosen)
    if batch.is_repeat and not batch.is_for(requests, *where):
        return _placed_before(request, form, batch)
    if answers.is_background(request):
        return answers.placed(request, batch, plan.left_out)
    return redirect_to_takes(request, batch, plan.left_out)


def _not_placed(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    if answers.is_background(request):
        return answers.not_placed(request, form_context(request, form))
    return form_page(request, form)


def _placed_before(request: HttpRequest, form: ComposeForm, batch: Batch) -> HttpResponse:
    """The form with a new key, under which what is in it now can be sent as well."""
    if answers.is_background(request):
        return answers.placed_before(request, batch)
    form.data["key"] = str(uuid.uuid4())  # type: ignore[index]  # a copy of what was posted
    link = format_html(
        '<a href="{}">{}</a>', answers.address_of(batch), answers.placed_sentence(batch)
    )
    form.add_error(None, format_html("{} {}", answers.changed_sentence(), link))
    return form_page(request, form)


def redirect_to_takes(request: HttpRequest, batch: Batch, left_out: int = 0) -> HttpResponse:
    """Redirect to the page of the batch, or of its only task, and say how many were placed."""
    messages.success(request, answers.placed_sentence(batch, left_out))
    return redirect(answers.address_of(batch))


def place_and_send(key: uuid.UUID, **fields: Any) -> Batch:
    """Place a batch and wake the sender. Raises PermissionDenied for somebody else's key."""
    try:
        batch = place_batch(key=key, now=timezone.now(), **fields)
    except IdempotencyKeyError as error:
        raise PermissionDenied from error
    transaction.on_commit(queue.send)
    return batch


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Request the cancellation; the provider's answer appears on the task's page.

    A create that has not been sent yet is withdrawn at once.
    """
    task = get_object_or_404(Task.objects.cancellable_by(request.user), pk=pk)
    with transaction.atomic():
        if withdraw(task, timezone.now()):
            audit.note(request, AuditAction.CANCELLED, task, project=task.project_id)
            return redirect("task", pk)
        cancellation = Cancellation.objects.ask_for(task, request.user, timezone.now())
        if cancellation:
            audit.note(request, AuditAction.CANCELLED, task, project=task.project_id)
            transaction.on_commit(lambda: queue.cancel(cancellation.pk))
    if not cancellation:
        messages.error(
            request, _("Only a queued task can be cancelled, and only by one request at a time.")
        )
    return redirect("task", pk)


# Unconfirmed creates


@require_POST
def it_exists(request: HttpRequest, pk: int) -> HttpResponse:
    """Track the task under the id that a person found at the provider."""
    submission = _unconfirmed(Task.objects.editable_by(request.user), pk)
    remote_id = request.POST.get("remote_id", "").strip()
    if submission.task.credential.service.dialect.id_issue(remote_id):
        messages.error(request, _("This isn't a task id of this provider."))
    else:
        try:
            if confirm_created(submission, remote_id, timezone.now()):
                messages.success(request, _("Thank you. The task is now tracked under this id."))
        except AlreadyTrackedError:
            messages.error(request, _("This id already belongs to another task here."))
    submission.refresh_from_db()
    return redirect("task", submission.task_id)


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a request again after a person confirmed that its task was never created.

    Only the caller who closes the old submission places the new one.
    """
    submission = _unconfirmed(Task.objects.repeatable_by(request.user), pk)
    batch = None
    try:
        with transaction.atomic():
            # Before any task is changed, as the gate locks these before the change counter.
            gate.lock(submission.task.project, submission.task.credential, request.user)
            if mark_not_created(submission, timezone.now()):
                batch = place_and_send(
                    uuid.uuid5(submission.batch.key, f"again {submission.take}"),
                    requests=[submission.generation],
                    project=submission.task.project,
                    credential=submission.task.credential,
                    created_by=request.user,
                    origin=Origin(submission.task_id, Relation.RETRY),
                )
    except PlacementRefusedError as refusal:  # the old submission stays unconfirmed
        messages.error(request, str(refusal))
    return redirect_to_takes(request, batch) if batch else redirect("task", pk)


def _unconfirmed(tasks: TaskQuerySet, pk: int) -> Submission:
    rows = Submission.objects.filter(task__in=tasks, state=SubmissionState.UNCONFIRMED)
    related = rows.select_related("batch", "task__credential", "task__project")
    submission = related.filter(task=pk).first()
    if submission is None:
        raise Http404
    return submission
