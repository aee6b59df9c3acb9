"""The watch over exports: their process is started when one waits, and ends when none does.

A full workbook takes minutes of one core: longer than a job of django-q2 may last, and one of its
two workers would be missing to those who create. A process that always runs would hold the memory
of a whole Django for a few files a day.
"""

from __future__ import annotations

import time
from contextlib import suppress

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from tasks.management.supervision import Child
from tasks.models import Export

EVERY = 2.0  # seconds between two questions whether an export is due
AFTER_FAILURE = 30.0  # seconds before the process is started again


class ExportWatch:
    """Starts one child whenever an export is due; replaces it when it gives no sign of life."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._has_started = False
        self._check_at = 0.0

    def start(self) -> None:
        """Start nothing yet: nothing runs until an export is due."""

    def check(self) -> None:
        """Start the child if it is needed. Call it often."""
        if time.monotonic() < self._check_at:
            return
        self._check_at = time.monotonic() + EVERY
        if self._has_started and not self._child.is_alive:
            self._clear_up()
            return
        with suppress(DatabaseError):
            close_old_connections()
            self._start_if_due()

    def stop(self) -> None:
        self._child.stop()

    def _start_if_due(self) -> None:
        if self._has_started:
            if Export.objects.abandoned(timezone.now()).exists():
                self._child.restart()
        elif Export.objects.due(timezone.now()).exists():
            self._has_started = True
            self._child.start()

    def _clear_up(self) -> None:
        """Forget the child that has ended; after a failure, wait before the next."""
        if self._child.exit_code:
            self._check_at = time.monotonic() + AFTER_FAILURE
        self._child.kill()
        self._has_started = False
