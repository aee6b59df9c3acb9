"""The databases that this release takes over, migrated by one process at a time."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tasks import migrations
from tasks.management.supervision import say

OURS = "tasks"
#: The first migration of all, and the last commit that has the 26 which it replaces.
FIRST, PASS_THROUGH = "0001_squashed_0026_prompts_on_record", "b9f2a92"

PAUSE = 0.2  # seconds between two tries to take the lock
ADVISORY_LOCK = 0x6461696C696573  # "dailies"; PostgreSQL keeps such locks by database


class UpgradeError(Exception):
    """The database is not migrated; the message tells a person why."""


def reason_against(applied: Iterable[tuple[str, str]], what: str) -> str:
    """Tell why a database with these migrations is not taken over; empty where it is.

    `what` names the database in the sentence. One whose migrations have other numbers is an older
    one, too.
    """
    ours = {name for app, name in applied if app == OURS}
    first = import_module(f"{migrations.__name__}.{FIRST}").Migration
    replaced = {name for _, name in first.replaces}
    if ours and not replaced <= ours:
        return (
            f"{what} is from before commit {PASS_THROUGH}, the first that this release takes over. "
            f"Migrate it with that code (git checkout {PASS_THROUGH}), then with this one."
        )
    newer = ours - replaced - {module.name for module in iter_modules(migrations.__path__)}
    if newer:
        return (
            f"{what} is of a newer release, which also has {', '.join(sorted(newer))}. "
            "Use the code of that release, or a backup from before it."
        )
    return ""


def require_takeover() -> None:
    """Raise UpgradeError unless the database is new, or one that this release takes over.

    Also raises DatabaseError.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    if reason := reason_against(applied, "This database"):
        raise UpgradeError(f"{reason} Nothing was changed.")


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other process migrates this database, and keep all others waiting."""
    lock = _advisory_lock if connection.vendor == "postgresql" else _file_lock
    with lock() as try_lock:
        if not try_lock():
            say("Another process migrates this database. Waiting for it …")
            while not try_lock():
                time.sleep(PAUSE)
        yield


@contextmanager
def _file_lock() -> Iterator[Callable[[], bool]]:
    """The lock of a file beside the database, which the kernel opens when this process ends."""
    path = Path(f"{connection.settings_dict['NAME']}.lock")
    try:
        file = path.open("a")
    except OSError as error:
        raise UpgradeError(f"Cannot write {path}: {error.strerror}.") from None
    with file:

        def try_lock() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield try_lock


@contextmanager
def _advisory_lock() -> Iterator[Callable[[], bool]]:
    """A lock of the server, held by a connection of its own; it opens when that ends.

    It is tried again and again, because a session that waits inside a statement holds a snapshot,
    and CREATE INDEX CONCURRENTLY in a migration would wait for that in turn.
    """
    with closing(connection.copy()) as own, own.cursor() as cursor:

        def try_lock() -> bool:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
            return bool(cursor.fetchone()[0])

        yield try_lock
