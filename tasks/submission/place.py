"""The rows of creates, which spend money. `tasks.submission.send` sends them.

A request is sent once, whatever happens:

1. place: the rows are written before anything is sent, under the key that came with the form;
2. begin: a conditional update takes a row for its only attempt;
3. send: one request over a new connection, without a retry at any level below;
4. record: created, refused, or unconfirmed.

A create that is refused because the account's plan has no quota left until a certain time waits
until then: nothing was created, so it is placed as in 1 again.

A kill between 2 and 4 leaves a row in the state "being sent". `mark_interrupted` makes it
"unconfirmed", and only a person's decision sends it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from tasks import queue
from tasks.billing import gate, ledger
from tasks.billing.estimates import Estimate
from tasks.models import (
    ApiCallback,
    ApiToken,
    Batch,
    Candidate,
    ChangeCounter,
    Copy,
    CreateLookup,
    Credential,
    Origin,
    Project,
    Submission,
    SubmissionState,
    Task,
    Upload,
    search,
)
from tasks.providers import ProviderError, Trouble
from tasks.providers.catalog.request import GenerationRequest, Mode
from tasks.providers.status import Status
from tasks.submission.reclaim import reclaim

#: After this an attempt counts as interrupted; its deadline and the recording are shorter.
ABANDONED = timedelta(minutes=2)

#: Fields of a request that its task shows before the provider has answered.
REQUEST_FIELDS = (
    "model prompt resolution ratio duration frames seed draft priority service_tier"
).split()
#: Fields that a final video takes over from its draft, as its request does not repeat them.
INHERITED = ("prompt", "ratio", "duration", "frames", "seed")


class IdempotencyKeyError(PermissionError):
    """The idempotency key belongs to somebody else's form."""


class AlreadyTrackedError(ValueError):
    """The remote task belongs to another submission, or a person names another project's."""


class UploadGoneError(LookupError):
    """A given file of the request is not, or no longer, in this project."""


def place_batch(
    requests: Sequence[GenerationRequest],
    *,
    key: UUID | None,
    project: Project,
    credential: Credential,
    created_by: Any,
    now: datetime,
    origin: Origin | None = None,
    token: ApiToken | None = None,
) -> Batch:
    """Return the batch of this key, with a task for each request, created now or before.

    One that was created before (`is_repeat`) may be for other requests; `Batch.is_for` tells. So a
    form that was changed after a try of unknown outcome goes under the same key: only one of the
    two contents can be placed, however late the first try arrives.

    `origin` is the task that all of them come from; it is left out if it is in another project
    or was deleted. `token` is the one with which the API was asked. Without a key it is always
    placed anew. Raises IdempotencyKeyError, UploadGoneError, or a PlacementRefusedError of the
    gate; then nothing is written.
    """
    with transaction.atomic():
        fields = {"project": project, "credential": credential, "created_by": created_by}
        fields |= {"created_at": now, "takes": len(requests), "api_token": token}
        if key is None:
            batch, is_new = Batch.objects.create(**fields), True
        else:
            batch, is_new = Batch.objects.get_or_create(key=key, defaults=fields)
        if batch.created_by != created_by:
            raise IdempotencyKeyError
        batch.is_repeat = not is_new
        if is_new:
            estimates = gate.admit(
                requests,
                project=project,
                credential=credential,
                person=created_by,
                now=now,
                token=token,
            )
            _create_rows(batch, estimates, now, origin)
    return batch


def _create_rows(
    batch: Batch, estimates: Sequence[Estimate], now: datetime, origin: Origin | None
) -> None:
    """Write a task, a submission and a charge for each estimated request."""
    uploads = {pk for each in estimates for pk in each.request.uploads}
    if not Upload.objects.touch(uploads, batch.project, now):
        raise UploadGoneError
    clips = {pk for each in estimates for pk in each.request.clips}
    if clips and Copy.objects.lent(clips, batch.project).count() < len(clips):
        raise UploadGoneError
    parent = _parent(batch, origin)
    relation = origin.relation if origin and parent else ""
    change, tasks, placed = ChangeCounter.objects.next(), [], []
    for take, estimate in enumerate(estimates, start=1):
        request = estimate.request
        shown = _shown_fields(request, parent)
        task = Task.objects.create(
            project=batch.project,
            credential=batch.credential,
            created_by=batch.created_by,
            provider=batch.credential.provider,
            base_url=batch.credential.base_url,
            remote_id=f"{Task.NO_ID_YET}{batch.key.hex[:12]}-{take}",
            status=Status.SUBMITTING,
            created_at=now,
            check_after=None,
            change=change,
            search_text=search.searchable(shown["prompt"], request.model),
            **shown,
        )
        submission = Submission.objects.create(
            task=task,
            batch=batch,
            take=take,
            request=request.to_json(),
            parent=parent,
            relation=relation,
            **estimate.submission_fields(),
        )
        if request.uploads:
            submission.uploads.set(request.uploads)
        tasks.append(task)
        placed.append(submission)
    batch.placed = placed
    ledger.reserve(tasks, estimates, now, batch=batch.pk, token=batch.api_token_id)


def _parent(batch: Batch, origin: Origin | None) -> Task | None:
    """The locked task of an origin, so that a purge waits until the new rows refer to it."""
    if origin is None:
        return None
    parents = Task.objects.filter(pk=origin.parent, project=batch.project)
    return parents.select_for_update(no_key=True).only(*INHERITED).first()


def _shown_fields(request: GenerationRequest, parent: Task | None) -> dict[str, Any]:
    """Values of the request for its task; a final video shows those of its draft, too."""
    values = {name: getattr(request, name) for name in REQUEST_FIELDS}
    if parent and request.mode == Mode.FINAL:  # the provider takes these over from the draft
        values |= {name: getattr(parent, name) for name in INHERITED if not values[name]}
    return {name: value for name, value in values.items() if value is not None}


# Outcomes


def mark_created(submission: Submission, remote_id: str, now: datetime) -> bool:
    """Record the id in the provider's answer to the create; whether that was new.

    A task that was adopted or tracked meanwhile in the same project takes the submission over; one
    of another project ends here, where it is paid for. Raises AlreadyTrackedError if the task
    belongs to another submission.
    """
    try:
        return _mark_created(submission, remote_id, now, is_proven=True)
    except IntegrityError:  # somebody has begun to track it at this very moment
        return _mark_created(submission, remote_id, now, is_proven=True)


def confirm_created(submission: Submission, remote_id: str, now: datetime) -> bool:
    """Record the id that a person says it was created under; whether that was new.

    Raises AlreadyTrackedError if the task belongs to another submission, or to another project:
    nobody gets another project's task by typing its id. What the provider's list offered for this
    create before is taken back from a project that has only tracked it since.
    """
    try:
        return _mark_created(submission, remote_id, now, is_proven=False)
    except IntegrityError:  # another submission or project got it at the same moment
        raise AlreadyTrackedError from None


def _mark_created(
    submission: Submission, remote_id: str, now: datetime, *, is_proven: bool
) -> bool:
    """`is_proven` says that the id is the provider's answer to this very create."""
    placeholder = submission.task
    with transaction.atomic():
        # The submission is locked before tasks, as by `record_outcome`.
        Submission.objects.select_for_update().filter(pk=submission.pk).first()
        known = _lock_known(placeholder, remote_id)
        if known is None:
            placeholder.remote_id = remote_id
            is_new = record_outcome(submission, SubmissionState.CREATED, now)
        elif Submission.objects.filter(task=known).exists():
            raise AlreadyTrackedError
        elif known.project_id == placeholder.project_id:
            is_new = _move_to(known, submission, placeholder, now)
        elif is_proven or Candidate.objects.offers(submission, remote_id):
            is_new = _reclaim(known, submission, now)
        else:
            raise AlreadyTrackedError
    # Not within the transaction, as it locks other tasks.
    Candidate.objects.withdraw(placeholder.base_url, remote_id)
    return is_new


def _lock_known(placeholder: Task, remote_id: str) -> Task | None:
    """Lock the placeholder and the row that has the id already, in their order; return the latter.

    Its task may have been deleted for good meanwhile, or be the placeholder itself.
    """
    same = Q(base_url=placeholder.base_url, remote_id=remote_id)
    rows = Task.objects.filter(Q(pk=placeholder.pk) | same).select_for_update().order_by("pk")
    return next((row for row in rows if row.pk != placeholder.pk), None)


def _move_to(known: Task, submission: Submission, placeholder: Task, now: datetime) -> bool:
    """Move a submission and its charge from the placeholder to the task that is already known."""
    others = Submission.objects.filter(parent=placeholder).exclude(task=known)
    others.update(parent=known)
    is_new = Submission.objects.end(submission.pk, SubmissionState.CREATED, now, task=known)
    if is_new:
        CreateLookup.objects.forget(submission)
        ChangeCounter.objects.next()  # before charges, as everywhere
        ledger.transfer(placeholder, known)
        ledger.settle([known])
    return is_new and bool(placeholder.delete())


def _reclaim(known: Task, submission: Submission, now: datetime) -> bool:
    """Take the task back from a project that only tracks it; whether the outcome was new."""
    if not Submission.objects.end(submission.pk, SubmissionState.CREATED, now):
        return False
    CreateLookup.objects.forget(submission)
    reclaim(known, Task.objects.get(pk=submission.task_id), now)
    return True


def mark_not_created(submission: Submission, now: datetime) -> bool:
    """Record a person's word that nothing was created; True for the one caller who may resend."""
    return record_outcome(submission, SubmissionState.NOT_CREATED, now)


def withdraw(task: Task, now: datetime) -> bool:
    """End a create that has not been sent yet; True for the one caller who may say so."""
    waiting = Submission.objects.filter(task=task, state=SubmissionState.WAITING)
    submission = waiting.select_related("task").first()
    if submission is None:
        return False
    return record_outcome(submission, SubmissionState.WITHDRAWN, now)


def mark_interrupted(now: datetime) -> int:
    """Mark submissions as unconfirmed whose sender was killed; return their number."""
    message = "The sending was interrupted, so nobody knows whether the provider got it."
    error = ProviderError(message, trouble=Trouble.CONNECTION)
    rows = Submission.objects.interrupted(now - ABANDONED).select_related("task")
    return sum(record_outcome(row, SubmissionState.UNCONFIRMED, now, error) for row in rows)


def put_back(submission: Submission, until: datetime, error: ProviderError, now: datetime) -> bool:
    """Let a create wait that was refused for its plan's quota, with all others of its account.

    The refusal is sure, so sending it again is no second purchase. Its reservation stays.
    """
    fields = {"trouble": error.trouble, "message": str(error)[:500]}
    with transaction.atomic():
        if not Submission.objects.put_back(submission.pk, now, **fields):
            return False
        submission.task.credential.hold_creates(until)
        Task.objects.filter(pk=submission.task_id).mark_changed()
        return True


def record_outcome(
    submission: Submission,
    state: SubmissionState,
    now: datetime,
    error: ProviderError | None = None,
) -> bool:
    """Write the outcome to submission, task and charge in one transaction; whether it was new."""
    fields = {"trouble": error.trouble, "message": str(error)[:500]} if error else {}
    with transaction.atomic():
        if not Submission.objects.end(submission.pk, state, now, **fields):
            return False
        if state == SubmissionState.UNCONFIRMED:
            CreateLookup.objects.begin(submission, now)
        else:
            CreateLookup.objects.forget(submission)
        submission.task.submitted(_STATUS[state], error, now)
        if ApiCallback.objects.note([submission.task_id], now):
            transaction.on_commit(queue.call_clients)
        ledger.settle([submission.task])
        return True


_STATUS = {
    SubmissionState.CREATED: Status.QUEUED,
    SubmissionState.REFUSED: Status.FAILED,
    SubmissionState.UNCONFIRMED: Status.UNCONFIRMED,
    SubmissionState.NOT_CREATED: Status.LOST,
    SubmissionState.WITHDRAWN: Status.CANCELLED,
}
