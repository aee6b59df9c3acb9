"""The watch outside the cluster: hears the sweep's heartbeat, and starts again what fell silent.

Killing one idle worker stops a django-q2 cluster for good, with nothing alarming in its log (the
dead worker held the queue's read lock; 3 of 3 runs, 1.11.1). Only its silence tells.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError, close_old_connections
from django.db.models import QuerySet
from django.utils import timezone

from tasks import jobs
from tasks.management.supervision import Child, end_group, say
from tasks.models import Lease
from tasks.refresh import LEASE, LEASE_SECONDS

STOPPING = "the watch, stopping"
LONGEST_PATIENCE = 600.0  # seconds


class Watch:
    """Looks at one cluster; all times are this process's own monotonic ones.

    A beat is known by its being another one than before, so no clock has to agree with ours.
    """

    def __init__(self, cluster: Child, group_file: Path, *, quiet: float, wedged: float) -> None:
        self._cluster = cluster
        self._group_file = group_file
        self._quiet, self._wedged = quiet, wedged
        self._patience = wedged
        self._beat: datetime | None = None
        self._heard_at = self._woke_at = 0.0
        self._is_blind = False

    def start(self) -> None:
        end_leftovers(self._group_file, self._cluster.command[-2:])
        self._cluster.start()
        self._note_group()
        self._try(jobs.ensure_sweep)

    def look(self) -> None:
        self._cluster.keep_alive()
        self._note_group()
        self._try(self._listen)

    def stop(self) -> None:
        """A sweep without its lease ends by itself in two seconds; django-q2 waits for it."""
        self._try(_take_the_lease_away)
        self._cluster.stop()
        self._try(_give_it_back)

    def _try(self, ask: Callable[[], object]) -> None:
        """Without the database the cluster is silent too, and not to blame."""
        try:
            close_old_connections()
            ask()
            self._is_blind = False
        except DatabaseError as error:
            self._heard_at = time.monotonic()
            if not self._is_blind:
                say(f"The watch cannot use the database: {error}")
            self._is_blind = True

    def _listen(self) -> None:
        now, beat = time.monotonic(), _last_beat()
        if beat != self._beat:
            self._beat, self._heard_at, self._patience = beat, now, self._wedged
        silence = now - max(self._heard_at, self._cluster.started_at)
        if silence > self._patience:
            self._start_again(silence)
        elif silence > self._quiet and now - self._woke_at > self._quiet:
            self._woke_at = now
            jobs.ensure_sweep()

    def _start_again(self, silence: float) -> None:
        say(f"Nothing heard from the cluster for {silence:.0f} s; starting it again.")
        self._patience = min(self._patience * 2, LONGEST_PATIENCE)
        self._cluster.restart()
        self._note_group()
        jobs.ensure_sweep()

    def _note_group(self) -> None:
        self._group_file.write_text(str(self._cluster.group))


def _last_beat() -> datetime | None:
    return _lease().values_list("beat_at", flat=True).first()


def _take_the_lease_away() -> None:
    _lease().update(holder=STOPPING, until=timezone.now() + timedelta(seconds=LEASE_SECONDS))


def _give_it_back() -> None:
    _lease().filter(holder=STOPPING).update(until=timezone.now())


def _lease() -> QuerySet[Lease]:
    return Lease.objects.filter(name=LEASE)


def end_leftovers(group_file: Path, command: list[str]) -> None:
    """End the orphans of an earlier run, which work on unsupervised.

    Only where one of the group still runs our command: the number may be another's by now.
    """
    group = group_file.read_text().strip() if group_file.exists() else ""
    if not group.isdecimal():
        return
    with suppress(FileNotFoundError):  # a small container may have no ps; then none was killed
        listed = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pgid=", "-o", "command="],
            capture_output=True,
            text=True,
            check=False,
        )
        running = [line.split(None, 1) for line in listed.stdout.splitlines()]
        if any(found[0] == group and " ".join(command) in found[-1] for found in running if found):
            end_group(int(group))
