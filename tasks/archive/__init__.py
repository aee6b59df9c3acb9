"""The archive: every succeeded task's files are copied into our own storage before the links end.

The queue is a query (`Copy.objects.due()`), nearest end first. A turn of the process:

1. claim: a conditional update that pushes the due time ahead, renewed while the file comes; so
   whatever dies anywhere, the row comes due again by itself;
2. bring: fetch, check, keep (`bringing.py`), each file in a thread of its own, so that nothing
   waits for the database, and no host and no disk for another;
3. record: saved, or what is wrong and when to try again (`claims.py`), from the thread that runs
   this, the only one that touches the database.

Unfinished files lie in <data>/incoming, named by their copy's id: `.part` grows, `.whole` is all
there and needs the host no more. Both go when the row says saved.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from tasks.archive import bringing, claims, disk
from tasks.archive.errand import Errand, Snag
from tasks.models import Copy, CopyTrouble, Lease
from tasks.models.storage import remove_files
from tasks.providers.downloads import Dropped

log = logging.getLogger(__name__)

LEASE = "archive"
LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.0
AT_ONCE = 8
TURN = 0.25  # seconds between two looks at the database while files come …
IDLE_TURN = 1.0  # … and while none do
PATIENCE = 5.0  # seconds for what is dropped to come to its end, which is a piece's writing away


@dataclass(frozen=True)
class _Way:
    errand: Errand
    outcome: futures.Future[dict[str, Any]]


class Archive:
    """One process's work on the queue; one at a time has the lease and does it."""

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._ways: dict[int, _Way] = {}
        self._told: dict[int, int] = {}  # bytes that open pages know of
        self._has_lease = self._is_blind = False
        self._renew_at = 0.0
        self._promises = disk.Promises()
        self._news = threading.Event()  # there is room for another file, or an outcome

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
        """Until a file has come or failed, but not for long."""
        self._news.wait(TURN if self._ways else IDLE_TURN)
        self._news.clear()

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
        self._look_after()
        if self._has_lease:
            self._claim()

    def _look_after(self) -> None:
        if time.monotonic() >= self._renew_at:
            self._renew()
        for way in list(self._ways.values()):
            if way.outcome.done():
                self._record(way)

    # The lease and the claims

    def _renew(self) -> None:
        now, had_lease = self._clock(), self._has_lease
        self._has_lease = Lease.objects.take(LEASE, self._holder, now=now, seconds=LEASE_SECONDS)
        if self._has_lease and not had_lease:
            self._begin(now)
        for pk in self._not_ours(now):
            self._ways[pk].errand.dropped.set()
        self._renew_at = time.monotonic() + RENEW_SECONDS

    def _not_ours(self, now: datetime) -> set[int]:
        """All of them, while another process has the lease."""
        if not self._has_lease:
            return set(self._ways)
        errands = [way.errand for way in self._ways.values() if not way.outcome.done()]
        return claims.renew(errands, self._told, now) if errands else set()

    def _begin(self, now: datetime) -> None:
        claims.take_over(now)
        bringing.remove_all_but(set(Copy.objects.unsaved().values_list("pk", flat=True)))

    def _claim(self) -> None:
        room = AT_ONCE - len(self._ways)
        if room <= 0:
            return
        now = self._clock()
        if disk.is_full():
            claims.wait_for_room(now)
            return
        coming = (way.errand for way in self._ways.values() if not way.errand.digest)
        busy = Counter(claims.host_of(errand.url) for errand in coming)
        for copy in claims.claim(now, room=room, busy=busy, skip=self._ways):
            self._set_out(copy, now)

    def _set_out(self, copy: Copy, now: datetime) -> None:
        try:
            errand = claims.errand_for(copy)
        except Snag as snag:
            claims.refuse(copy, snag, now)
            return
        self._told[errand.pk] = errand.done
        way = self._ways[errand.pk] = _Way(errand, futures.Future())
        threading.Thread(target=self._go, args=[way], daemon=True).start()

    def _go(self, way: _Way) -> None:
        """In the file's own thread."""
        try:
            way.outcome.set_result(bringing.bring(way.errand, self._promises, self._news.set))
        except BaseException as error:
            way.outcome.set_exception(error)
        self._news.set()

    # What has come of it

    def _record(self, way: _Way) -> None:
        """The way is forgotten only when the database has it."""
        try:
            brought = way.outcome.result()
            if not claims.record_saved(way.errand, brought, self._clock()):
                remove_files(brought["name"], brought["poster"])
            bringing.remove_unfinished(way.errand)
        except Dropped:
            pass  # the claim was lost: there is another link, or another archive
        except Snag as snag:
            claims.record_miss(way.errand, snag, self._clock())
        except DatabaseError:
            raise
        except Exception as error:
            log.exception("A file could not be saved")
            fault = Snag(type(error).__name__, trouble=CopyTrouble.STORAGE)
            claims.record_miss(way.errand, fault, self._clock())
        del self._ways[way.errand.pk]
        self._told.pop(way.errand.pk, None)

    def _close(self) -> None:
        """Whatever is still on its way is given back, with what there is of it."""
        for way in self._ways.values():
            way.errand.dropped.set()
        futures.wait([way.outcome for way in self._ways.values()], PATIENCE)
        try:
            for way in list(self._ways.values()):
                if way.outcome.done() and not isinstance(way.outcome.exception(), Dropped):
                    self._record(way)
                else:
                    claims.give_back(way.errand, self._clock())
            Lease.objects.give_back(LEASE, self._holder, now=self._clock())
        except DatabaseError as error:
            log.warning("The archive cannot use the database: %s", error)


__all__ = ["LEASE", "Archive"]
