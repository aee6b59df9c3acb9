"""The files that are claimed: those on their way, each in a thread of its own, and the next ones.

Of a host whose files come quickly some more are in hand than it is asked for at once: claiming each
alone took a third of all the time that 30 files of 20 MB took.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tasks.archive import bringing
from tasks.archive.disk import Promises
from tasks.archive.errand import Errand
from tasks.archive.rooms import FILES
from tasks.providers.downloads import Dropped

PER_HOST = 3  # files that come from one host at once
MOST_AHEAD = 10  # … and that wait in hand for it
LATELY = 0.3  # seconds, in which so many came as are claimed ahead


@dataclass(eq=False)
class Way:
    errand: Errand
    outcome: futures.Future[dict[str, Any]] = field(default_factory=futures.Future)
    has_begun: bool = False
    needs_host: bool = True

    @property
    def is_going(self) -> bool:
        return self.has_begun and not self.outcome.done()


class Ways:
    """Kept by one thread, which `news` wakes when a file has come or failed.

    The next one sets out at once when a host is free, whatever that thread does.
    """

    def __init__(self) -> None:
        self._ways: dict[int, Way] = {}
        self._lock = threading.Lock()  # between those who set out, or drop
        self._promises = Promises()
        self._come: deque[tuple[float, str]] = deque()  # when, and from which host
        self.news = threading.Event()
        self.hunger = threading.Event()  # a host is free, and few are in hand: claim more at once

    def __bool__(self) -> bool:
        return bool(self._ways)

    def __iter__(self) -> Iterator[Way]:
        return iter(list(self._ways.values()))

    def ids(self) -> set[int]:
        return set(self._ways)

    def unended(self) -> list[Errand]:
        """In hand ones, too."""
        return [way.errand for way in self if not way.outcome.done()]

    def add(self, errand: Errand) -> None:
        """It comes as soon as its host is free."""
        with self._lock:
            self._ways[errand.pk] = Way(errand)
        self._set_out()

    def forget(self, way: Way) -> None:
        with self._lock:
            del self._ways[way.errand.pk]

    def drop(self, ids: Iterable[int]) -> None:
        """They come to an end soon, with Dropped as their outcome."""
        with self._lock:
            for way in map(self._ways.__getitem__, ids):
                way.errand.dropped.set()
                if not way.has_begun:
                    way.has_begun = True
                    way.outcome.set_exception(Dropped())

    # How many more may come

    def ahead(self) -> Counter[str]:
        """By host, how many more than come at once are worth a claim: as many as came lately."""
        while self._come and self._come[0][0] < time.monotonic() - LATELY:
            self._come.popleft()
        came = Counter(host for _when, host in list(self._come))
        return Counter({host: min(files, MOST_AHEAD) for host, files in came.items()})

    def claimed(self) -> Counter[str]:
        """By host, the files that need it."""
        return Counter(way.errand.host for way in self if way.needs_host)

    def room(self) -> int:
        """For so many files more; those in hand take none, for their host may fall silent."""
        return FILES - sum(way.is_going for way in self)

    # Setting out

    def _set_out(self) -> None:
        """Whatever may, in the order of the claims."""
        with self._lock:
            room = self.room()
            busy = Counter(way.errand.host for way in self if way.has_begun and way.needs_host)
            for way in self:
                if room > 0 and not way.has_begun and busy[way.errand.host] < PER_HOST:
                    self._begin(way)
                    room, busy[way.errand.host] = room - 1, busy[way.errand.host] + 1

    def _begin(self, way: Way) -> None:
        way.has_begun = True
        threading.Thread(target=self._go, args=[way], daemon=True).start()

    # In the file's own thread

    def _go(self, way: Way) -> None:
        try:
            has_come = partial(self._free_host, way)
            way.outcome.set_result(bringing.bring(way.errand, self._promises, has_come))
        except BaseException as error:
            way.outcome.set_exception(error)
        if way.needs_host or not self.unended():
            self.hunger.set()
        way.needs_host = False
        self._set_out()
        self.news.set()

    def _free_host(self, way: Way) -> None:
        way.needs_host = False
        self._come.append((time.monotonic(), way.errand.host))
        self._set_out()
        if sum(not way.has_begun for way in self) < PER_HOST:
            self.hunger.set()
        self.news.set()
