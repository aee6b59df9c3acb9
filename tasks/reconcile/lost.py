"""Looking for creates whose answers were lost, in what the account's list has and we have not.

The list is gone through by a comparison like any other, in the account's own lane and at its pace;
one comparison serves all that were lost before it began. It only offers: a person decides.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from tasks.models import Candidate, Found, Inquiry, Reconciliation, SubmissionState
from tasks.models.reconciliation import FoundQuerySet
from tasks.providers import RemoteTask
from tasks.providers.likeness import likeness
from tasks.reconcile.adopting import read

log = logging.getLogger(__name__)

BEFORE = timedelta(seconds=10)  # a Date has whole seconds, and an answer takes its time
AFTER = timedelta(minutes=2)  # a create takes 40 s at most, and may be queued before it is made
GAP = timedelta(seconds=20)  # between two comparisons of one account
NEGLIGIBLE = timedelta(seconds=3)  # by so much a clock that is right may seem to be wrong
MOST = 20  # candidates of one inquiry


def look(now: datetime) -> None:
    """Have lists gone through where somebody waits for that, and take what came. Mostly one query.

    Whatever a strange row does to us, the tasks' own questions go on.
    """
    try:
        if Inquiry.objects.due(now).exists():
            _look(now)
    except Exception:
        log.exception("Looking for lost creates broke off.")


def _look(now: datetime) -> None:
    due = Inquiry.objects.due(now).select_related("submission__task__credential")
    whose = attrgetter("submission.task.credential_id")
    for _, same in groupby(sorted(due, key=whose), key=whose):
        waiting = [inquiry for inquiry in same if _is_open(inquiry, now)]
        if waiting:
            _serve(waiting, now)


def _is_open(inquiry: Inquiry, now: datetime) -> bool:
    """Whether there is still something to find out, and somewhere to ask."""
    task, credential = inquiry.submission.task, inquiry.submission.task.credential
    if inquiry.submission.state != SubmissionState.UNCONFIRMED:
        inquiry.delete()
        return False
    if not credential.service.can_list or task.base_url != credential.base_url:
        inquiry.give_up(now)
        return False
    return True


def _serve(waiting: list[Inquiry], now: datetime) -> None:
    """By the newest comparison; it may be under way, or have begun too early for some."""
    credential = waiting[0].submission.task.credential
    row = Reconciliation.objects.newest_of([credential]).get(credential.pk)
    if row and row.is_open:
        return
    served = [each for each in waiting if row and each.due_at and each.due_at <= row.asked_at]
    for inquiry in served:
        assert row
        inquiry.take(row, _candidates(inquiry, row, now), now)
    if len(served) < len(waiting) and not (row and _was_just_now(row, now)):
        Reconciliation.objects.ask(credential, asked_by=None, now=now)


def _was_just_now(row: Reconciliation, now: datetime) -> bool:
    return row.asked_at <= now < row.asked_at + GAP


def _candidates(inquiry: Inquiry, row: Reconciliation, now: datetime) -> list[Candidate]:
    submission, ahead = inquiry.submission, _ahead(row)
    found = Found.objects.of(submission.task.credential).filter(base_url=row.base_url)
    fitting = _made_about(found.unknown(now), submission.sent_at or now, ahead)
    candidates = list(_alike(inquiry, fitting, ahead))
    candidates.sort(key=lambda each: each.rank(submission.sent_at or now))
    return candidates[:MOST]


def _ahead(row: Reconciliation) -> timedelta:
    """Of the provider's clock, by which it dates what it makes."""
    ahead = timedelta(seconds=row.clock_ahead or 0)
    return ahead if abs(ahead) > NEGLIGIBLE else timedelta()


def _made_about(found: FoundQuerySet, sent_at: datetime, ahead: timedelta) -> FoundQuerySet:
    span = (sent_at + ahead - BEFORE, sent_at + ahead + AFTER)
    return found.filter(remote_created_at__range=span).select_related("credential")


def _alike(inquiry: Inquiry, found: FoundQuerySet, ahead: timedelta) -> Iterator[Candidate]:
    wish = inquiry.submission.wished
    for row, remote in read(found):
        agreed = likeness(wish, remote)
        if agreed is not None:
            yield _candidate(row, remote, agreed, ahead)


def _candidate(
    row: Found, remote: RemoteTask, agreed: tuple[str, ...], ahead: timedelta
) -> Candidate:
    assert remote.created_at
    return Candidate(
        base_url=row.base_url,
        remote_id=row.remote_id,
        status=remote.status,
        created_at=remote.created_at - ahead,
        agreed=list(agreed),
    )
