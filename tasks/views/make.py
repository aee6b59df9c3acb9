"""Making videos: the form, its live choices, and what to do where an answer was lost."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from seedance_site.csp import allow_media
from tasks import audit, queue, submit
from tasks.making.again import Way, initial_of
from tasks.making.form import MakeForm
from tasks.making.lineage import origin_of
from tasks.making.uploads import take_without_scripts
from tasks.models import (
    Batch,
    Cancellation,
    Kinship,
    Origin,
    Project,
    SavedPrompt,
    Submission,
    SubmissionState,
    Task,
    Verb,
)
from tasks.money.refusals import Refused
from tasks.serving import origins


@require_http_methods(["GET", "POST"])
def make(request: HttpRequest) -> HttpResponse:
    """Without scripts a button of its own renews the choices."""
    check_may_work(request)
    if request.method == "GET":
        return form_page(request, MakeForm(user=request.user, initial=_asked_for(request)))
    looking = "look" in request.POST or "use" in request.POST
    data, refused = take_without_scripts(request)
    form = MakeForm(data, user=request.user, looking=looking)
    form.is_valid()
    for part, sentences in refused.items():
        for sentence in sentences:
            form.add_error(part if part in form.fields else None, sentence)
    if form.errors or looking or form.project_chosen is None:
        return form_page(request, form)
    return _placed(request, form)


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """The form as the choices so far leave it. Nothing is kept."""
    check_may_work(request)
    form = MakeForm(request.POST, user=request.user, looking=True)
    form.is_valid()
    return render(request, "make/_body.html", {"form": form})


def check_may_work(request: HttpRequest) -> None:
    if not Project.objects.open_to_work_by(request.user).exists():
        raise PermissionDenied


def form_page(request: HttpRequest, form: MakeForm) -> HttpResponse:
    response = render(request, "make/page.html", {"form": form})
    allow_media(response, origins())
    return response


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """`?from=7` fills the form from a task that this person may see, `&as=seed`: see again.Way;
    `?prompt=7` from a saved one; `?project=7` is where the form begins.
    """
    if _number(request, "prompt"):
        saved = SavedPrompt.objects.usable_by(request.user)
        found = get_object_or_404(saved, pk=_number(request, "prompt"))
        return {"project": found.project_id, "prompt": found.text}
    if not (wanted := _number(request, "from")):
        return {"project": _number(request, "project")}
    way = request.GET.get("as", "")
    tasks = Task.objects.visible_to(request.user).select_related("submission")
    return initial_of(
        get_object_or_404(tasks, pk=wanted),
        request.user,
        Way(way) if way in list(Way) else None,
        _number(request, "frame"),
    )


def _number(request: HttpRequest, name: str) -> int | None:
    wanted = request.GET.get(name, "")
    is_one = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
    return int(wanted) if is_one else None


def _placed(request: HttpRequest, form: MakeForm) -> HttpResponse:
    assert form.project_chosen and form.credential_chosen
    try:
        batch = place(
            form.cleaned_data["key"],
            wishes=form.wishes,
            project=form.project_chosen,
            credential=form.credential_chosen,
            created_by=request.user,
            origin=origin_of(form, request.user),
        )
    except submit.UploadGone:  # between looking for it and taking it
        form.add_error(None, _("A picture is not here any more. Give it again."))
        return form_page(request, form)
    except Refused as why:  # too many, too fast, or more than the budget leaves
        form.add_error(None, str(why))
        return form_page(request, form)
    return shown(request, batch, form.plan.left_out)


def shown(request: HttpRequest, batch: Batch, left_out: int = 0) -> HttpResponse:
    """To where its one take, or all of them, can be watched."""
    messages.success(request, _told(batch.takes, left_out))
    only = batch.submissions.first() if batch.takes == 1 else None
    return redirect("task", only.task_id) if only else redirect(batch)


def place(key: uuid.UUID, **what: Any) -> Batch:
    try:
        batch = submit.place(key=key, now=timezone.now(), **what)
    except submit.NotYours as error:
        raise PermissionDenied from error
    transaction.on_commit(queue.send)
    return batch


def _told(count: int, left_out: int = 0) -> str:
    sentence = ngettext("The request is on its way.", "%(count)s requests are on their way.", count)
    told = sentence % {"count": count}
    if not left_out:
        return told
    besides = ngettext(
        "%(count)s combination was left out, for its model cannot make it.",
        "%(count)s combinations were left out, for their models cannot make them.",
        left_out,
    )
    return f"{told} {besides % {'count': left_out}}"


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for it; what the provider says appears on the task's page."""
    task = get_object_or_404(Task.objects.deletable_by(request.user), pk=pk)
    with transaction.atomic():
        wish = Cancellation.objects.ask_for(task, request.user, timezone.now())
        if wish:
            audit.note(request, Verb.CANCELLED, task, project=task.project_id)
            transaction.on_commit(lambda: queue.cancel(wish.pk))
    if not wish:
        messages.error(request, _("Only a queued task can be cancelled, and only once at a time."))
    return redirect("task", pk)


# Where the answer was lost


@require_POST
def it_exists(request: HttpRequest, pk: int) -> HttpResponse:
    """A person found the task at the provider; what we learn of it comes by itself."""
    submission = _unconfirmed(request, pk)
    remote_id = request.POST.get("remote_id", "").strip()
    if submission.task.credential.service.dialect.complaint(remote_id):
        messages.error(request, _("This is not the form of this provider's task ids."))
    else:
        _take_its_word(request, submission, remote_id)
    submission.refresh_from_db()
    return redirect("task", submission.task_id)


def _take_its_word(request: HttpRequest, submission: Submission, remote_id: str) -> None:
    try:
        if submit.named(submission, remote_id, timezone.now()):
            messages.success(request, _("Thank you. The task is followed under this id now."))
    except submit.Taken:
        messages.error(request, _("The task of this id already belongs to something else."))


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A person found that nothing was made. Only who closes the old one opens a new one."""
    submission = _unconfirmed(request, pk)
    try:
        batch = _given_up_and_placed(request, submission)
    except Refused as why:  # it stays unconfirmed
        messages.error(request, str(why))
        batch = None
    return shown(request, batch) if batch else redirect("task", pk)


@transaction.atomic
def _given_up_and_placed(request: HttpRequest, submission: Submission) -> Batch | None:
    if not submit.give_up(submission, timezone.now()):
        return None
    return place(
        uuid.uuid5(submission.batch.key, f"again {submission.take}"),
        wishes=[submission.wished],
        project=submission.task.project,
        credential=submission.task.credential,
        created_by=request.user,
        origin=Origin(submission.task_id, Kinship.RETRY),
    )


def _unconfirmed(request: HttpRequest, pk: int) -> Submission:
    tasks = Task.objects.workable_by(request.user)
    rows = Submission.objects.filter(task__in=tasks, state=SubmissionState.UNCONFIRMED)
    found = rows.select_related("batch", "task__credential", "task__project")
    submission = found.filter(task=pk).first()
    if submission is None:
        raise Http404
    return submission
