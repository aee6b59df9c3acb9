"""The lookup of unconfirmed creates among the tasks that an account's list has and we have not.

The list is read by a comparison like any other, by the account's own poller and at its rate; one
comparison serves all creates that were sent before it began. Candidates are only offered: a person
decides.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from tasks.models import Candidate, CreateLookup, Reconciliation, SubmissionState, UntrackedTask
from tasks.providers.catalog.matching import matching_settings
from tasks.tracking.reconcile.adopting import read_again

log = logging.getLogger(__name__)

BEFORE = timedelta(seconds=10)  # a Date has whole seconds, and an answer takes its time
AFTER = timedelta(minutes=2)  # a create takes 40 s at most, and may be queued before it is made
GAP = timedelta(seconds=20)  # between two comparisons of one account
NEGLIGIBLE = timedelta(seconds=3)  # by so much a clock that is right may seem to be wrong
MOST_CANDIDATES = 20  # of one lookup
#: Lookups of one account answered at once. Hundreds, after an outage, would take longer than the
#: sweep keeps its lease.
AT_ONCE = 50


def advance_lookups(now: datetime) -> None:
    """Ask for comparisons where a lookup is due, and take what they brought. Usually one query.

    Whatever an odd row breaks, the sweep goes on.
    """
    try:
        if CreateLookup.objects.due(now).exists():
            _advance(now)
    except Exception:
        log.exception("Looking up unconfirmed creates broke off.")


def _advance(now: datetime) -> None:
    due = CreateLookup.objects.due(now).select_related("submission__task__credential")
    account = attrgetter("submission.task.credential_id")
    for _, lookups in groupby(sorted(due, key=account), key=account):
        waiting = [lookup for lookup in lookups if _is_open(lookup, now)]
        if waiting:
            _serve(waiting, now)


def _is_open(lookup: CreateLookup, now: datetime) -> bool:
    """Whether the create is still unconfirmed and can be looked up; if not, the lookup ends."""
    task, credential = lookup.submission.task, lookup.submission.task.credential
    if lookup.submission.state != SubmissionState.UNCONFIRMED:
        lookup.delete()
        return False
    if not credential.service.can_list or task.base_url != credential.base_url:
        lookup.give_up(now)
        return False
    return True


def _serve(waiting: list[CreateLookup], now: datetime) -> None:
    """Answer one account's lookups from its newest comparison, and ask for another for the rest.

    Nothing happens while a comparison is under way.
    """
    credential = waiting[0].submission.task.credential
    row = Reconciliation.objects.newest_of([credential]).get(credential.pk)
    if row and row.is_open:
        return
    served = [each for each in waiting if row and each.due_at and each.due_at <= row.asked_at]
    for lookup in served[:AT_ONCE]:
        assert row
        lookup.take(row, _candidates(lookup, row, now), now)
    if len(served) > AT_ONCE:  # the same list answers the others at the next check
        return
    is_recent = row is not None and row.asked_at <= now < row.asked_at + GAP
    if len(served) < len(waiting) and not is_recent:
        Reconciliation.objects.ask(credential, asked_by=None, now=now)


def _candidates(lookup: CreateLookup, row: Reconciliation, now: datetime) -> list[Candidate]:
    """Untracked tasks that were made at about the time of the create and fit its request."""
    submission = lookup.submission
    sent_at = submission.sent_at or now
    # A provider dates its tasks by its own clock.
    ahead = timedelta(seconds=row.clock_ahead or 0)
    if abs(ahead) <= NEGLIGIBLE:
        ahead = timedelta()
    made_at = (sent_at + ahead - BEFORE, sent_at + ahead + AFTER)
    untracked = UntrackedTask.objects.of(submission.task.credential).filter(base_url=row.base_url)
    made_then = untracked.unknown(now).filter(remote_created_at__range=made_at)
    candidates = []
    for found, remote in read_again(made_then.select_related("credential")):
        agreed = matching_settings(submission.generation, remote)
        if agreed is not None:
            assert remote.created_at
            candidates.append(
                Candidate(
                    base_url=found.base_url,
                    remote_id=found.remote_id,
                    status=remote.status,
                    created_at=remote.created_at - ahead,
                    agreed=list(agreed),
                )
            )
    candidates.sort(key=lambda each: each.rank(sent_at))
    return candidates[:MOST_CANDIDATES]
