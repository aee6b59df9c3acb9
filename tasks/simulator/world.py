"""One simulated world: its clock, its tasks, its faults, and counts of its requests."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tasks.simulator.faults import Faults
from tasks.simulator.orders import Order
from tasks.simulator.records import Record, RecordStore

CHINA = timezone(timedelta(hours=8))  # the clock inside an Ark id
_LOWER = string.ascii_lowercase + string.digits
_MIXED = string.ascii_letters + string.digits

#: Ark's real limits, per second and key.
LIMITS = {"get": 20, "delete": 20, "list": 1}


class World:
    """State that all dialects share; `clock` gives Unix seconds."""

    def __init__(
        self,
        *,
        speed: float = 1,
        clock: Callable[[], float] = time.time,
        state: Path | None = None,
        accidents: bool = True,
        limits: bool = False,
    ) -> None:
        self.speed = speed
        self.clock = clock
        self.accidents = accidents
        self.limits = limits
        self.tasks = RecordStore(state)
        self.faults = Faults()
        self.counts = Counts()
        #: Public id → the status that the last callback sent, for tasks with callbacks to come.
        self.callbacks_due = {t.public_id: "" for t in self.tasks if self._has_callbacks_due(t)}
        self._recent: dict[tuple[str, str], deque[float]] = {}  # by (key, operation)
        self._issued_ids: set[str] = set()
        self._lock = threading.Lock()

    def new_id(self, at: float) -> str:
        """Make an id like cgt-20260228182426-r4rg2, and never the same twice.

        It has the time in Beijing, and five letters or digits.
        """
        stamp = datetime.fromtimestamp(at, CHINA).strftime("%Y%m%d%H%M%S")
        fresh = f"cgt-{stamp}-{''.join(secrets.choice(_LOWER) for _ in range(5))}"
        with self._lock:
            if fresh not in self._issued_ids:
                self._issued_ids.add(fresh)
                return fresh
        return self.new_id(at)

    def new_task_id(self) -> str:
        """Make a newer gateway's own id: task_ and 32 letters or digits."""
        return f"task_{''.join(secrets.choice(_MIXED) for _ in range(32))}"

    def create(
        self, order: Order, *, task_id: str, preset: str, key: str, at: float, own_id: str = ""
    ) -> Record:
        """Record a task; `own_id` is the id of a gateway that names its tasks itself."""
        with self._lock:
            record = Record(
                id=task_id,
                public_id=own_id or task_id,
                number=self.tasks.next_number(),
                preset=preset,
                key=key,
                created_at=at,
                speed=self.speed,
                accidents=self.accidents,
                order=order,
            )
            self.tasks.add(record)
            if self._has_callbacks_due(record):
                self.callbacks_due[record.public_id] = ""
        self.counts.note_task("creates", record.public_id)
        return record

    def _has_callbacks_due(self, record: Record) -> bool:
        return bool(record.order.callback_url) and not record.state_at(self.clock()).ended

    def exceeds_limit(self, key: str, operation: str, now: float) -> bool:
        """Whether this request is more than a second allows, where limits are on."""
        limit = LIMITS.get(operation)
        if limit is None or not (self.limits or key.startswith("sim-limits")):
            return False
        with self._lock:
            times = self._recent.setdefault((key, operation), deque())
            while times and times[0] <= now - 1:
                times.popleft()
            if len(times) >= limit:
                return True
            times.append(now)
        return False


class Counts:
    """Numbers of requests and faults, for tests and for GET /_sim/counts."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()  # create, get, list, delete, media, other
        self.creates: Counter[str] = Counter()  # by task id
        self.gets: Counter[str] = Counter()  # by task id
        self.by_key: dict[str, Counter[str]] = {}
        self.faults: Counter[str] = Counter()  # by kind
        self._lock = threading.Lock()

    def note_request(self, operation: str, key: str) -> None:
        with self._lock:
            self.operations[operation] += 1
            self.by_key.setdefault(key, Counter())[operation] += 1

    def note_fault(self, kind: str) -> None:
        with self._lock:
            self.faults[kind] += 1

    def note_task(self, counter: str, task_id: str) -> None:
        """Count a request about one task; `counter` is creates or gets."""
        with self._lock:
            getattr(self, counter)[task_id] += 1

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            return {
                "operations": dict(self.operations),
                "keys": {key: dict(counts) for key, counts in self.by_key.items()},
                "faults": dict(self.faults),
                "tasks": {
                    task: {"creates": self.creates[task], "gets": self.gets[task]}
                    for task in {*self.creates, *self.gets}
                },
            }
