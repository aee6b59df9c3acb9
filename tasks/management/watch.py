"""The watch outside the workers: hears their heartbeats, and starts again what fell silent.

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
from django.utils import timezone

from tasks import jobs
from tasks.management.supervision import Child, end_group, say
from tasks.models import Lease
from tasks.refresh import LEASE, LEASE_SECONDS

STOPPING = "the watch, stopping"
LONGEST_PATIENCE = 600.0  # seconds


class Watch:
    """Looks at one child by the heartbeat of its lease; kills its whole group when that is silent.

    A beat is known by its being another one than before, so no clock has to agree with ours: all
    times are this process's own monotonic ones.
    """

    def __init__(self, child: Child, group_file: Path, *, lease: str, wedged: float) -> None:
        self._child = child
        self._group_file = group_file
        self._lease = Lease.objects.filter(name=lease)
        self._wedged = self._patience = wedged
        self._beat: datetime | None = None
        self._heard_at = 0.0
        self._is_blind = False

    def start(self) -> None:
        end_leftovers(self._group_file, self._child.command[1:3])
        self._child.start()
        self._note_group()

    def look(self) -> None:
        self._child.keep_alive()
        self._note_group()
        self._try(self._listen)

    def stop(self) -> None:
        self._child.stop()

    def _try(self, ask: Callable[[], object]) -> None:
        """Without the database the child is silent too, and not to blame."""
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
        beat = self._lease.all().values_list("beat_at", flat=True).first()
        if beat != self._beat:
            self._beat, self._heard_at, self._patience = beat, time.monotonic(), self._wedged
        if self._silence > self._patience:
            self._start_again()

    @property
    def _silence(self) -> float:
        """Seconds since it was heard or started."""
        return time.monotonic() - max(self._heard_at, self._child.started_at)

    def _start_again(self) -> None:
        name, silence = self._child.name, self._silence
        say(f"Nothing heard from the {name} for {silence:.0f} s; starting it again.")
        self._patience = min(self._patience * 2, LONGEST_PATIENCE)
        self._child.restart()
        self._note_group()

    def _note_group(self) -> None:
        self._group_file.write_text(str(self._child.group))


class ClusterWatch(Watch):
    """Over the django-q2 cluster, whose sweeps beat: it may also need just a new sweep."""

    def __init__(self, cluster: Child, group_file: Path, *, quiet: float, wedged: float) -> None:
        super().__init__(cluster, group_file, lease=LEASE, wedged=wedged)
        self._quiet = quiet
        self._woke_at = 0.0

    def start(self) -> None:
        super().start()
        self._try(jobs.ensure_sweep)

    def stop(self) -> None:
        """A sweep without its lease ends by itself in two seconds; django-q2 waits for it."""
        self._try(self._take_the_lease_away)
        super().stop()
        self._try(self._give_it_back)

    def _listen(self) -> None:
        super()._listen()
        now = time.monotonic()
        if self._silence > self._quiet and now - self._woke_at > self._quiet:
            self._woke_at = now
            jobs.ensure_sweep()

    def _start_again(self) -> None:
        super()._start_again()
        jobs.ensure_sweep()

    def _take_the_lease_away(self) -> None:
        until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        self._lease.update(holder=STOPPING, until=until)

    def _give_it_back(self) -> None:
        self._lease.filter(holder=STOPPING).update(until=timezone.now())


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
