"""Damage of the database: noted by whoever meets it, told to whoever asks, on this machine.

The note is a file, because a damaged database is no place for it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

log = logging.getLogger(__name__)

NOTE = settings.DATA_DIR / "run" / "damaged"
SQLITE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
POSTGRES_CODES = frozenset({"XX001", "XX002"})  # a broken page, a broken index
FIRST_PAUSE = 60.0  # seconds between two checks, at least
SHARE = 1000  # times as long as a check took, nothing is checked


def is_damage(error: BaseException) -> bool:
    """Whether a part of the database's file cannot be read any more."""
    if not isinstance(error, DatabaseError):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    state = getattr(error.__cause__, "sqlstate", None)
    return state in POSTGRES_CODES or (code is not None and code & 0xFF in SQLITE_CODES)


def note(reason: object) -> None:
    """Remember that the database is damaged, until a check finds it whole."""
    if noted():
        return
    log.error("The database is damaged: %s. Run manage.py doctor.", reason)
    with suppress(OSError):
        NOTE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        NOTE.write_text(f"{timezone.now():%Y-%m-%d %H:%M:%S %Z}: {reason}\n")


def noted() -> str:
    """The time at which damage was found, and what was said; empty where none is known."""
    try:
        return NOTE.read_text().strip()
    except OSError:
        return ""


def check() -> str:
    """Read all pages of a SQLite database, note what is found, and return it; empty if whole.

    Readers and writers are not held up. PostgreSQL looks at its pages itself, whenever it reads
    one; there the note stays until a person deletes it.
    """
    if connection.vendor != "sqlite":
        return noted()
    try:
        with connection.cursor() as cursor:
            found: str = cursor.execute("PRAGMA quick_check(1)").fetchone()[0]
    except DatabaseError as error:
        if not is_damage(error):
            raise
        found = str(error)
    if found != "ok":
        note(" ".join(found.split()))
        return noted() or found
    NOTE.unlink(missing_ok=True)
    return ""


def begin_checks() -> None:
    """Check again and again, in a thread of its own, for a thousandth of the time."""
    if connection.vendor == "sqlite":
        threading.Thread(target=_check_for_ever, daemon=True).start()


def _check_for_ever() -> None:
    while True:
        began = time.monotonic()
        try:
            close_old_connections()
            check()
        except (DatabaseError, OSError) as error:
            log.warning("The database could not be checked: %s", error)
        time.sleep(max(FIRST_PAUSE, SHARE * (time.monotonic() - began)))
