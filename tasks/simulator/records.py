"""The tasks a pretend provider knows, and the file that outlives a restart."""

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
from tasks.simulator.story import Story, tell

WEEK = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class Record:
    """One task as it was created, and what people did to it since."""

    id: str  # cgt-…: Ark's
    public_id: str  # what the client was given; a newer gateway's own task_…
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
    def story(self) -> Story:
        return tell(self)

    @cached_property
    def stem(self) -> str:
        """Request id of the create call, and name of the file: 02, milliseconds, hex."""
        return request_id(self.created_at, salt=self.id)


def request_id(at: float, *, salt: str = "") -> str:
    """An id in the form of Ark's: 0217722742667350…0ffffac191d3696bb7d."""
    tail = f"{hash_of(salt) & 0xFFFFFF:06x}" if salt else os.urandom(3).hex()
    return f"02{int(at * 1000):013d}{'0' * 20}ffffac191d36{tail}"


def hash_of(text: str) -> int:
    """A number that stays the same from one process to the next."""
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


class Ledger:
    """Records by id, by owner and by file name; every change is one line of JSON."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, Record] = {}  # under the public id
        self._ids_of: dict[tuple[str, str], list[str]] = {}
        self._by_stem: dict[str, str] = {}
        self._path = path
        if path is not None and path.exists():
            self._read(path)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, record: Record) -> Record:
        """Remember a new task."""
        with self._lock:
            self._keep(record)
            self._write({"task": asdict(record)})
        return record

    def find(self, public_id: str, *, preset: str, key: str) -> Record | None:
        """The task, if it was made with this key at this provider."""
        record = self._by_id.get(public_id)
        return record if record and (record.preset, record.key) == (preset, key) else None

    def get(self, public_id: str) -> Record | None:
        """The task, whoever made it and wherever."""
        return self._by_id.get(public_id)

    def at_preset(self, public_id: str, preset: str) -> Record | None:
        """The task, whoever made it."""
        record = self.get(public_id)
        return record if record and record.preset == preset else None

    def owned(self, *, preset: str, key: str) -> list[Record]:
        """Everything made with this key at this provider, newest first."""
        ids = self._ids_of.get((preset, key), [])
        return [self._by_id[public_id] for public_id in reversed(ids)]

    def by_stem(self, stem: str) -> Record | None:
        """The task whose file has this name."""
        return self._by_id.get(self._by_stem.get(stem, ""))

    def next_number(self) -> int:
        return len(self._by_id) + 1

    def change(self, record: Record, **moves: float) -> Record:
        """Note when a task was cancelled or deleted."""
        with self._lock:
            changed = replace(self._by_id[record.public_id], **moves)  # type: ignore[arg-type]
            self._keep(changed)
            self._write({"id": record.public_id, "moves": moves})
        return changed

    def _keep(self, record: Record) -> None:
        if record.public_id not in self._by_id:
            self._ids_of.setdefault((record.preset, record.key), []).append(record.public_id)
            self._by_stem[record.stem] = record.public_id
        self._by_id[record.public_id] = record

    def _write(self, line: dict[str, Any]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _read(self, path: Path) -> None:
        """Go on where the file ends; a line torn by a crash is left out."""
        text = path.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            path.write_text(text := text[: text.rfind("\n") + 1], encoding="utf-8")
        for line in text.split("\n")[:-1]:  # a prompt may hold other line ends
            self._replay(json.loads(line))

    def _replay(self, line: dict[str, Any]) -> None:
        if "task" in line:
            fields = line["task"]
            self._keep(Record(**{**fields, "order": Order(**fields["order"])}))
        else:
            self._keep(replace(self._by_id[line["id"]], **line["moves"]))
