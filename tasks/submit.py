"""Making tasks, where money moves: the rows. What sends them is `sending`.

A wish is sent once, whatever happens:

1. place: the rows stand before anything leaves, under the key that came with the form;
2. begin: a conditional update takes a row for the only attempt there will be;
3. send: one request over a fresh connection, with no retry anywhere beneath it;
4. record: made, refused, or nobody knows.

A kill between 2 and 4 leaves a row that says "being sent"; `settle` turns it into "unconfirmed",
and nothing but a person's word sends it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from tasks import search
from tasks.models import (
    Batch,
    Candidate,
    ChangeCounter,
    Credential,
    Inquiry,
    Origin,
    Project,
    Submission,
    SubmissionState,
    Task,
    Upload,
)
from tasks.money import gate, ledger
from tasks.money.estimates import Estimate
from tasks.providers import ProviderError, Trouble
from tasks.providers.wish import Mode, Wish
from tasks.status import Status

#: From then on whoever was sending is gone, its own deadline and the writing included.
ABANDONED = timedelta(minutes=2)

#: What a task shows of a wish before any provider has spoken of it.
SHOWN = ("model prompt resolution ratio duration frames seed draft priority service_tier").split()
#: What a final video has of its draft, and is not said again.
INHERITED = ("prompt", "ratio", "duration", "frames", "seed")


class NotYours(PermissionError):
    """Somebody else's form has this key."""


class Taken(ValueError):
    """The task of this id is another wish's, or another project's."""


class UploadGone(LookupError):
    """A given picture is not in this project, or not any more."""


def place(
    wishes: Sequence[Wish],
    *,
    key: UUID,
    project: Project,
    credential: Credential,
    created_by: Any,
    now: datetime,
    origin: Origin | None = None,
) -> Batch:
    """The batch of this key with a task for each wish, made now or by an earlier press.

    `origin` is where all of them come from; one of another project, or none any more, is left out.
    Raises NotYours, UploadGone, and what `gate.admit` has against it: then nothing is written.
    """
    with transaction.atomic():
        made = {"project": project, "credential": credential, "created_by": created_by}
        made |= {"created_at": now, "takes": len(wishes)}
        batch, is_new = Batch.objects.get_or_create(key=key, defaults=made)
        if batch.created_by != created_by:
            raise NotYours
        if is_new:
            whose = {"project": project, "credential": credential, "person": created_by}
            _make_rows(batch, gate.admit(wishes, **whose, now=now), now, origin)
    return batch


def _make_rows(
    batch: Batch, estimates: Sequence[Estimate], now: datetime, origin: Origin | None
) -> None:
    wishes, tasks = [each.wish for each in estimates], []
    given = {number for wish in wishes for number in wish.uploads}
    if not Upload.objects.touch(given, batch.project, now):
        raise UploadGone
    parent = _parent(batch, origin)
    kinship = origin.kinship if origin and parent else ""
    change = ChangeCounter.objects.next()
    for take, wish in enumerate(wishes, start=1):
        shown = _shown(wish, parent)
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
            search_text=search.searchable(shown["prompt"], wish.model),
            **shown,
        )
        made = {"task": task, "batch": batch, "take": take, "wish": wish.to_json()}
        made |= estimates[take - 1].kept()
        row = Submission.objects.create(**made, parent=parent, kinship=kinship)
        if wish.uploads:
            row.uploads.set(wish.uploads)
        tasks.append(task)
    ledger.hold(tasks, estimates, now)


def _parent(batch: Batch, origin: Origin | None) -> Task | None:
    """Held until the rows that name it are there: a purge waits."""
    if origin is None:
        return None
    same = Task.objects.filter(pk=origin.parent, project=batch.project)
    return same.select_for_update(no_key=True).only(*INHERITED).first()


def _shown(wish: Wish, parent: Task | None) -> dict[str, Any]:
    values = {name: getattr(wish, name) for name in SHOWN}
    if parent and wish.mode == Mode.FINAL:  # the provider takes these over from the draft
        values |= {name: getattr(parent, name) for name in INHERITED if not values[name]}
    return {name: value for name, value in values.items() if value is not None}


# How it ended


def made(submission: Submission, remote_id: str, now: datetime) -> bool:
    """The provider has it under this id; by its answer, or by a person's word.

    An adoption may have found it in the provider's list before: that task takes the wish over.
    Raises Taken where it has become another wish's.
    """
    placeholder = submission.task
    with transaction.atomic():
        same = Task.objects.filter(base_url=placeholder.base_url, remote_id=remote_id)
        if known := same.exclude(pk=placeholder.pk).first():
            is_news = _taken_over(submission, placeholder, known, now)
        else:
            placeholder.remote_id = remote_id
            is_news = end(submission, SubmissionState.MADE, now)
    Candidate.objects.withdraw(placeholder.base_url, remote_id)  # it locks other tasks: not within
    return is_news


def _taken_over(submission: Submission, placeholder: Task, known: Task, now: datetime) -> bool:
    if Submission.objects.filter(task=known).exists():
        raise Taken
    others = Submission.objects.filter(parent=placeholder).exclude(task=known)
    others.update(parent=known)
    moved = Submission.objects.end(submission.pk, SubmissionState.MADE, now, task=known)
    if moved:
        Inquiry.objects.forget(submission)
        ChangeCounter.objects.next()  # before charges, as everywhere
        ledger.hand_over(placeholder, known)
        ledger.settle([known])
    return moved and bool(placeholder.delete())


def named(submission: Submission, remote_id: str, now: datetime) -> bool:
    """A person says that it has this id. Another project's task is not theirs to give.

    Raises Taken.
    """
    task = submission.task
    same = Task.objects.filter(base_url=task.base_url, remote_id=remote_id)
    if same.exclude(project=task.project_id).exists():
        raise Taken
    try:
        return made(submission, remote_id, now)
    except IntegrityError:  # somebody gave it to another wish at the same moment
        raise Taken from None


def give_up(submission: Submission, now: datetime) -> bool:
    """A person found that nothing was made; true for exactly one caller, who may send again."""
    return end(submission, SubmissionState.GIVEN_UP, now)


def settle(now: datetime) -> int:
    """Those whose sender was killed on the way: nobody knows whether they arrived."""
    said = "The sending was interrupted, so nobody knows whether the provider got it."
    error = ProviderError(said, trouble=Trouble.CONNECTION)
    cut_off = Submission.objects.interrupted(now - ABANDONED).select_related("task")
    return sum(end(each, SubmissionState.UNCONFIRMED, now, error) for each in cut_off)


def end(
    submission: Submission,
    state: SubmissionState,
    now: datetime,
    error: ProviderError | None = None,
) -> bool:
    """Submission and task in one transaction with the number that open pages wait for."""
    told = {"trouble": error.trouble, "message": str(error)[:500]} if error else {}
    with transaction.atomic():
        if not Submission.objects.end(submission.pk, state, now, **told):
            return False
        if state == SubmissionState.UNCONFIRMED:
            Inquiry.objects.begin(submission, now)
        else:
            Inquiry.objects.forget(submission)
        submission.task.submitted(_STATUS[state], error, now)
        ledger.settle([submission.task])
        return True


_STATUS = {
    SubmissionState.MADE: Status.QUEUED,
    SubmissionState.REFUSED: Status.FAILED,
    SubmissionState.UNCONFIRMED: Status.UNCONFIRMED,
    SubmissionState.GIVEN_UP: Status.LOST,
}
