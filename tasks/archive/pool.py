"""The claimed files: downloads under way, each in a thread of its own, and those waiting to start.

Some more files of a host whose files come quickly are claimed than may come from it at once:
claiming each alone took a third of all the time that 30 files of 20 MB took.
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

from tasks.archive import pipeline
from tasks.archive.disk import SpaceReservations
from tasks.archive.job import DownloadJob
from tasks.providers.transport.downloads import DownloadCancelledError

AT_ONCE = 8  # files
PER_HOST = 3  # of them, from one host
MOST_AHEAD = 10  # files claimed for a quick host before it is free for them
RECENT_SECONDS = 0.3  # a host may have as many files claimed ahead as it sent in this time


@dataclass(eq=False)
class Download:
    """A claimed file. `needs_host` is true until its last byte was received."""

    job: DownloadJob
    outcome: futures.Future[dict[str, Any]] = field(default_factory=futures.Future)
    has_started: bool = False
    needs_host: bool = True


class DownloadPool:
    """Downloads, added and removed by one thread, and started as soon as their host is free.

    progressed  set when a file was received, saved or failed
    wants_more  set when a host is free and few files are waiting: claim more at once
    """

    def __init__(self) -> None:
        self._downloads: dict[int, Download] = {}
        self._lock = threading.Lock()  # between those who start downloads, or cancel them
        self._reservations = SpaceReservations()
        self._received: deque[tuple[float, str]] = deque()  # when, and from which host
        self.progressed = threading.Event()
        self.wants_more = threading.Event()

    def __bool__(self) -> bool:
        return bool(self._downloads)

    def __iter__(self) -> Iterator[Download]:
        return iter(list(self._downloads.values()))

    def ids(self) -> set[int]:
        return set(self._downloads)

    def unfinished(self) -> list[DownloadJob]:
        """Jobs that have no outcome yet, started or not."""
        return [download.job for download in self if not download.outcome.done()]

    def add(self, job: DownloadJob) -> None:
        """Start the download as soon as its host is free."""
        with self._lock:
            self._downloads[job.pk] = Download(job)
        self._start_ready()

    def remove(self, download: Download) -> None:
        with self._lock:
            del self._downloads[download.job.pk]

    def cancel(self, ids: Iterable[int]) -> None:
        """Let them end soon, with DownloadCancelledError as their outcome."""
        with self._lock:
            for download in map(self._downloads.__getitem__, ids):
                download.job.cancelled.set()
                if not download.has_started:
                    download.has_started = True
                    download.outcome.set_exception(DownloadCancelledError())

    # How many more may be claimed

    def ahead(self) -> Counter[str]:
        """Count by host how many files are worth claiming beyond those that come at once."""
        while self._received and self._received[0][0] < time.monotonic() - RECENT_SECONDS:
            self._received.popleft()
        recent = Counter(host for _when, host in list(self._received))
        return Counter({host: min(files, MOST_AHEAD) for host, files in recent.items()})

    def by_host(self) -> Counter[str]:
        """Count by host the claimed files that still need it."""
        return Counter(download.job.host for download in self if download.needs_host)

    def free_places(self) -> int:
        """Downloads that may be started now. Waiting ones take no place: their host may be slow."""
        running = (one for one in self if one.has_started and not one.outcome.done())
        return AT_ONCE - sum(1 for _ in running)

    # Starting

    def _start_ready(self) -> None:
        """Start what may come now, in the order of the claims."""
        with self._lock:
            places = self.free_places()
            busy = Counter(one.job.host for one in self if one.has_started and one.needs_host)
            for download in self:
                host = download.job.host
                if places > 0 and not download.has_started and busy[host] < PER_HOST:
                    download.has_started = True
                    threading.Thread(target=self._run, args=[download], daemon=True).start()
                    places, busy[host] = places - 1, busy[host] + 1

    def _run(self, download: Download) -> None:
        """Work in the file's own thread."""
        try:
            received = partial(self._release_host, download)
            fields = pipeline.save_file(download.job, self._reservations, received)
            download.outcome.set_result(fields)
        except BaseException as error:
            download.outcome.set_exception(error)
        if download.needs_host or not self.unfinished():
            self.wants_more.set()
        download.needs_host = False
        self._start_ready()
        self.progressed.set()

    def _release_host(self, download: Download) -> None:
        download.needs_host = False
        self._received.append((time.monotonic(), download.job.host))
        self._start_ready()
        if sum(not one.has_started for one in self) < PER_HOST:
            self.wants_more.set()
        self.progressed.set()
