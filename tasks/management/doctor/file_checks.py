"""Checks of the saved files: a sample of them, and what the scrub has found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from tasks.archive import scrub
from tasks.archive.stored_file import Pace, StorageAwayError, StoredFile, examine, is_there
from tasks.management.doctor.report import DoctorResult, ago, broken, ok, warning
from tasks.models import Copy

LOOKED_AT, READ = 60, 4  # files whose size is compared, and those of them that are read whole
LARGEST_READ = 200 * 2**20  # bytes
FAST = 2**40  # bytes a second: nobody else is in the way of a person who waits
NAMED = 5  # lost files that are named; the admin has them all
RESTORE = "Put them back from a backup; they are then called saved again within a day."


def saved_files() -> Iterator[DoctorResult]:
    yield from _sample()
    yield from _lost()
    yield from _scrub()


def _sample() -> Iterator[DoctorResult]:
    """Look at some saved files from anywhere."""
    files = scrub.sample(LOOKED_AT)
    away = [file.name for file in files if not is_there(file)]
    if len(away) * 2 > len(files):
        text = f"{len(away)} of {len(files)} are not where they were saved."
        yield broken("Saved files", text, "Is the disk mounted, and the bucket the right one?")
        return
    small = [file for file in files if file.name not in away and (file.size or 0) <= LARGEST_READ]
    read = small[:READ]
    wrong = [*away, *(file.name for file in read if _is_wrong(file))]
    text = f"{len(files)} looked at, {len(read)} of them compared with their checksums"
    if wrong:
        named = ", ".join(wrong[:NAMED])
        advice = "The archive decides about each: manage.py archive must run."
        yield broken("Saved files", f"{text}: {len(wrong)} wrong: {named}", advice)
    else:
        yield ok("Saved files", text)


def _is_wrong(file: StoredFile) -> bool:
    try:
        return examine(file, Pace(FAST, threading.Event()))[0] is not None
    except StorageAwayError:
        return True


def _lost() -> Iterator[DoctorResult]:
    lost = Copy.objects.damaged().order_by("-id")
    if number := lost.count():
        named = ", ".join(lost.values_list("name", flat=True)[:NAMED])
        text = f"{number} that had been saved are missing or changed: {named}"
        yield broken("Saved files", text + (", …" if number > NAMED else ""), RESTORE)


def _scrub() -> Iterator[DoctorResult]:
    days, now = settings.SCRUB_DAYS, timezone.now()
    if not days:
        yield ok("Scrub", "switched off by DAILIES_SCRUB_DAYS=0")
        return
    oldest = Copy.objects.checked_before(now).values_list("checked_at", flat=True).first()
    age = (now - oldest).total_seconds() if oldest else None
    text = f"each file every {days} days; the oldest check was {ago(age)}"
    if age is not None and age > timedelta(days=2.5 * days).total_seconds():
        advice = "It does not keep up: raise DAILIES_SCRUB_RATE, or give it more hours."
        yield warning("Scrub", text, advice)
    else:
        yield ok("Scrub", text)
