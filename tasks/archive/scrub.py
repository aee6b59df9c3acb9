"""The scrub: saved files are checked again, the oldest-checked first: kept means still there.

It belongs to the archive's process, because a large file takes longer than a job may, and because
only one archive works at a time. One thread reads, within a limit of bytes a second; the archive's
own thread asks the database and records. Three things are looked at:

- at night, what was not checked for `SCRUB_DAYS`; also by day what is twice as late, for a machine
  that is switched off at night;
- at any time, what a page found missing or changed, and once a day what was lost: it may be back;
- every minute a few files, by which it is known that the storage itself is there. While most of
  them are not, no file is believed to be lost: its disk is not mounted, or the bucket is another.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from tasks.archive import damage
from tasks.archive.damage import Loss
from tasks.archive.stored_file import (
    ENOUGH,
    Pace,
    ScrubStoppedError,
    StorageAwayError,
    StoredFile,
    examine,
    require_storage,
)
from tasks.models import Copy, CopyKind, Lease, Task
from tasks.models.copy import CopyQuerySet
from tasks.models.preview import NO_PREVIEWS

log = logging.getLogger(__name__)

LEASE = "storage"  # its heartbeat is the time when the storage was last seen
FIRST_AFTER = 5.0  # seconds after the start: what comes just then matters more
PAUSE = 2.0  # seconds between two questions for suspected files
LOOK_SECONDS = 60.0  # between two looks at the storage
BATCH, BATCH_SECONDS = 20, 20  # files, and seconds of reading, that are recorded at once
CANDIDATES = 200  # ids from which the files are chosen by which the storage is known
NEEDED = (
    *("name", "size", "sha256", "storage_etag", "kind", "state", "damage", "task"),
    *("poster", "poster_size", "sprite", "sprite_size", "proxy", "proxy_size"),
)


@dataclass
class Finding:
    """The state of a file, and whether a preview of it is missing."""

    copy: Copy
    loss: Loss | None
    etag: str | None = None
    lacks_previews: bool = False


@dataclass
class Report:
    """The findings of one batch; `away` says why nothing is known about files that seem lost."""

    findings: list[Finding] = field(default_factory=list)
    away: str = ""


class Scrub:
    """The checks of one archive. All methods are for the thread that uses the database."""

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._pace = Pace(settings.SCRUB_RATE, threading.Event())
        self._report: Future[Report] | None = None
        self._next_at = time.monotonic() + FIRST_AFTER
        self._look_at = self._seen_at = 0.0
        self._is_away = False

    def turn(self) -> None:
        """Record what was found, or begin the next check when it is time."""
        if self._report is None:
            if time.monotonic() >= self._next_at:
                self._begin()
        elif self._report.done():
            self._record(self._report.result())
            self._report = None
        elif self._pace.read_at > self._seen_at + LOOK_SECONDS:  # in the middle of a large file
            self._beat(self._clock())

    def stop(self) -> None:
        """Let the thread end at its next block."""
        self._pace.stopping.set()

    def _begin(self) -> None:
        now = self._clock()
        self._next_at = time.monotonic() + PAUSE
        is_time_to_look = time.monotonic() >= self._look_at
        chosen = due(now, also_old=is_time_to_look)
        if not (chosen or is_time_to_look):
            return
        report: Future[Report] = Future()
        work = (report, chosen, sample(ENOUGH, without=chosen), self._pace)
        threading.Thread(target=_work, args=work, daemon=True).start()
        # More may be due: only when nothing was, the next look is all that is left to do.
        self._look_at = time.monotonic() + (0 if chosen else LOOK_SECONDS)
        self._report = report

    def _record(self, report: Report) -> None:
        now = self._clock()
        if report.away:
            if not self._is_away:
                log.error("The storage of the videos is away: %s", report.away)
            self._next_at = time.monotonic() + LOOK_SECONDS
            Lease.objects.get_or_create(name=LEASE, defaults={"until": now, "beat_at": None})
        else:
            self._beat(now)
        self._is_away = bool(report.away)
        record(report.findings, now)

    def _beat(self, now: datetime) -> None:
        self._seen_at = time.monotonic()
        Lease.objects.update_or_create(name=LEASE, defaults={"until": now, "beat_at": now})


def is_night(now: datetime) -> bool:
    """Whether it is an hour of `SCRUB_HOURS`, in the site's time zone."""
    first, end = settings.SCRUB_HOURS
    hour = timezone.localtime(now, timezone.get_default_timezone()).hour
    return first <= hour < end if first < end else hour >= first or hour < end


def due(now: datetime, *, also_old: bool = True) -> list[Copy]:
    """The next files to be checked: suspected ones at any time, else the oldest-checked."""
    if suspected := list(Copy.objects.suspected(now).only(*NEEDED)[:BATCH]):
        return suspected
    if not (also_old and settings.SCRUB_DAYS):
        return []
    age = timedelta(days=settings.SCRUB_DAYS) * (1 if is_night(now) else 2)
    return within_limits(Copy.objects.checked_before(now - age))


def within_limits(copies: CopyQuerySet) -> list[Copy]:
    """The first copies, of which no more are taken than are read in some seconds."""
    chosen: list[Copy] = []
    left = BATCH_SECONDS * settings.SCRUB_RATE
    for copy in copies.only(*NEEDED)[:BATCH]:
        if chosen and left <= 0:
            break
        left -= copy.size or 0
        chosen.append(copy)
    return chosen


def sample(number: int, *, without: Iterable[Copy] = ()) -> list[StoredFile]:
    """Some saved files from anywhere; by those it is judged whether the storage is there."""
    ids = Copy.objects.values_list("pk", flat=True)
    first, last = (list(ids.order_by(order)[:1]) for order in ("pk", "-pk"))
    if not first:
        return []
    span = range(first[0], last[0] + 1)
    saved = Copy.objects.saved().kept().filter(damage=None)
    others = saved.exclude(pk__in=[copy.pk for copy in without])
    rows = others.values_list("name", "size", "sha256", "storage_etag")
    found = list(rows.filter(pk__in=random.sample(span, min(CANDIDATES, len(span)))))
    found = found if len(found) >= number else list(rows.order_by("-pk")[:number])
    return [StoredFile(*row) for row in random.sample(found, min(number, len(found)))]


# In the scrub's own thread, which knows no database


def _work(
    report: Future[Report],
    copies: Sequence[Copy],
    others: Sequence[StoredFile],
    pace: Pace,
) -> None:
    try:
        report.set_result(check(copies, others, pace))
    except BaseException as error:
        log.exception("The scrub failed.")
        report.set_result(Report(away=f"{type(error).__name__}"))


def check(copies: Sequence[Copy], others: Sequence[StoredFile] | None, pace: Pace) -> Report:
    """Check the files. A loss is believed if the storage is there before and after.

    Without `others` somebody has said that it is.
    """
    report = Report()
    these = [_file(copy) for copy in copies if not copy.is_lost]
    try:
        if others is not None:
            require_storage(others, these)
        for copy in copies:
            report.findings.append(_find(copy, pace))
        if others is not None and any(finding.loss for finding in report.findings):
            require_storage(others, these)
    except StorageAwayError as error:
        report.findings = [finding for finding in report.findings if not finding.loss]
        report.away = str(error)
    except ScrubStoppedError:
        pass
    return report


def _file(copy: Copy) -> StoredFile:
    return StoredFile(copy.name, copy.size, copy.sha256, copy.storage_etag)


def _find(copy: Copy, pace: Pace) -> Finding:
    loss, etag = examine(_file(copy), pace)
    finding = Finding(copy, loss, etag)
    if copy.kind == CopyKind.VIDEO and not loss:
        finding.lacks_previews = any(examine(file, pace)[0] for file in _previews(copy))
    return finding


def _previews(copy: Copy) -> list[StoredFile]:
    files = (
        (copy.poster, copy.poster_size),
        (copy.sprite, copy.sprite_size),
        (copy.proxy, copy.proxy_size),
    )
    return [StoredFile(name, size) for name, size in files if name]


# Again in the archive's thread


def record(findings: Sequence[Finding], now: datetime) -> None:
    """Write down what was found, of files that are still what they were when they were chosen."""
    well = [each for each in findings if not each.loss]
    ids = [each.copy.pk for each in well if not each.copy.is_lost]
    Copy.objects.saved().filter(pk__in=ids).update(checked_at=now, damage=None)
    for each in well:
        if each.etag and each.copy.storage_etag is None:
            Copy.objects.filter(pk=each.copy.pk, name=each.copy.name).update(storage_etag=each.etag)
        if each.lacks_previews:
            _have_made_again(each.copy)
    damage.record_found([each.copy.pk for each in well if each.copy.is_lost], now)
    _record_losses([each for each in findings if each.loss], now)


def _have_made_again(copy: Copy) -> None:
    log.warning("A preview of task %s is missing: all are made again", copy.task_id)
    Task.objects.filter(pk=copy.task_id).mark_changed()
    Copy.objects.filter(pk=copy.pk, name=copy.name).update(**NO_PREVIEWS)


def _record_losses(lost: Sequence[Finding], now: datetime) -> None:
    losses: dict[int, Loss] = {}
    for each in lost:
        assert each.loss
        if each.copy.is_lost:  # still, or in another way
            again = Copy.objects.damaged().filter(pk=each.copy.pk)
            again.update(checked_at=now, damage=each.loss.damage)
            continue
        losses[each.copy.pk] = each.loss
        words = (each.copy.name, each.copy.task_id, each.loss.damage, each.loss.said)
        log.error("The saved file %s of task %s is %s %s", *words)
    if losses:
        damage.record(losses, now)
