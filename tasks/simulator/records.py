"""Records of the simulated tasks, and the file that keeps them over a restart."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.simulator.orders import Order
from tasks.simulator.timeline import TaskState, Timeline, plan_timeline

WEEK = 7 * 86_400

#: Fields of an order under the names that files of version 0.1 have for them → today's names.
RENAMED = {"wishes": "steer", "doomed": "input_error"}


@dataclass(frozen=True, kw_only=True)
class Record:
    """One task as it was created, and when it was cancelled or deleted."""

    id: str  # cgt-…: Ark's
    public_id: str  # the id that the client was given; a newer gateway's own task_…
    number: int  # a gateway's row id
    preset: str
    key: str
    created_at: float
    speed: float
    accidents: bool
    order: Order
    cancelled_at: float | None = None
    deleted_at: float | None = None

    @cached_property
    def timeline(self) -> Timeline:
        return plan_timeline(
            self.order,
            seed=self.id,
            created_at=self.created_at,
            speed=self.speed,
            accidents=self.accidents,
        )

    @cached_property
    def stem(self) -> str:
        """The request id of the create call, which is also the name of the task's file."""
        return request_id(self.created_at, salt=self.id)

    def state_at(self, now: float) -> TaskState:
        """Return the task's state at a Unix time."""
        timeline = self.timeline
        if self.cancelled_at is not None and now >= self.cancelled_at:
            return TaskState(status="cancelled", updated_at=int(self.cancelled_at))
        if now >= timeline.ends_at:
            return TaskState(
                status=timeline.final_status,
                updated_at=int(timeline.ends_at),
                error_code=timeline.error_code,
            )
        if now >= timeline.starts_at:
            return TaskState(status="running", updated_at=int(timeline.starts_at))
        return TaskState(status="queued", updated_at=int(self.created_at))


def request_id(at: float, *, salt: str = "") -> str:
    """Make an id in the form of Ark's: 02, milliseconds, hex (0217722742667350…ffffac191d3696bb7d).

    It ends at random, or always the same for one `salt`.
    """
    tail = f"{hash_of(salt) & 0xFFFFFF:06x}" if salt else os.urandom(3).hex()
    return f"02{int(at * 1000):013d}{'0' * 20}ffffac191d36{tail}"


def hash_of(text: str) -> int:
    """Return a 32-bit number that stays the same from one process to the next (FNV-1a)."""
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


class RecordStore:
    """Records by id, by owner and by file name; the file gets one line of JSON per change."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, Record] = {}  # by public id
        self._ids_by_owner: dict[tuple[str, str], list[str]] = {}  # by (preset, key)
        self._id_by_stem: dict[str, str] = {}
        self._path = path
        if path is not None and path.exists():
            self._read(path)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, record: Record) -> Record:
        with self._lock:
            self._index(record)
            self._write({"task": asdict(record)})
        return record

    def find(self, public_id: str, *, preset: str, key: str) -> Record | None:
        """Return the task if it was created with this key at this provider."""
        record = self._by_id.get(public_id)
        return record if record and (record.preset, record.key) == (preset, key) else None

    def get(self, public_id: str) -> Record | None:
        """Return the task, whatever its key and provider."""
        return self._by_id.get(public_id)

    def at_preset(self, public_id: str, preset: str) -> Record | None:
        """Return the task if it was created at this provider, whatever its key."""
        record = self.get(public_id)
        return record if record and record.preset == preset else None

    def owned(self, *, preset: str, key: str) -> list[Record]:
        """List all tasks created with this key at this provider, newest first."""
        ids = self._ids_by_owner.get((preset, key), [])
        return [self._by_id[public_id] for public_id in reversed(ids)]

    def by_stem(self, stem: str) -> Record | None:
        """Return the task whose file has this name."""
        return self._by_id.get(self._id_by_stem.get(stem, ""))

    def next_number(self) -> int:
        return len(self._by_id) + 1

    def change(self, record: Record, **moves: float) -> Record:
        """Note when a task was cancelled or deleted: `cancelled_at`, `deleted_at`."""
        with self._lock:
            changed = replace(self._by_id[record.public_id], **moves)  # type: ignore[arg-type]
            self._index(changed)
            self._write({"id": record.public_id, "moves": moves})
        return changed

    def _index(self, record: Record) -> None:
        if record.public_id not in self._by_id:
            self._ids_by_owner.setdefault((record.preset, record.key), []).append(record.public_id)
            self._id_by_stem[record.stem] = record.public_id
        self._by_id[record.public_id] = record

    def _write(self, line: dict[str, Any]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _read(self, path: Path) -> None:
        """Replay the file; a last line that a crash cut short is removed from it."""
        text = path.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            path.write_text(text := text[: text.rfind("\n") + 1], encoding="utf-8")
        for line in text.split("\n")[:-1]:  # not splitlines: prompts may hold other line ends
            change = json.loads(line)
            if "task" in change:
                fields = change["task"]
                order = {RENAMED.get(name, name): value for name, value in fields["order"].items()}
                self._index(Record(**{**fields, "order": Order(**order)}))
            else:
                self._index(replace(self._by_id[change["id"]], **change["moves"]))
