"""The watch over the workers: it reads their heartbeats, and restarts what has fallen silent.

Killing one idle worker stops a django-q2 cluster for good, with nothing alarming in its log (the
dead worker held the queue's read lock; 3 of 3 runs, 1.11.1). Only the missing heartbeat shows it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from tasks import jobs
from tasks.management.supervision import Child, end_group, say
from tasks.models import Lease
from tasks.models.leases import LeaseQuerySet
from tasks.submission.sender import LEASE as SENDER
from tasks.submission.sender import LEASE_SECONDS as SENDER_SECONDS
from tasks.tracking.refresh import LEASE, LEASE_SECONDS

STOPPING = "the watch, stopping"
LONGEST_PATIENCE = 600.0  # seconds


class Watch:
    """Restarts one child, killing its whole group, when its lease has no heartbeat for too long.

    A heartbeat counts when it differs from the last one, so no clock has to agree with ours: all
    times are this process's own monotonic ones.
    """

    def __init__(self, child: Child, group_file: Path, *, lease: str, wedged: float) -> None:
        self._child = child
        self._group_file = group_file
        self._lease = Lease.objects.filter(name=lease)
        self._wedged = self._patience = wedged
        self._beat: datetime | None = None
        self._beat_seen_at = self._checked_at = 0.0
        self._has_no_database = False
        self._noted = 0  # the group that is in its file

    def start(self) -> None:
        end_leftovers(self._group_file, self._child.command[1:3])
        self._child.start()
        self._note_group()

    def check(self) -> None:
        """Start a dead child again, and restart a silent one. Call it often.

        Where we were stopped ourselves, perhaps with the whole machine, nobody was silent.
        """
        now = time.monotonic()
        if now - self._checked_at > self._wedged / 2:
            self._beat_seen_at = now
        self._checked_at = now
        self._child.keep_alive()
        self._note_group()
        self._try(self._check_heartbeat)

    def stop(self) -> None:
        self._child.stop()

    def _try(self, step: Callable[[], object]) -> None:
        """Take a step that needs the database; without it a child is silent, and not to blame."""
        try:
            close_old_connections()
            step()
            self._has_no_database = False
        except DatabaseError as error:
            self._beat_seen_at = time.monotonic()
            if not self._has_no_database:
                say(f"The watch cannot use the database: {error}")
            self._has_no_database = True

    def _check_heartbeat(self) -> None:
        beat = self._lease.all().values_list("beat_at", flat=True).first()
        if beat != self._beat:
            self._beat, self._beat_seen_at = beat, time.monotonic()
            self._patience = self._wedged
        if self._silence > self._patience and not self._is_sending:
            self._restart()

    @property
    def _is_sending(self) -> bool:
        """Whether a kill would cut creates off, so that nobody knew whether they were paid for."""
        return False

    @property
    def _silence(self) -> float:
        """Seconds since the last heartbeat, or since the start."""
        return time.monotonic() - max(self._beat_seen_at, self._child.started_at)

    def _restart(self) -> None:
        name, silence = self._child.name, self._silence
        say(f"Nothing heard from the {name} for {silence:.0f} s; starting it again.")
        self._patience = min(self._patience * 2, LONGEST_PATIENCE)
        self._child.restart()
        self._note_group()

    def _note_group(self) -> None:
        """Write the group's number, if it is another: a kill meanwhile leaves an empty file."""
        if self._child.group != self._noted:
            self._group_file.write_text(str(self._child.group))
            self._noted = self._child.group


class ClusterWatch(Watch):
    """The watch over the django-q2 cluster, whose sweeps beat: it may just need a new sweep."""

    def __init__(self, cluster: Child, group_file: Path, *, quiet: float, wedged: float) -> None:
        super().__init__(cluster, group_file, lease=LEASE, wedged=wedged)
        self._quiet = quiet
        self._woke_at = 0.0
        self._sender = Lease.objects.filter(name=SENDER)
        self._sender_beat: datetime | None = None
        self._sender_heard_at = -inf

    def start(self) -> None:
        super().start()
        self._try(jobs.ensure_sweep)

    def stop(self) -> None:
        """Stop the cluster after taking its leases, for which django-q2 would wait.

        Without them the sweep ends in two seconds, and no further create is started.
        """
        self._try(self._take_leases)
        super().stop()
        self._try(self._give_leases_back)

    def _check_heartbeat(self) -> None:
        beat = self._sender.all().values_list("beat_at", flat=True).first()
        if beat != self._sender_beat:
            self._sender_beat, self._sender_heard_at = beat, time.monotonic()
        super()._check_heartbeat()
        now = time.monotonic()
        if self._silence > self._quiet and now - self._woke_at > self._quiet:
            self._woke_at = now
            jobs.ensure_sweep()

    @property
    def _is_sending(self) -> bool:
        """Whether a sender beats. It starts nothing while no sweep is heard, and ends by itself."""
        return time.monotonic() - self._sender_heard_at < SENDER_SECONDS

    def _restart(self) -> None:
        super()._restart()
        jobs.ensure_sweep()

    def _take_leases(self) -> None:
        until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        self._leases().update(holder=STOPPING, until=until)

    def _give_leases_back(self) -> None:
        self._leases().filter(holder=STOPPING).update(until=timezone.now())

    def _leases(self) -> LeaseQuerySet:
        return Lease.objects.filter(name__in=[LEASE, SENDER])


def end_leftovers(group_file: Path, command: list[str]) -> None:
    """End the orphans of an earlier run, which would go on unsupervised.

    Nothing is ended unless one of the group still runs our command: by now the number may belong
    to another group.
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
