"""The comparison of one account's list with our tasks, page by page.

The pages are asked for by the credential's own poller (`comparisons.py`), so that the one list a
second is shared with the sweep's. Progress is kept in the row: the next sweep goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef
from django.db.models.functions import Coalesce

from tasks.models import Difference, ListOutcome, Reconciliation, Stage, Task, UntrackedTask
from tasks.models.reconciliation import RECORD_LIFE, REMEMBERED
from tasks.models.task_queries import TaskQuerySet
from tasks.providers import ListPage, ProviderError, RemoteTask, Trouble
from tasks.providers.dialects.creating import PageRequest
from tasks.providers.status import LIVE, Status

PAGE = 200  # tasks; Ark takes 500, but 200 of them are read in 20 ms
MOST_PAGES = 500  # of each tier; Ark numbers its pages so far
EDGE = timedelta(hours=1)  # before the seventh day's end: the provider's clock is not ours
SOON = timedelta(minutes=1)  # a task that is due within this needs no earlier check
#: Statuses of ours that a provider's list must have while the tasks are young.
EXPECTED_THERE = (LIVE | {Status.SUCCEEDED}) - {Status.SUBMITTING, Status.UNCONFIRMED}


class Comparison:
    """One reconciliation that is under way."""

    def __init__(self, row: Reconciliation) -> None:
        self.row = row
        self.credential = row.credential
        self._asked_by_id: list[Task] = []  # in the request that is on its way
        self._oldest_pk = 0

    # Asking

    def next_request(self, now: datetime) -> PageRequest | None:
        """Return the request to be sent next; None when the comparison has ended, also its row.

        The stages list the tasks of each tier, then ask by id for those that no list had. A stage
        that the provider has no list for is left out.
        """
        row, service = self.row, self.credential.service
        if row.outcome == ListOutcome.WAITING or row.base_url != self.credential.base_url:
            self._start()
        stage = Stage(row.stage)
        request = self._confirming(stage, now) if stage.confirms else None
        if not stage.confirms:
            request = service.dialect.page_request(
                row.place, size=PAGE, service_tier=stage.service_tier
            )
        if request is not None:
            return request
        if stage == Stage.DEFAULT:  # the credential has become another provider's
            row.end(ListOutcome.CANNOT, now)
            return None
        if stage.next is None:
            self._finish(now)
            return None
        self._enter(stage.next)
        return self.next_request(now)

    def _confirming(self, stage: Stage, now: datetime) -> PageRequest | None:
        """The list of tasks that no list had; None where there are no more, or no such list."""
        service = self.credential.service
        if not service.can_list_by_id:
            return None
        unlisted = self._unlisted(now).filter(pk__gt=self.row.place).order_by("pk")
        self._asked_by_id = list(unlisted.only("remote_id")[: service.list_size])
        if not self._asked_by_id:
            return None
        ids = tuple(task.remote_id for task in self._asked_by_id)
        path = service.dialect.list_path(ids, service_tier=stage.service_tier)
        assert path
        return PageRequest(path=path)

    def _start(self) -> None:
        """Begin with the first page, again where the credential has moved to another address."""
        row = self.row
        row.outcome, row.base_url, row.listed = ListOutcome.RUNNING, self.credential.base_url, 0
        self._enter(Stage.DEFAULT)
        with transaction.atomic():
            row.differences.all().delete()
            row.save()

    def _enter(self, stage: Stage) -> None:
        row = self.row
        row.stage, row.items, row.page_digest = stage, 0, ""
        row.place = 0 if stage.confirms else 1

    # Comparing a page

    def take_in(self, page: ListPage, now: datetime) -> None:
        """Compare a page with our tasks. Raises ProviderError for a list that makes no sense."""
        if page.host_time:
            self.row.clock_ahead = (page.host_time - now).total_seconds()
        with transaction.atomic():
            self._compare(page.tasks, now)
            if Stage(self.row.stage).confirms:
                self.row.place = self._asked_by_id[-1].pk
            else:
                self.row.listed += len(page.tasks)
                self._turn(page)
            self.row.save()

    def fail(self, error: ProviderError, now: datetime) -> None:
        with transaction.atomic():
            self.row.fail(error, now)

    def _compare(self, listed: Sequence[RemoteTask], now: datetime) -> None:
        row = self.row
        theirs = {remote.id: remote for remote in listed if len(remote.id) <= 128}
        same = Task.objects.filter(base_url=row.base_url, remote_id__in=theirs)
        ours = list(same.only("remote_id", "status", "check_after", "deleted_at"))
        unknown = theirs.keys() - {task.remote_id for task in ours}
        UntrackedTask.objects.keep(
            [
                UntrackedTask.of(theirs[remote_id], self.credential, row.base_url, now)
                for remote_id in sorted(unknown)
            ]
        )
        found, differing = [], []
        for task in ours:
            remote, kind = theirs[task.remote_id], Difference.Kind.MET
            if _differs(task, remote, now):
                kind = Difference.Kind.DIFFERS
                differing.append(task.pk)
            status = remote.status
            found.append(Difference(reconciliation=row, task=task, kind=kind, status_there=status))
        Difference.objects.bulk_create(found, ignore_conflicts=True)
        Task.objects.filter(pk__in=differing).check_now(now)

    def _turn(self, page: ListPage) -> None:
        """Go on to the next page or, after the last, to the next stage. Raises ProviderError."""
        row = self.row
        row.items += page.items
        ids = " ".join(remote.id for remote in page.tasks)
        digest = hashlib.blake2b(ids.encode(), digest_size=16).hexdigest()
        if page.items and digest == row.page_digest:
            raise _malformed("Two pages of the list are the same: page numbers are not heeded.")
        if not row.items and page.total:
            raise _malformed(f"The list says it has {page.total} tasks, and shows none.")
        row.page_digest = digest
        if _is_last(page, row.items):
            following = Stage(row.stage).next
            assert following
            self._enter(following)
        elif row.place >= MOST_PAGES:
            raise _malformed(f"The list has more than {MOST_PAGES} pages.")
        else:
            row.place += 1

    # The end

    def _finish(self, now: datetime) -> None:
        """Record the tasks that are missing there, and forget earlier comparisons."""
        row = self.row
        with transaction.atomic():
            missing = [
                Difference(reconciliation=row, task=task, kind=Difference.Kind.MISSING)
                for task in self._unlisted(now).only("pk")
            ]
            Difference.objects.bulk_create(missing, ignore_conflicts=True)
            gone = row.differences.filter(kind=Difference.Kind.MISSING).values("task")
            Task.objects.filter(pk__in=gone).check_now(now)
            UntrackedTask.objects.clear_up(self.credential, now, listed_since=row.asked_at)
            row.end(ListOutcome.COMPARED if row.listed else ListOutcome.EMPTY, now)
            earlier = self.credential.reconciliations.filter(pk__lt=row.pk)
            Difference.objects.filter(reconciliation__in=earlier).delete()
            earlier.filter(asked_at__lt=now - REMEMBERED).delete()

    def _unlisted(self, now: datetime) -> TaskQuerySet:
        """Tasks of ours, young enough to be in the list, that were on none of its pages."""
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
        """The primary key from which the list's tasks begin, so that no older row is read."""
        if not self._oldest_pk:
            older = Task.objects.filter(created_at__lte=since).order_by("-pk")
            self._oldest_pk = older.values_list("pk", flat=True).first() or 1
        return self._oldest_pk


def _differs(task: Task, remote: RemoteTask, now: datetime) -> bool:
    """Whether the status differs and no check is due soon that would find it by itself."""
    if remote.status in (Status.UNKNOWN, task.status) or task.deleted_at:
        return False
    return task.check_after is None or task.check_after > now + SOON


def _is_last(page: ListPage, items: int) -> bool:
    """Whether no page follows; a short page proves nothing, for providers may give fewer items."""
    if not page.items:
        return True
    return page.items < PAGE and page.total is not None and items >= page.total


def _malformed(words: str) -> ProviderError:
    return ProviderError(words, trouble=Trouble.MALFORMED)
