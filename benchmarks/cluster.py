"""The django-q2 cluster with a stopwatch on its sweeps: python -m benchmarks.cluster FILE

Each line it writes is about one poll: when it was due and when it was claimed, or asked.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command


def main(file: Path) -> None:
    django.setup()
    watch_claims(_Notes(file))
    call_command("qcluster")


class _Notes:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: list[str] = []
        self.due: dict[int, float] = {}

    def claimed(self, pk: int, due: datetime, now: datetime) -> None:
        self.due[pk] = due.timestamp()
        self._note("claimed", pk, now.timestamp())

    def asked(self, pk: int) -> None:
        self._note("asked", pk, time.time())

    def _note(self, what: str, pk: int, at: float) -> None:
        self.lines.append(json.dumps({"what": what, "at": at, "late": at - self.due[pk]}) + "\n")

    def write(self) -> None:
        if self.lines:
            with self.file.open("a") as file:
                file.writelines(self.lines)
            self.lines.clear()


def watch_claims(notes: _Notes) -> None:
    """Put a stopwatch around claims and requests, also those of the workers, which are forked."""
    from tasks.tracking import refresh
    from tasks.tracking.poller import CredentialPoller

    def put_off(task: Any, credential: Any, now: datetime) -> None:
        notes.claimed(task.pk, task.check_after, now)
        original_put_off(task, credential, now)

    def claim(*args: Any, **more: Any) -> Any:
        notes.write()
        return original_claim(*args, **more)

    async def ask_one(self: CredentialPoller, request: Any) -> None:
        notes.asked(request.pk)
        await original_ask_one(self, request)

    original_put_off: Callable[..., None] = refresh.claims._put_off
    original_claim: Callable[..., Any] = refresh.claim
    original_ask_one: Callable[..., Any] = CredentialPoller._ask_one
    refresh.claims._put_off, refresh.claim = put_off, claim
    CredentialPoller._ask_one = ask_one  # type: ignore[method-assign]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
