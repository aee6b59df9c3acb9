"""Refreshing: claim what is due, ask its provider, record what changed.

A sweep is one django-q2 job of some seconds that turns and turns:

1. claim: each credential's due tasks get their next check *now*, by a conditional update, so that
   a crash, a second cluster or an unchanged answer needs no further write (`claims.py`);
2. ask: every credential in a lane of its own, all lanes at once (`tasks.lanes`);
3. record: the answers that taught something, in one transaction with one number of the change
   counter, which is what the browsers watch (`recording.py`).

The database is only touched between two slices of the asyncio loop, and from one thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from math import inf

from django.db.models import Exists, OuterRef
from django.utils import timezone

from tasks.lanes import Lane, identity
from tasks.models import Credential, HealthMinute, Lease, Task
from tasks.models import clock as clocks
from tasks.models.health import HealthNotes
from tasks.providers import ProviderError, Trouble
from tasks.reconcile.walks import Walks
from tasks.refresh.claims import claim
from tasks.refresh.recording import HEALTH_SECONDS, note_health, note_trouble, record
from tasks.sealing import Unreadable

__all__ = ["LEASE", "LEASE_SECONDS", "Tally", "claim", "note_health", "record", "sweep"]

log = logging.getLogger(__name__)

LEASE = "sweep"
LEASE_SECONDS = 10.0  # a holder that has not renewed for so long has died or hangs
RENEW_SECONDS = 2.0
SLICE = 0.25  # seconds of asking between two looks at the database …
BUSY_SLICE = 1.0  # … and while a lane has plenty to do: fewer, larger writes
PLENTY = 250
IDLE_SLICE = 0.5
DRAIN_SECONDS = 2.0


@dataclass
class Tally:
    """What a sweep did."""

    asked: int = 0
    written: int = 0


def sweep(seconds: float, *, clock: Callable[[], datetime] = timezone.now) -> Tally | None:
    """Refresh for so long, at least one turn; None when another process already does."""
    holder, last_beat = uuid.uuid4().hex, _last_beat()
    if not Lease.objects.take(LEASE, holder, now=clock(), seconds=LEASE_SECONDS):
        return None
    try:
        with asyncio.Runner() as runner:
            return _Sweep(runner, holder, clock, last_beat).run(seconds)
    finally:
        Lease.objects.give_back(LEASE, holder, now=clock())


def _last_beat() -> datetime | None:
    return Lease.objects.filter(name=LEASE).values_list("beat_at", flat=True).first()


def _rested(beat_at: datetime | None, now: datetime) -> float:
    """Seconds since an earlier sweep may have asked, which a provider's limit still remembers."""
    return max(0.0, (now - beat_at).total_seconds()) if beat_at else inf


class _Sweep:
    """The lanes of one sweep, and the rhythm: claim, ask for a slice, record."""

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
        self._others_asked_at = time.monotonic() - _rested(last_beat, clock())
        self._last_look = last_beat  # at the clock
        self._renew_at = time.monotonic() + RENEW_SECONDS
        self._lanes: dict[int, Lane] = {}
        self._walks = Walks()
        self._health = HealthNotes()
        self._write_health_at = time.monotonic() + HEALTH_SECONDS
        self._tally = Tally()

    def run(self, seconds: float) -> Tally:
        end = time.monotonic() + seconds
        self._look_at_the_clock()
        self._forget_old_health()
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
            self._runner.run(self._close(self._lanes.values()))
        return self._tally

    def _holds_the_lease(self) -> bool:
        if time.monotonic() < self._renew_at:
            return True
        self._renew_at = time.monotonic() + RENEW_SECONDS
        now = self._look_at_the_clock()
        return Lease.objects.take(LEASE, self._holder, now=now, seconds=LEASE_SECONDS)

    def _look_at_the_clock(self) -> datetime:
        """Were it set back by an hour, nothing would come due for an hour."""
        now = self._clock()
        if clocks.was_set_back(self._last_look, now):
            log.warning("The clock was set back; everything comes due again.")
            clocks.come_due_again(now)
        self._last_look = now
        return now

    def _forget_old_health(self) -> None:
        """By the sweeps that begin with an hour: four of them."""
        now = self._clock()
        if not now.minute:
            HealthMinute.objects.forget_old(now)

    def _claim(self) -> None:
        now = self._clock()
        for credential in _with_due_tasks(now):
            lane = self._lane(credential, now)
            if lane and lane.room:
                lane.put(claim(credential, now, limit=lane.room, asking=lane.asking))

    def _compare(self) -> None:
        """Whoever wants a list compared with ours gets a page of it in turn with our questions."""
        now = self._clock()
        for credential in self._walks.look(now):
            if not self._lane(credential, now):
                self._walks.give_up(credential, now)
        for lane in self._lanes.values():
            error = self._walks.step(lane, now)
            if error and error.retry_after is not None:
                note_trouble(lane.credential, error, now)

    def _lane(self, credential: Credential, now: datetime) -> Lane | None:
        lane = self._lanes.get(credential.pk)
        if lane and lane.identity != identity(credential):
            self._runner.run(self._close([self._lanes.pop(credential.pk)]))
            lane = None
        try:
            lane = lane or Lane(credential, rested=time.monotonic() - self._others_asked_at)
        except (Unreadable, KeyError) as reason:
            note_trouble(credential, _cannot_ask(reason), now)
            return None
        lane.credential = credential
        self._lanes[credential.pk] = lane
        return lane

    async def _ask_for_a_slice(self) -> None:
        """Until something can be written or claimed; a lane with plenty to do is let run longer."""
        for lane in self._lanes.values():
            lane.start()
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
        return any(lane.is_busy for lane in self._lanes.values())

    def _awaits_answers(self) -> bool:
        return any(lane.awaits_answers for lane in self._lanes.values())

    def _has_plenty(self) -> bool:
        return any(lane.backlog > PLENTY for lane in self._lanes.values())

    def _record(self) -> None:
        now = self._clock()
        everything = [(lane.credential, lane.take_findings()) for lane in self._lanes.values()]
        findings = [finding for _, found in everything for finding in found]
        self._tally.asked += len(findings)
        self._tally.written += record(findings, now, self._every())
        for credential, found in everything:
            if found:
                note_health(credential, found, now)
        for lane in self._lanes.values():
            self._health.take(lane.credential, lane.take_heard(), now)
        if time.monotonic() >= self._write_health_at:
            self._write_health()

    def _write_health(self) -> None:
        """All credentials' minutes at once; a kill loses those of some seconds."""
        self._write_health_at = time.monotonic() + HEALTH_SECONDS
        self._health.write()

    def _every(self) -> dict[int, float | None]:
        return {pk: lane.credential.check_seconds for pk, lane in self._lanes.items()}

    async def _drain(self) -> None:
        """Wait a little for the answers on their way; whatever is cut off comes due again."""
        for lane in self._lanes.values():
            lane.hush()
        end = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self._awaits_answers() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)

    async def _close(self, lanes: Iterable[Lane]) -> None:
        for lane in lanes:
            await lane.close()


def _with_due_tasks(now: datetime) -> list[Credential]:
    due = Task.objects.filter(credential=OuterRef("pk"), check_after__lte=now)
    return list(Credential.objects.askable(now).filter(Exists(due)))


def _cannot_ask(reason: Exception) -> ProviderError:
    sentence = f"The key cannot be used: {reason}. Type it in again."
    return ProviderError(sentence, trouble=Trouble.UNAUTHORIZED, permanent=True)
