"""The sweep: claim the tasks that are due, ask their providers, record what changed.

A sweep is one django-q2 job of some seconds, which repeats three steps:

1. claim: each credential's due tasks get their next check *now*, by a conditional update, so that
   a crash, a second cluster or an unchanged answer needs no further write (`claims.py`);
2. ask: each credential by a poller of its own, all at once (`tasks.tracking.poller`);
3. record: the answers that changed something, in one transaction with one number of the change
   counter, which is what the browsers watch (`recording.py`).

The database is only used between two slices of the asyncio loop, and from one thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from django.db.models import Exists, OuterRef
from django.utils import timezone

from tasks.encryption import DecryptionError
from tasks.models import Credential, HealthMinute, Lease, Task
from tasks.models import clock as clocks
from tasks.models.health import HealthNotes
from tasks.providers import ProviderError, Trouble
from tasks.tracking.poller import CredentialPoller
from tasks.tracking.reconcile.comparisons import Comparisons
from tasks.tracking.refresh.claims import claim, give_back
from tasks.tracking.refresh.recording import HEALTH_SECONDS, note_health, note_trouble, record

__all__ = [
    "LEASE",
    "LEASE_SECONDS",
    "SweepTally",
    "claim",
    "give_back",
    "is_silent",
    "note_health",
    "record",
    "sweep",
]

log = logging.getLogger(__name__)

LEASE = "sweep"
LEASE_SECONDS = 10.0  # a holder that has not renewed for so long has died or hangs
RENEW_SECONDS = 2.0
SLICE = 0.25  # seconds of asking before the database is used again …
BUSY_SLICE = 1.0  # … and while a poller has plenty to do: fewer, larger writes
PLENTY = 250
IDLE_SLICE = 0.5
DRAIN_SECONDS = 2.0


@dataclass
class SweepTally:
    """The numbers of tasks that a sweep asked about and of rows that it changed."""

    asked: int = 0
    written: int = 0


def sweep(seconds: float, *, clock: Callable[[], datetime] = timezone.now) -> SweepTally | None:
    """Refresh for so long, at least one turn; None when another process already does."""
    holder = uuid.uuid4().hex
    last_beat = Lease.objects.filter(name=LEASE).values_list("beat_at", flat=True).first()
    if not Lease.objects.take(LEASE, holder, now=clock(), seconds=LEASE_SECONDS):
        return None
    try:
        with asyncio.Runner() as runner:
            return _Sweep(runner, holder, clock, last_beat).run(seconds)
    finally:
        Lease.objects.give_back(LEASE, holder, now=clock())


def is_silent(now: datetime) -> bool:
    """Whether the last heartbeat of a sweep is older than any that goes on would let it become."""
    heard_after = now - timedelta(seconds=LEASE_SECONDS)
    return Lease.objects.filter(name=LEASE, beat_at__lt=heard_after).exists()


class _Sweep:
    """The pollers of one sweep, and its rhythm: claim, ask for a slice, record."""

    def __init__(
        self,
        runner: asyncio.Runner,
        holder: str,
        clock: Callable[[], datetime],
        last_beat: datetime | None,
    ) -> None:
        self._runner = runner
        self._holder = holder
        self._clock = clock
        # A provider's limit still counts what the sweep before this one may have asked.
        rested = max(0.0, (clock() - last_beat).total_seconds()) if last_beat else inf
        self._others_asked_at = time.monotonic() - rested
        self._clock_read_at = last_beat
        self._renew_at = time.monotonic() + RENEW_SECONDS
        self._pollers: dict[int, CredentialPoller] = {}  # by credential
        self._comparisons = Comparisons()
        self._health = HealthNotes()
        self._write_health_at = time.monotonic() + HEALTH_SECONDS
        self._tally = SweepTally()

    def run(self, seconds: float) -> SweepTally:
        end = time.monotonic() + seconds
        now = self._read_clock()
        if not now.minute:  # four sweeps begin within the first minute of an hour
            HealthMinute.objects.forget_old(now)
        try:
            while self._holds_the_lease():
                self._claim()
                self._compare()
                self._runner.run(self._ask_for_a_slice())
                self._record()
                if time.monotonic() >= end:
                    break
            self._runner.run(self._drain())
            self._record()
            self._compare()
            self._write_health()
        finally:
            self._runner.run(self._close(self._pollers.values()))
        return self._tally

    def _holds_the_lease(self) -> bool:
        if time.monotonic() < self._renew_at:
            return True
        self._renew_at = time.monotonic() + RENEW_SECONDS
        now = self._read_clock()
        return Lease.objects.take(LEASE, self._holder, now=now, seconds=LEASE_SECONDS)

    def _read_clock(self) -> datetime:
        """Return the time; where the clock was set back, have everything come due again.

        Otherwise, after a step back by an hour, nothing would come due for an hour.
        """
        now = self._clock()
        if clocks.was_set_back(self._clock_read_at, now):
            log.warning("The clock was set back; everything comes due again.")
            clocks.come_due_again(now)
        self._clock_read_at = now
        return now

    def _claim(self) -> None:
        now = self._clock()
        due = Task.objects.filter(credential=OuterRef("pk"), check_after__lte=now)
        for credential in Credential.objects.askable(now).filter(Exists(due)):
            poller = self._poller_for(credential, now)
            limit = _limit(poller) if poller else 0
            if poller and limit:
                poller.enqueue(claim(credential, now, limit=limit, pending=poller.pending))

    def _compare(self) -> None:
        """Advance each open comparison by a page, in turn with the lists of due tasks."""
        now = self._clock()
        for credential in self._comparisons.credentials(now):
            if not self._poller_for(credential, now):
                self._comparisons.fail_unusable_key(credential, now)
        for poller in self._pollers.values():
            error = self._comparisons.advance(poller, now)
            if error and error.retry_after is not None:
                note_trouble(poller.credential, error, now)

    def _poller_for(self, credential: Credential, now: datetime) -> CredentialPoller | None:
        """Return the credential's poller, a new one where its settings have changed.

        None, with the trouble noted on the credential, where its key or provider cannot be used.
        """
        poller = self._pollers.get(credential.pk)
        if poller and not poller.fits(credential):
            self._runner.run(self._close([self._pollers.pop(credential.pk)]))
            give_back(poller.take_dropped())
            poller = None
        try:
            poller = poller or CredentialPoller(
                credential, rested=time.monotonic() - self._others_asked_at
            )
        except (DecryptionError, KeyError) as reason:
            note_trouble(credential, _cannot_ask(reason), now)
            return None
        poller.credential = credential
        self._pollers[credential.pk] = poller
        return poller

    async def _ask_for_a_slice(self) -> None:
        """Ask for SLICE seconds; for up to BUSY_SLICE while a poller has plenty to do."""
        for poller in self._pollers.values():
            poller.start()
        if not self._is_busy():
            await asyncio.sleep(IDLE_SLICE)
            return
        loop = asyncio.get_running_loop()
        began, had_plenty = loop.time(), self._has_plenty()
        while self._is_busy() and loop.time() < began + (BUSY_SLICE if had_plenty else SLICE):
            await asyncio.sleep(0.01)
            if had_plenty and not self._has_plenty():
                return

    def _is_busy(self) -> bool:
        return any(poller.is_busy for poller in self._pollers.values())

    def _has_plenty(self) -> bool:
        return any(poller.backlog > PLENTY for poller in self._pollers.values())

    def _record(self) -> None:
        now = self._clock()
        pollers = self._pollers.values()
        by_credential = [(poller.credential, poller.take_results()) for poller in pollers]
        every_result = [result for _, results in by_credential for result in results]
        intervals = {pk: poller.credential.check_seconds for pk, poller in self._pollers.items()}
        self._tally.asked += len(every_result)
        self._tally.written += record(every_result, now, intervals)
        for credential, results in by_credential:
            if results:
                note_health(credential, results, now)
        for poller in pollers:
            self._health.take(poller.credential, poller.take_tally(), now)
            if poller.credential.is_paused(now):
                poller.drop_queue()
        give_back([request for poller in pollers for request in poller.take_dropped()])
        if time.monotonic() >= self._write_health_at:
            self._write_health()

    def _write_health(self) -> None:
        """Write all credentials' minutes at once; a kill loses those of some seconds."""
        self._write_health_at = time.monotonic() + HEALTH_SECONDS
        self._health.write()

    async def _drain(self) -> None:
        """Wait a little for the answers on their way; whatever is cut off comes due again."""
        for poller in self._pollers.values():
            poller.drop_queue()
        loop = asyncio.get_running_loop()
        end = loop.time() + DRAIN_SECONDS
        while any(each.awaits_answers for each in self._pollers.values()) and loop.time() < end:
            await asyncio.sleep(0.01)

    async def _close(self, pollers: Iterable[CredentialPoller]) -> None:
        for poller in pollers:
            await poller.close()


def _limit(poller: CredentialPoller) -> int:
    """The number of tasks to claim: after a pause a single one, until it is answered for."""
    if poller.credential.paused_until is None:
        return poller.room
    return 0 if poller.pending else 1


def _cannot_ask(reason: Exception) -> ProviderError:
    sentence = f"The key cannot be used: {reason}. Type it in again."
    return ProviderError(sentence, trouble=Trouble.UNAUTHORIZED, permanent=True)
