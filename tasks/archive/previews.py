"""Posters, sprites and proxies: made when a video is saved, and later for videos that have none.

Those are of earlier releases, or were saved while PyAV was not there. The archive makes theirs by
itself, the newest first, one at a time and with pauses while files come. What is still to be done
is a query, so that it goes on after any end. A video that cannot be read is tried once.

A proxy is made only later, and only of what many browsers cannot play: 15 s of 4K take a processor
some 20 s, and no video waits for that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tasks.archive import disk
from tasks.archive.job import incoming
from tasks.archive.store import store
from tasks.archive.stored_file import on_disk
from tasks.media import posters
from tasks.models import Copy, Task
from tasks.models.preview import NO_PREVIEWS
from tasks.models.storage import remove_files

log = logging.getLogger(__name__)

FIRST_AFTER = 5.0  # seconds after the start: what comes just then matters more
BATCH, BATCH_SECONDS = 10, 10.0  # videos, and seconds of work, that are recorded at once
BUSY_PAUSE = 5.0  # seconds between two videos while files come
LOOK_SECONDS = 30.0  # between two questions for videos where there were none
AWAY_SECONDS = 60.0  # until the next try where the storage gave no video or took no picture
NEEDED = ("name", "task", "poster")


def are_made() -> bool:
    """Whether previews are wanted here, and can be made."""
    return bool(settings.PREVIEWS) and posters.can_make()


def store_for(video: Path, stem: str, *, beside: Path) -> dict[str, Any]:
    """Make a video's previews, store them under this stem, and return the copy's fields.

    They go by way of the file `beside`. Raises what the storage raises.
    """
    if not are_made():
        return NO_PREVIEWS
    made, fields = posters.make(video), NO_PREVIEWS | {"previewed_at": timezone.now()}
    if made is None:
        return fields
    fields |= _store("poster", made.poster, f"{stem}.webp", beside)
    if sprite := made.sprite:
        fields |= _store("sprite", sprite.data, f"{stem}.sprite.webp", beside)
        fields |= {"sprite_frames": sprite.frames, "sprite_columns": sprite.columns}
        fields |= {"sprite_width": sprite.width, "sprite_height": sprite.height}
    return fields


def _store(what: str, picture: bytes, name: str, beside: Path) -> dict[str, Any]:
    beside.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.write_bytes(picture)
        store(beside, name)
    finally:
        beside.unlink(missing_ok=True)  # a folder gives the very same file a second name
    digest = blake2b(picture, digest_size=8).hexdigest()
    return {what: name, f"{what}_size": len(picture), f"{what}_hash": digest}


def store_proxy(video: Path, stem: str, *, beside: Path) -> dict[str, Any]:
    """Make a video's proxy, store it under this stem, and return the copy's fields.

    It goes by way of the file `beside`. Raises what the storage raises.
    """
    made, fields = posters.proxy(video), {"proxied_at": timezone.now()}
    return fields | (_store("proxy", made, f"{stem}.proxy.mp4", beside) if made else {})


@dataclass
class Report:
    """The fields of the videos of one batch, by copy; and why it ended early."""

    made: list[tuple[Copy, dict[str, Any]]] = field(default_factory=list)
    missing: Copy | None = None  # its file is not there
    is_away: bool = False  # the storage does not answer, or takes nothing


class PreviewMaker:
    """The previews of one archive's saved videos. All methods are for the thread of its rows."""

    def __init__(self) -> None:
        self._report: Future[Report] | None = None
        self._stopping, self._busy = threading.Event(), threading.Event()
        self._next_at = time.monotonic() + FIRST_AFTER

    def turn(self, *, is_busy: bool) -> None:
        """Record what was made, or begin the next batch when it is time."""
        (self._busy.set if is_busy else self._busy.clear)()
        if self._report is None:
            if time.monotonic() >= self._next_at:
                self._begin()
        elif self._report.done():
            self._record(self._report.result())
            self._report = None

    def stop(self) -> None:
        """Let the thread end before its next video."""
        self._stopping.set()

    def _begin(self) -> None:
        self._next_at = time.monotonic() + LOOK_SECONDS
        if not are_made() or disk.is_full():
            return
        work: Callable[..., dict[str, Any]] = store_for
        copies = list(Copy.objects.without_previews().filter(damage=None).only(*NEEDED)[:BATCH])
        if not copies:  # the pictures come first
            work = store_proxy
            copies = list(Copy.objects.without_proxies().filter(damage=None).only(*NEEDED)[:1])
        if copies:
            self._report = Future()
            given = (self._report, copies, work)
            threading.Thread(target=self._work, args=given, daemon=True).start()

    def _work(
        self, report: Future[Report], copies: Sequence[Copy], work: Callable[..., dict[str, Any]]
    ) -> None:
        """Work in a thread that knows no database."""
        try:
            report.set_result(make(self._wanted(copies), work))
        except BaseException:
            log.exception("Previews could not be made.")
            report.set_result(Report(is_away=True))

    def _wanted(self, copies: Sequence[Copy]) -> Iterable[Copy]:
        """The videos for which there is time: one while files come."""
        end = time.monotonic() + BATCH_SECONDS
        for number, copy in enumerate(copies):
            is_enough = number and (self._busy.is_set() or time.monotonic() > end)
            if is_enough or self._stopping.is_set():
                return
            yield copy

    def _record(self, report: Report) -> None:
        pause = BUSY_PAUSE if self._busy.is_set() else 0
        self._next_at = time.monotonic() + (AWAY_SECONDS if report.is_away else pause)
        record(report)


def make(copies: Iterable[Copy], work: Callable[..., dict[str, Any]] = store_for) -> Report:
    """Make and store the previews of these saved videos, until the storage does not go along.

    `work` makes either those of `store_for` or that of `store_proxy`.
    """
    report = Report()
    for copy in copies:
        beside = [incoming() / f"{copy.pk}.{each}" for each in ("video", "preview")]
        stem = str(PurePosixPath(copy.name).with_suffix(""))
        try:
            with on_disk(copy.name, beside[0]) as video:
                fields = work(video, stem, beside=beside[1])
                is_made = fields.get("poster") or fields.get("proxy")
                if not is_made and not video.is_file():
                    raise FileNotFoundError(copy.name)  # it went while it was read
        except FileNotFoundError:
            report.missing = copy
        except (
            Exception
        ) as error:  # a full disk, or whatever the library of a remote storage raises
            log.warning("Previews must wait: %s", type(error).__name__)
        else:
            report.made.append((copy, fields))
            continue
        report.is_away = True
        break
    return report


def record(report: Report) -> None:
    """Write down what was made of files that are still saved; the scrub looks for a missing one."""
    if report.missing:
        Copy.objects.filter(pk=report.missing.pk).suspect()
    made = [(copy, fields) for copy, fields in report.made if _is_tried(fields)]
    with transaction.atomic():
        Task.objects.filter(pk__in={copy.task_id for copy, _ in made}).mark_changed()
        written = [(copy, fields, _write(copy, fields)) for copy, fields in made]
    for copy, fields, is_there in written:
        if not is_there and not Copy.objects.filter(name=copy.name).exists():
            remove_files(*(fields.get(each) or "" for each in ("poster", "sprite", "proxy")))


def _is_tried(fields: dict[str, Any]) -> bool:
    return bool(fields.get("previewed_at") or fields.get("proxied_at"))


def _write(copy: Copy, fields: dict[str, Any]) -> bool:
    """Whether the file is still saved. A poster of an earlier release is better than none."""
    if "poster" in fields and not fields["poster"] and copy.poster:
        fields = {"previewed_at": fields["previewed_at"]}
    return bool(Copy.objects.saved().filter(pk=copy.pk, name=copy.name).update(**fields))
