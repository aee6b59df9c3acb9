"""The archive: every succeeded task's files are copied into our own storage before the links end.

The queue is a query (`Copy.objects.due()`), nearest end first. A turn of the process:

1. claim: a conditional update that pushes the due time ahead, renewed while the file comes; so
   whatever dies anywhere, the row comes due again by itself;
2. fetch, check, store (`pipeline.py`): each file in a thread of its own (`pool.py`), so that
   nothing waits for the database, and no host and no disk for another;
3. record: saved, or what is wrong and when to try again (`claims.py`), from the thread that runs
   this, the only one that touches the database.

Unfinished files lie in <data>/incoming, named by their copy's id: `.part` grows, `.whole` is all
there and needs the host no more. Both go when the row says saved.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from concurrent import futures
from datetime import datetime
from math import inf

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from tasks.archive import claims, disk, pipeline
from tasks.archive.job import DownloadError
from tasks.archive.pool import PER_HOST, Download, DownloadPool
from tasks.archive.previews import PreviewMaker
from tasks.archive.scrub import Scrub
from tasks.models import Copy, CopyTrouble, Lease
from tasks.models.storage import remove_files
from tasks.providers.transport.downloads import DownloadCancelledError

log = logging.getLogger(__name__)

LEASE = "archive"
LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.0
TURN = 0.25  # seconds between two uses of the database while files come …
IDLE_TURN = 1.0  # … and while none do
GATHER = 0.1  # seconds in which more of them come, to be recorded in one transaction
PATIENCE = 5.0  # seconds for cancelled downloads to end, which takes them the writing of a piece


class Archive:
    """Work on the queue by one process; only the process that has the lease does it."""

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._pool = DownloadPool()
        self._scrub, self._previews = Scrub(clock=clock), PreviewMaker()
        self._shown: dict[int, int] = {}  # bytes that open pages know of, by copy
        self._has_lease = self._has_no_database = False
        self._is_queue_empty = False  # at the last claim
        self._renew_at = self._claim_at = self._record_at = 0.0

    def run(self, seconds: float = inf) -> None:
        """Save what is due for so long, at least one turn; then finish the downloads under way."""
        end = time.monotonic() + seconds
        try:
            while True:
                self._with_database(self._turn)
                if time.monotonic() >= end:
                    break
                self._rest()
            while self._pool and self._has_lease:
                self._rest()
                self._with_database(self._finish)
        finally:
            self._close()

    def _rest(self) -> None:
        """Wait briefly until a file was received or failed, and a little longer for the next."""
        if self._pool.progressed.wait(TURN if self._pool else IDLE_TURN):
            self._pool.wants_more.wait(GATHER)
        self._pool.progressed.clear()

    def _with_database(self, step: Callable[[], object]) -> None:
        """Take a step, to be repeated later where the database fails; downloads go on meanwhile."""
        try:
            step()
            self._has_no_database = False
        except DatabaseError as error:
            if not self._has_no_database:
                log.warning("The archive cannot use the database: %s", error)
            self._has_no_database = True
            close_old_connections()
            time.sleep(TURN)

    def _turn(self) -> None:
        """Claim, then record: hosts must not wait, while received files can."""
        self._renew_in_time()
        wants_more = self._pool.wants_more.is_set() and not self._is_queue_empty
        if self._has_lease and (wants_more or time.monotonic() >= self._claim_at):
            self._claim()
        self._record_some()
        if self._has_lease:
            self._scrub.turn()
            self._previews.turn(is_busy=bool(self._pool))

    def _finish(self) -> None:
        self._renew_in_time()
        self._record_some()

    # The lease and the claims

    def _renew_in_time(self) -> None:
        if time.monotonic() < self._renew_at:
            return
        now, had_lease = self._clock(), self._has_lease
        self._has_lease = Lease.objects.take(LEASE, self._holder, now=now, seconds=LEASE_SECONDS)
        if self._has_lease and not had_lease:
            claims.take_over(now)
            pipeline.remove_all_but(set(Copy.objects.unsaved().values_list("pk", flat=True)))
        self._pool.cancel(self._not_ours(now))
        self._renew_at = time.monotonic() + RENEW_SECONDS

    def _not_ours(self, now: datetime) -> set[int]:
        """Ids of downloads whose claims are lost: all, while another process has the lease."""
        if not self._has_lease:
            return self._pool.ids()
        jobs = self._pool.unfinished()
        return claims.renew(jobs, self._shown, now) if jobs else set()

    def _claim(self) -> None:
        """Claim as many files as there are places, and some ahead for quick hosts."""
        ahead = self._pool.ahead()
        room = self._pool.free_places() + ahead.total()
        if room <= 0:
            return
        now = self._clock()
        self._claim_at = time.monotonic() + TURN
        self._pool.wants_more.clear()
        if disk.is_full():
            claims.mark_disk_full(now)
            return
        busy = self._pool.by_host()
        busy.subtract(ahead)
        found = claims.claim(now, room=room, busy=busy, skip=self._pool.ids())
        self._is_queue_empty = not found and all(files < PER_HOST for files in busy.values())
        for copy in found:
            try:
                job = claims.job_for(copy)
            except DownloadError as error:
                claims.refuse(copy, error, now)
                continue
            self._shown[job.pk] = job.done
            self._pool.add(job)

    # Outcomes of the downloads

    def _record_some(self) -> None:
        """Record outcomes, several at once where they come quickly."""
        if time.monotonic() >= self._record_at or not self._pool.unfinished():
            self._record([download for download in self._pool if download.outcome.done()])
            self._record_at = time.monotonic() + GATHER

    def _record(self, ended: list[Download]) -> None:
        """Write the outcomes; a download is forgotten only when the database has its outcome."""
        saved = [one for one in ended if one.outcome.exception() is None]
        files = [(one.job, one.outcome.result()) for one in saved]
        wanted = claims.record_saved(files, self._clock()) if files else set()
        for job, fields in files:
            if job.pk not in wanted:
                remove_files(fields["name"], fields["poster"], fields["sprite"] or "")
            pipeline.remove_unfinished(job)
        for download in ended:
            if download not in saved:
                self._record_failure(download)
            self._pool.remove(download)
            self._shown.pop(download.job.pk, None)

    def _record_failure(self, download: Download) -> None:
        error = download.outcome.exception()
        if isinstance(error, DownloadCancelledError):
            return  # its claim was lost: there is another link, or another archive
        if not isinstance(error, DownloadError):
            log.error("A file could not be saved", exc_info=error)
            error = DownloadError(type(error).__name__, trouble=CopyTrouble.STORAGE)
        claims.record_failure(download.job, error, self._clock())

    def _close(self) -> None:
        """Cancel the downloads under way, and give back the claims with their progress."""
        self._scrub.stop()
        self._previews.stop()
        self._pool.cancel(self._pool.ids())
        futures.wait([download.outcome for download in self._pool], PATIENCE)
        try:
            for download in self._pool:
                outcome = download.outcome
                if outcome.done() and not isinstance(outcome.exception(), DownloadCancelledError):
                    self._record([download])
                else:
                    claims.give_back(download.job, self._clock())
            Lease.objects.give_back(LEASE, self._holder, now=self._clock())
        except DatabaseError as error:
            log.warning("The archive cannot use the database: %s", error)


__all__ = ["LEASE", "Archive"]
