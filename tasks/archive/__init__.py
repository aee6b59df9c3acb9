"""The archive: every succeeded task's files are copied into our own storage before the links end.

The queue is a query (`Copy.objects.due()`), nearest end first. A turn of the process:

1. claim: a conditional update that pushes the due time ahead, renewed while the file comes; so
   whatever dies anywhere, the row comes due again by itself;
2. bring: fetch, check, keep (`bringing.py`), each file in a thread of its own (`ways.py`), so that
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

from tasks.archive import bringing, claims, disk
from tasks.archive.errand import Snag
from tasks.archive.ways import PER_HOST, Way, Ways
from tasks.models import Copy, CopyTrouble, Lease
from tasks.models.storage import remove_files
from tasks.providers.downloads import Dropped

log = logging.getLogger(__name__)

LEASE = "archive"
LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.0
TURN = 0.25  # seconds between two looks at the database while files come …
IDLE_TURN = 1.0  # … and while none do
GATHER = 0.1  # seconds in which more of them come, while the next ones need no claim
PATIENCE = 5.0  # seconds for what is dropped to come to its end, which is a piece's writing away


class Archive:
    """One process's work on the queue; one at a time has the lease and does it."""

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._ways = Ways()
        self._told: dict[int, int] = {}  # bytes that open pages know of
        self._has_lease = self._is_blind = False
        self._is_dry = False  # nothing more was due when it was last looked
        self._renew_at = self._claim_at = self._record_at = 0.0

    def run(self, seconds: float = inf) -> None:
        """Save what is due for so long, at least one turn; then see what was begun to its end."""
        end = time.monotonic() + seconds
        try:
            while True:
                self._guarded(self._turn)
                if time.monotonic() >= end:
                    break
                self._rest()
            while self._ways and self._has_lease:
                self._rest()
                self._guarded(self._look_after)
        finally:
            self._close()

    def _rest(self) -> None:
        """Until a file has come or failed, but not for long; what soon follows it comes along."""
        if self._ways.news.wait(TURN if self._ways else IDLE_TURN):
            self._ways.hunger.wait(GATHER)
        self._ways.news.clear()

    def _guarded(self, step: Callable[[], object]) -> None:
        """Without the database nothing is forgotten: files come on, and are recorded later."""
        try:
            step()
            self._is_blind = False
        except DatabaseError as error:
            if not self._is_blind:
                log.warning("The archive cannot use the database: %s", error)
            self._is_blind = True
            close_old_connections()
            time.sleep(TURN)

    def _turn(self) -> None:
        """Hosts first: what has come can wait a little."""
        self._renew_in_time()
        is_hungry = self._ways.hunger.is_set() and not self._is_dry
        if self._has_lease and (is_hungry or time.monotonic() >= self._claim_at):
            self._claim()
        self._record_some()

    def _look_after(self) -> None:
        self._renew_in_time()
        self._record_some()

    def _renew_in_time(self) -> None:
        if time.monotonic() >= self._renew_at:
            self._renew()

    def _record_some(self) -> None:
        """Several at once where they come quickly."""
        if time.monotonic() >= self._record_at or not self._ways.unended():
            self._record([way for way in self._ways if way.outcome.done()])
            self._record_at = time.monotonic() + GATHER

    # The lease and the claims

    def _renew(self) -> None:
        now, had_lease = self._clock(), self._has_lease
        self._has_lease = Lease.objects.take(LEASE, self._holder, now=now, seconds=LEASE_SECONDS)
        if self._has_lease and not had_lease:
            self._begin(now)
        self._ways.drop(self._not_ours(now))
        self._renew_at = time.monotonic() + RENEW_SECONDS

    def _not_ours(self, now: datetime) -> set[int]:
        """All of them, while another process has the lease."""
        if not self._has_lease:
            return self._ways.ids()
        errands = self._ways.unended()
        return claims.renew(errands, self._told, now) if errands else set()

    def _begin(self, now: datetime) -> None:
        claims.take_over(now)
        bringing.remove_all_but(set(Copy.objects.unsaved().values_list("pk", flat=True)))

    def _claim(self) -> None:
        ahead = self._ways.ahead()
        room = self._ways.room() + ahead.total()
        if room <= 0:
            return
        now = self._clock()
        self._claim_at = time.monotonic() + TURN
        self._ways.hunger.clear()
        if disk.is_full():
            claims.wait_for_room(now)
            return
        busy = self._ways.claimed()
        busy.subtract(ahead)
        found = claims.claim(now, room=room, busy=busy, skip=self._ways.ids())
        self._is_dry = not found and all(files < PER_HOST for files in busy.values())
        for copy in found:
            self._accept(copy, now)

    def _accept(self, copy: Copy, now: datetime) -> None:
        try:
            errand = claims.errand_for(copy)
        except Snag as snag:
            claims.refuse(copy, snag, now)
            return
        self._told[errand.pk] = errand.done
        self._ways.add(errand)

    # What has come of it

    def _record(self, ways: list[Way]) -> None:
        """A way is forgotten only when the database has it."""
        brought = [way for way in ways if way.outcome.exception() is None]
        files = [(way.errand, way.outcome.result()) for way in brought]
        wanted = claims.record_saved(files, self._clock()) if files else set()
        for errand, fields in files:
            if errand.pk not in wanted:
                remove_files(fields["name"], fields["poster"])
            bringing.remove_unfinished(errand)
        for way in ways:
            if way not in brought:
                self._record_miss(way)
            self._ways.forget(way)
            self._told.pop(way.errand.pk, None)

    def _record_miss(self, way: Way) -> None:
        error = way.outcome.exception()
        if isinstance(error, Dropped):  # the claim was lost: there is another link, or archive
            return
        if not isinstance(error, Snag):
            log.error("A file could not be saved", exc_info=error)
            error = Snag(type(error).__name__, trouble=CopyTrouble.STORAGE)
        claims.record_miss(way.errand, error, self._clock())

    def _close(self) -> None:
        """Whatever is still on its way is given back, with what there is of it."""
        self._ways.drop(self._ways.ids())
        futures.wait([way.outcome for way in self._ways], PATIENCE)
        try:
            for way in self._ways:
                if way.outcome.done() and not isinstance(way.outcome.exception(), Dropped):
                    self._record([way])
                else:
                    claims.give_back(way.errand, self._clock())
            Lease.objects.give_back(LEASE, self._holder, now=self._clock())
        except DatabaseError as error:
            log.warning("The archive cannot use the database: %s", error)


__all__ = ["LEASE", "Archive"]
