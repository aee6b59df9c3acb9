"""The one sender at a time, so that another worker stays free for the sweep.

A provider may take `send.DEADLINE` to answer a create. Two jobs that wait for such answers would
hold both workers of a usual installation for most of a minute, and nothing would be refreshed.
So one job sends everything, and looks for new creates while others are in flight.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError
from django.utils import timezone

from tasks.models import Lease
from tasks.submission.send import send_waiting
from tasks.tracking import refresh

log = logging.getLogger(__name__)

LEASE = "send"
LEASE_SECONDS = 10.0  # a sender that has not renewed for so long was killed or hangs
RENEW_SECONDS = 1.0
#: Before another try where the database took no write: each may wait 20 s for a lock, in which no
#: answer is read, and a create has only `send.DEADLINE`.
LOCKED_SECONDS = 10.0


def send_alone(
    seconds: float, longest: float, *, clock: Callable[[], datetime] = timezone.now
) -> int | None:
    """Send waiting creates; return the number sent, or None when another job already sends.

    After `seconds` it starts creates only while sweeps are heard, which then have a worker of
    their own; after `longest` seconds it starts none. Whoever got a number looks once more for
    waiting creates: those placed at the last moment may have come with a job that got None.
    """
    turn = _Turn(time.monotonic() + seconds, clock)
    if not turn.take():
        return None
    try:
        return send_waiting(max(seconds, longest), may_start=turn.may_start, clock=clock)
    finally:
        turn.end()


class _Turn:
    """The lease of a sender, with its heartbeat, and whether it may start another create."""

    def __init__(self, shared_from: float, clock: Callable[[], datetime]) -> None:
        self._shared_from, self._clock = shared_from, clock  # monotonic
        self._holder = uuid.uuid4().hex
        self._look_at = 0.0
        self._is_open = False

    def take(self) -> bool:
        """Take or renew the lease; whether it is ours."""
        now = self._clock()
        return Lease.objects.take(LEASE, self._holder, now=now, seconds=LEASE_SECONDS)

    def may_start(self) -> bool:
        """Whether the lease is ours, and no sweep needs this worker; looked up every second."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + RENEW_SECONDS
            try:
                is_needed = now >= self._shared_from and refresh.is_silent(self._clock())
                self._is_open = self.take() and not is_needed
            except DatabaseError:  # an answer that is on its way must not be lost with this job
                log.exception("The sender's lease cannot be renewed for now.")
                self._look_at = time.monotonic() + LOCKED_SECONDS
                self._is_open = False
        return self._is_open

    def end(self) -> None:
        Lease.objects.give_back(LEASE, self._holder, now=self._clock())
