"""Writes the demonstration's three months of takes, in rows as the product itself makes them.

They are written in few statements, and charged by the ledger, so that sums, budgets and doctor
agree with them. The simulator knows those of the last week that succeeded: as long as a provider
keeps a task, the daily comparison expects it in the provider's list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from tasks.archive.claims import SAVED_FIELDS
from tasks.billing import ledger, prices
from tasks.billing.estimates import Estimate, estimates_of
from tasks.management.demo_clips import SampleClips, sample_clips
from tasks.management.demo_plan import STORY, Ending, Press, presses
from tasks.models import (
    Batch,
    ChangeCounter,
    Copy,
    CopyKind,
    Credential,
    Price,
    Project,
    Star,
    StatusChange,
    Submission,
    SubmissionState,
    Task,
    bulk,
    search,
    token_checks,
)
from tasks.models.charge import day_of
from tasks.models.price import PriceUnit
from tasks.providers.status import Status
from tasks.simulator.openrouter import DOLLARS_PER_TOKEN

AT_ONCE = 20  # presses in a transaction: nobody else waits long for SQLite's lock
ANSWERED = timedelta(seconds=1)  # from the press to the provider's id
SAVED = timedelta(seconds=4)  # from the end to the saved file
LINK_LIFE = timedelta(hours=24)
STARRED_BY = ("demo", "producer")
#: What changed at Volcengine, as a share of today's price: before, Seedance 2.0 was dearer.
DEARER = Decimal("1.15")
GATEWAY_PRICE = Decimal("0.9")  # CNY a video, entered at DataEyes late: earlier takes have none
GATEWAY_PRICE_AGO = 33  # days

Create = Callable[[Press], Press]


class History:
    """The past of a demonstration, written part by part; see `history`."""

    def __init__(self, writer: _Writer | None, create: Create, left: Sequence[Press] = ()) -> None:
        self._writer, self._create, self._left = writer, create, list(left)

    def write_until(self, moment: datetime) -> None:
        """Write what happened before this moment and is not written yet."""
        part = list(takewhile(lambda press: press.at < moment, self._left))
        del self._left[: len(part)]
        while part and self._writer:
            self._writer.write([self._create(press) for press in part[:AT_ONCE]])
            del part[:AT_ONCE]


@contextmanager
def history(
    accounts: Mapping[str, Credential], now: datetime, create: Create, *, is_wanted: bool
) -> Iterator[History]:
    """The part of a demonstration's past that is not written yet; nothing where none is wanted.

    `create` creates at the simulator what it is to know of a press, and returns the press with the
    ids that it gave.
    """
    if not is_wanted:
        yield History(None, create)
        return
    newest = Batch.objects.aggregate(at=Max("created_at"))["at"]  # of a start that was broken off
    left = [press for press in presses(day_of(now)) if newest is None or press.at > newest]
    with sample_clips() as clips:
        yield History(_Writer(accounts, clips), create, left)


def set_prices(accounts: Mapping[str, Credential], today: date) -> None:
    """Create prices as on the providers' pages, one of which has changed since."""
    first = today - timedelta(days=STORY["days"] + 10)
    changed = today - timedelta(days=STORY["price_change"])
    rows = [row for account in accounts.values() for row in prices.proposals(account, first)]
    seedance = [
        row
        for row in rows
        if row.credential.provider == "volcengine" and row.model == "seedance-2-0-260128"
    ]
    for row in seedance:
        fields = {field.attname: getattr(row, field.attname) for field in Price._meta.fields}
        fields |= {"amount": row.amount * DEARER, "valid_until": changed - timedelta(days=1)}
        rows.append(Price(**fields))
        row.valid_from = changed
    rows.append(
        Price(
            credential=accounts["dataeyes"],
            model="seedance-1-5-pro-251215",
            unit=PriceUnit.VIDEO,
            amount=GATEWAY_PRICE,
            valid_from=today - timedelta(days=GATEWAY_PRICE_AGO),
        )
    )
    Price.objects.bulk_create(rows)


class _Writer:
    def __init__(self, accounts: Mapping[str, Credential], clips: SampleClips) -> None:
        self._accounts, self._clips = accounts, clips
        self._people = {user.username: user for user in User.objects.all()}
        self._projects = {project.name: project for project in Project.objects.all()}

    @transaction.atomic
    def write(self, part: Sequence[Press]) -> None:
        change = ChangeCounter.objects.next()  # every writer of charges holds its lock
        batches = Batch.objects.bulk_create(self._batch(press) for press in part)
        estimates = [self._estimates(press) for press in part]
        rows = [
            (batch, take, estimate, press.ids[take], press.endings[take])
            for press, batch, found in zip(part, batches, estimates, strict=True)
            for take, estimate in enumerate(found)
        ]
        tasks = Task.objects.bulk_create(
            _task(batch, estimate, remote_id, ending, change)
            for batch, _take, estimate, remote_id, ending in rows
        )
        Submission.objects.bulk_create(
            _submission(task, batch, take, estimate)
            for task, (batch, take, estimate, *_rest) in zip(tasks, rows, strict=True)
        )
        endings = [ending for *_rest, ending in rows]
        self._charge(tasks, estimates, batches)
        StatusChange.objects.bulk_create(row for task in tasks for row in _changes(task))
        starred = [task for task, ending in zip(tasks, endings, strict=True) if ending.is_starred]
        Star.objects.bulk_create(self._star(task) for task in starred)
        self._save(task for task in tasks if task.status == Status.SUCCEEDED)

    def _batch(self, press: Press) -> Batch:
        return Batch(
            project=self._projects[press.project],
            credential=self._accounts[press.provider],
            created_by=self._people[press.person],
            created_at=press.at,
            takes=len(press.ids),
        )

    def _estimates(self, press: Press) -> list[Estimate]:
        account = self._accounts[press.provider]
        return estimates_of([press.request] * len(press.ids), account, day_of(press.at))

    def _charge(
        self,
        tasks: Sequence[Task],
        estimates: Iterable[Sequence[Estimate]],
        batches: Iterable[Batch],
    ) -> None:
        """Reserve what was placed, and settle what became of it."""
        left = iter(tasks)
        for batch, found in zip(batches, estimates, strict=True):
            own = [next(left) for _ in found]
            ledger.reserve(own, found, batch.created_at, batch=batch.pk)
        ledger.settle(tasks)

    def _star(self, task: Task) -> Star:
        who = STARRED_BY[task.pk % len(STARRED_BY)]
        assert task.ended_at
        return Star(task=task, user=self._people[who], created_at=task.ended_at + SAVED)

    def _save(self, tasks: Iterable[Task]) -> None:
        copies = Copy.objects.bulk_create(_copy(task) for task in tasks)
        for copy in copies:
            self._clips.save(copy)
        bulk.write(copies, SAVED_FIELDS)
        token_checks.check_saved([copy.pk for copy in copies])


def _task(batch: Batch, estimate: Estimate, remote_id: str, ending: Ending, change: int) -> Task:
    """The task of a take, as its provider's last answer left it."""
    request, account = estimate.request, batch.credential
    running = batch.created_at + ANSWERED + timedelta(seconds=ending.queued)
    ended = running + timedelta(seconds=ending.ran)
    task = Task(
        project=batch.project,
        credential=account,
        created_by=batch.created_by,
        created_at=batch.created_at,
        provider=account.provider,
        base_url=account.base_url,
        remote_id=remote_id,
        status=ending.status,
        status_word=ending.status,
        model=request.model,
        prompt=request.prompt,
        resolution=request.resolution or "",
        ratio=request.ratio or "",
        duration=request.duration,
        error_code=ending.code,
        error_message=ending.message,
        remote_created_at=batch.created_at + ANSWERED,
        remote_updated_at=ended,
        queued_at=batch.created_at + ANSWERED,
        running_at=None if ending.status == Status.CANCELLED else running,
        ended_at=ended,
        asked_at=ended,
        check_after=None,
        change=change,
    )
    task.search_text = search.searchable(task.prompt, task.remote_id, task.model)
    if task.status == Status.SUCCEEDED:
        _succeed(task, _billed(estimate, ending) if ending.is_counted else None)
    task.raw = json.dumps(_answer(task))
    return task


def _billed(estimate: Estimate, ending: Ending) -> int:
    tokens = estimate.tokens.least
    return tokens * 6 // 5 if ending.is_overbilled else tokens


def _succeed(task: Task, tokens: int | None) -> None:
    """Add what an answer has of a success: a link that has long ended, and what it took."""
    assert task.ended_at
    task.video_url = f"{task.base_url}/ended/{task.remote_id}.mp4"
    task.link_ends_at = task.ended_at + LINK_LIFE
    task.total_tokens = task.completion_tokens = tokens
    if task.provider == "openrouter" and tokens:  # it names money
        task.cost_micros = round(tokens * DOLLARS_PER_TOKEN * 1_000_000)
        task.cost_currency = "USD"


def _answer(task: Task) -> dict[str, Any]:
    """The provider's last answer in Ark's shape, as far as a person may look for it."""
    answer: dict[str, Any] = {"id": task.remote_id, "model": task.model, "status": task.status}
    if task.error_code:
        answer["error"] = {"code": task.error_code, "message": task.error_message}
    if task.total_tokens:
        answer["usage"] = {"total_tokens": task.total_tokens}
    return answer


def _submission(task: Task, batch: Batch, take: int, estimate: Estimate) -> Submission:
    return Submission(
        task=task,
        batch=batch,
        take=take + 1,
        request=estimate.request.to_json(),
        state=SubmissionState.CREATED,
        sent_at=batch.created_at,
        ended_at=batch.created_at + ANSWERED,
        **estimate.submission_fields(),
    )


def _changes(task: Task) -> list[StatusChange]:
    """Every change of its status, in their order."""
    seen = [(Status.QUEUED, task.queued_at), (Status.RUNNING, task.running_at)]
    was, rows = Status.SUBMITTING, []
    for became, at in [*seen, (Status(task.status), task.ended_at)]:
        if at:
            rows.append(StatusChange(task=task, was=was, became=became, word=became, at=at))
            was = became
    return rows


def _copy(task: Task) -> Copy:
    """The unsaved copy of a success, with the times at which it was saved."""
    assert task.ended_at
    saved_at = task.ended_at + SAVED
    return Copy(
        task=task,
        kind=CopyKind.VIDEO,
        url=task.video_url,
        link_ends_at=task.link_ends_at,
        created_at=task.ended_at,
        saved_at=saved_at,
        checked_at=saved_at,
    )
