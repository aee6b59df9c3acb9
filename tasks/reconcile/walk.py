"""Going through one account's list, page by page, and comparing it with ours.

The questions are asked by the account's own lane (`walks.py`), so that its one list a second is
shared with the sweep's. How far it has come is in the row: whoever comes next goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef
from django.db.models.functions import Coalesce

from tasks.models import Difference, Found, Outcome, Reconciliation, Stage, Task
from tasks.models.reconciliation import RECORD_LIFE, REMEMBERED
from tasks.models.task_queries import TaskQuerySet
from tasks.providers import Page, ProviderError, RemoteTask, Trouble
from tasks.status import LIVE, Status

PAGE = 200  # tasks; Ark takes 500, but 200 of them are read in 20 ms
MOST_PAGES = 500  # of each tier; Ark numbers its pages so far
EDGE = timedelta(hours=1)  # before the seventh day's end: the provider's clock is not ours
SOON = timedelta(minutes=1)  # a look that comes by itself within this needs no hurry
#: Ours that a provider's list must have while they are young.
EXPECTED_THERE = (LIVE | {Status.SUCCEEDED}) - {Status.SUBMITTING, Status.UNCONFIRMED}


class Walk:
    """One reconciliation that is under way."""

    def __init__(self, row: Reconciliation) -> None:
        self.row = row
        self.credential = row.credential
        self._doubted: list[Task] = []  # asked for by id in the question that is on its way
        self._first_task = 0

    # Asking

    def question(self, now: datetime) -> str | None:
        """The path to be asked next; None when all is known, and then the row has ended."""
        if self.row.outcome == Outcome.WAITING or self.row.base_url != self.credential.base_url:
            self._start()
        dialect, stage = self.credential.service.dialect, Stage(self.row.stage)
        tier = stage.service_tier
        if not stage.confirms:
            path = dialect.page_path(self.row.place, size=PAGE, service_tier=tier)
            if path is None:  # the credential has become another provider's
                self.row.end(Outcome.CANNOT, now)
            return path
        self._doubted = self._next_doubted(now)
        if self._doubted:
            ids = tuple(task.remote_id for task in self._doubted)
            return dialect.list_path(ids, service_tier=tier)
        if stage.next is None:
            self._end(now)
            return None
        self._go_on_to(stage.next)
        return self.question(now)

    def _start(self) -> None:
        """From the first page; anew where the credential has moved to another address."""
        row = self.row
        row.outcome, row.base_url, row.listed = Outcome.RUNNING, self.credential.base_url, 0
        self._go_on_to(Stage.DEFAULT)
        with transaction.atomic():
            row.differences.all().delete()
            row.save()

    def _next_doubted(self, now: datetime) -> list[Task]:
        """Ours that no list has had so far, as many as one list may name."""
        doubted = self._unseen(now).filter(pk__gt=self.row.place).order_by("pk").only("remote_id")
        return list(doubted[: self.credential.service.list_size])

    # Taking in what came

    def take_in(self, page: Page, now: datetime) -> None:
        """Raises ProviderError for a list that makes no sense."""
        if page.host_time:
            self.row.clock_ahead = (page.host_time - now).total_seconds()
        with transaction.atomic():
            self._compare(page.tasks, now)
            if Stage(self.row.stage).confirms:
                self.row.place = self._doubted[-1].pk
            else:
                self.row.listed += len(page.tasks)
                self._turn(page)
            self.row.save()

    def fail(self, error: ProviderError, now: datetime) -> None:
        with transaction.atomic():
            self.row.fail(error, now)

    def _compare(self, listed: Sequence[RemoteTask], now: datetime) -> None:
        theirs = {remote.id: remote for remote in listed if len(remote.id) <= 128}
        same = Task.objects.filter(base_url=self.row.base_url, remote_id__in=theirs)
        ours = list(same.only("remote_id", "status", "check_after", "deleted_at"))
        unknown = theirs.keys() - {task.remote_id for task in ours}
        Found.objects.keep([self._found(theirs[remote_id], now) for remote_id in sorted(unknown)])
        noted = [self._noted(task, theirs[task.remote_id], now) for task in ours]
        Difference.objects.bulk_create(noted, ignore_conflicts=True)
        differing = [each.task_id for each in noted if each.kind == Difference.Kind.DIFFERS]
        Task.objects.filter(pk__in=differing).check_now(now)

    def _found(self, remote: RemoteTask, now: datetime) -> Found:
        return Found.of(remote, self.credential, self.row.base_url, now)

    def _noted(self, task: Task, remote: RemoteTask, now: datetime) -> Difference:
        kind = Difference.Kind.DIFFERS if _differs(task, remote, now) else Difference.Kind.MET
        return Difference(reconciliation=self.row, task=task, kind=kind, status_there=remote.status)

    def _turn(self, page: Page) -> None:
        """To the next page or, after the last, to the next stage."""
        row = self.row
        row.items += page.items
        digest = _digest(page.tasks)
        if page.items and digest == row.page_digest:
            raise _senseless("Two pages of the list are the same: page numbers are not heeded.")
        if not row.items and page.total:
            raise _senseless(f"The list says it has {page.total} tasks, and shows none.")
        row.page_digest = digest
        if _is_last(page, row.items):
            following = Stage(row.stage).next
            assert following
            self._go_on_to(following)
        elif row.place >= MOST_PAGES:
            raise _senseless(f"The list has more than {MOST_PAGES} pages.")
        else:
            row.place += 1

    def _go_on_to(self, stage: Stage) -> None:
        row = self.row
        row.stage, row.items, row.page_digest = stage, 0, ""
        row.place = 0 if stage.confirms else 1

    # The end

    def _end(self, now: datetime) -> None:
        row = self.row
        with transaction.atomic():
            missing = [
                Difference(reconciliation=row, task=task, kind=Difference.Kind.MISSING)
                for task in self._unseen(now).only("pk")
            ]
            Difference.objects.bulk_create(missing, ignore_conflicts=True)
            gone = row.differences.filter(kind=Difference.Kind.MISSING).values("task")
            Task.objects.filter(pk__in=gone).check_now(now)
            Found.objects.clear_up(self.credential, now, listed_since=row.asked_at)
            row.end(Outcome.COMPARED if row.listed else Outcome.EMPTY, now)
            earlier = self.credential.reconciliations.filter(pk__lt=row.pk)
            Difference.objects.filter(reconciliation__in=earlier).delete()
            earlier.filter(asked_at__lt=now - REMEMBERED).delete()

    def _unseen(self, now: datetime) -> TaskQuerySet:
        """Ours, young enough to be in the list, that were in none of its pages."""
        since = now - RECORD_LIFE + EDGE
        seen = Difference.objects.filter(reconciliation=self.row, task=OuterRef("pk"))
        born = Coalesce(F("remote_created_at"), F("created_at"), output_field=DateTimeField())
        return (
            Task.objects.kept()
            .filter(credential=self.credential, base_url=self.row.base_url)
            .filter(pk__gte=self._oldest(since), status__in=EXPECTED_THERE)
            .filter(created_at__lt=self.row.asked_at)
            .annotate(born=born)
            .filter(born__gt=since)
            .exclude(Exists(seen))
        )

    def _oldest(self, since: datetime) -> int:
        """Where this week's tasks begin: the newest are walked back to it, not all of them."""
        if not self._first_task:
            older = Task.objects.filter(created_at__lte=since).order_by("-pk")
            self._first_task = older.values_list("pk", flat=True).first() or 1
        return self._first_task


def _differs(task: Task, remote: RemoteTask, now: datetime) -> bool:
    """By more than the next look would bring by itself."""
    if remote.status in (Status.UNKNOWN, task.status) or task.deleted_at:
        return False
    return task.check_after is None or task.check_after > now + SOON


def _is_last(page: Page, items: int) -> bool:
    """A provider may give shorter pages than were asked for, so a short one proves nothing."""
    if not page.items:
        return True
    return page.items < PAGE and page.total is not None and items >= page.total


def _digest(listed: Sequence[RemoteTask]) -> str:
    ids = " ".join(remote.id for remote in listed)
    return hashlib.blake2b(ids.encode(), digest_size=16).hexdigest()


def _senseless(words: str) -> ProviderError:
    return ProviderError(words, trouble=Trouble.MALFORMED)
