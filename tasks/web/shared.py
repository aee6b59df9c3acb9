"""Values that many open pages ask for at the same time, computed once for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST = 1_000  # values kept at a time, unless said; keys have what people typed, without end


class Shared(Generic[Value]):
    """Values by key, in this process, each used for some seconds from when it was begun.

    One thread computes a value while the others that ask for it wait, so that sixteen of them do
    not ask the database the same question.
    """

    def __init__(self, seconds: float, *, most: int | None = None) -> None:
        self._seconds, self._most = seconds, most
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The value of a key; whoever else asks for it waits until it is computed."""
        entry = self._entry(key)
        with entry.lock:
            now = time.monotonic()
            if not self._is_fresh(entry, now):
                entry.values, entry.begun_at = (compute(),), now
            return entry.values[0]

    def get_each(
        self, keys: Iterable[Key], compute: Callable[[list[Key]], Mapping[Key, Value]]
    ) -> list[Value]:
        """The values of several keys; those that are missing are computed at once, nobody waits.

        A key without a value, because `compute` finds none for it, is left out.
        """
        now, keys = time.monotonic(), list(keys)
        entries = {key: self._entry(key) for key in keys}
        missing = [key for key, entry in entries.items() if not self._is_fresh(entry, now)]
        computed = compute(missing) if missing else {}
        for key in missing:
            found = (computed[key],) if key in computed else ()
            entries[key].values, entries[key].begun_at = found, now
        return [value for entry in entries.values() for value in entry.values]

    def forget(self) -> None:
        """Forget all values, as if their time had passed."""
        with self._lock:
            self._entries.clear()

    def _is_fresh(self, entry: _Entry[Value], now: float) -> bool:
        return entry.begun_at is not None and now - entry.begun_at < self._seconds

    def _entry(self, key: Hashable) -> _Entry[Value]:
        with self._lock:
            most = self._most or MOST
            if key not in self._entries and len(self._entries) >= most:
                for oldest in list(self._entries)[: most // 2]:
                    del self._entries[oldest]
            return self._entries.setdefault(key, _Entry())


class _Entry(Generic[Value]):
    """A place for a value: `values` has it, or nothing."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.values: tuple[Value, ...] = ()
        self.begun_at: float | None = None
