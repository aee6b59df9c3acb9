"""Checks that ask the database: itself, the work, the copies, the credentials, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Q
from django.utils import timezone

from tasks.billing import spending
from tasks.management import upgrade
from tasks.management.doctor.report import (
    DoctorResult,
    ago,
    broken,
    ok,
    size,
    warning,
    without_secrets,
)
from tasks.management.encrypted_secrets import EncryptedSecret
from tasks.models import Callback, Copy, CopyState, Credential
from tasks.models.credential import NEEDS_A_PERSON
from tasks.monitoring import (
    LONGEST_OVERDUE,
    InstallationStatus,
    damage,
    is_silent,
    probes,
    retention,
)
from tasks.providers import provider
from tasks.providers.transport.connection_check import WRONG_CLOCK
from tasks.tracking import callbacks, connection_test
from tasks.web.messages.connection_test import diagnose
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence

MANY_JOBS = 100
WRONG_DATABASE_CLOCK = 5.0  # seconds
LATEST_CALLBACKS, FEWEST_CALLBACKS = 20, 3


RESTORE = "Stop Dailies, keep the file, and restore the last backup: manage.py restore."


def database() -> Iterator[DoctorResult]:
    yield from _postgres() if connection.vendor == "postgresql" else _sqlite()
    yield from _whole()
    if reason := probes.database():
        yield broken("Database", reason)


def _whole() -> Iterator[DoctorResult]:
    """Read all of a SQLite database; PostgreSQL tells of a broken page when it meets one."""
    found = damage.check()
    if found and connection.vendor == "postgresql":
        advice = f"Find out why; once it is mended, delete {damage.NOTE}."
        yield broken("Database", f"damaged: {without_secrets(found)}", advice)
    elif found:
        yield broken("Database", f"damaged: {without_secrets(found)}", RESTORE)
    elif connection.vendor == "sqlite":
        yield ok("Database", "all of its pages are whole")


def _sqlite() -> Iterator[DoctorResult]:
    path = Path(str(connection.settings_dict["NAME"]))
    version, mode = _value("SELECT sqlite_version()"), _value("PRAGMA journal_mode")
    log = Path(f"{path}-wal")
    sizes = f"{size(path.stat().st_size)} and {size(log.stat().st_size if log.exists() else 0)} log"
    text = f"SQLite {version}, {path}, {sizes}, journal {mode}"
    if mode == "wal":
        yield ok("Database", text)
    else:
        advice = "Writers will stop readers; is the data folder on a network disk?"
        yield warning("Database", text, advice)


def _postgres() -> Iterator[DoctorResult]:
    place = connection.settings_dict
    where = f"{place['NAME']} on {place['HOST'] or 'the local socket'}"
    bytes_used = _value("SELECT pg_database_size(current_database())")
    yield ok("Database", f"PostgreSQL {_value('SHOW server_version')}, {where}, {size(bytes_used)}")


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def migrations() -> Iterator[DoctorResult]:
    applied = MigrationRecorder(connection).applied_migrations()
    if reason := upgrade.reason_against(applied, "This database"):
        yield broken("Migrations", reason)
        return
    missing = [f"{app}.{name}" for app, name in probes.missing_migrations()]
    known = MigrationLoader(None).disk_migrations or {}
    unknown = [key for key in applied.keys() - known if key[0] != upgrade.OURS]
    if missing:
        yield broken("Migrations", f"Missing: {', '.join(missing)}", "Run manage.py migrate.")
    elif unknown:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in unknown))
        yield warning("Migrations", f"Of another release: {names}", "Is this the newest code?")
    else:
        yield ok("Migrations", "all applied")


def work() -> Iterator[DoctorResult]:
    found = InstallationStatus.read(timezone.now())
    yield _heartbeat("Sweep", found.sweep_heartbeat_age)
    yield _heartbeat("Archive", found.archive_heartbeat_age)
    if found.queue_depth > MANY_JOBS:
        yield warning("Queue", f"{found.queue_depth} jobs wait.", "Is the cluster running?")
    else:
        yield ok("Queue", f"{found.queue_depth} jobs wait")
    overdue = found.oldest_due_check_age or 0
    text = f"{found.tasks_live} live tasks, the longest overdue check by {overdue:.0f} s"
    if overdue > LONGEST_OVERDUE:
        yield warning("Checks", text, "Sweeps are silent, or a provider allows too few requests.")
    else:
        yield ok("Checks", text)
    yield from _copies(found)


def _copies(found: InstallationStatus) -> Iterator[DoctorResult]:
    counted = Copy.objects.order_by().values_list("state").annotate(number=Count("id"))
    numbers = dict(counted)
    yield ok("Copies", ", ".join(f"{numbers.get(state, 0)} {state}" for state in CopyState.values))
    if found.copies_at_risk:
        first = f"{found.first_deadline:%Y-%m-%d %H:%M %Z}" if found.first_deadline else "unknown"
        text = f"{found.copies_at_risk} at risk; the first link ends: {first}"
        yield warning("Copies", text, "The page of the archive says what is in the way of each.")


def _heartbeat(name: str, age: float | None) -> DoctorResult:
    if is_silent(age):
        return broken(name, f"last heard {ago(age)}", "Start it: manage.py up, or manage.py work.")
    return ok(name, f"last heard {ago(age)}")


def kept() -> Iterator[DoctorResult]:
    rules = retention.rules().items()
    yield ok("Kept", ", ".join(f"{what} {how_long}" for what, how_long in rules))


def sums_of_spending() -> Iterator[DoctorResult]:
    """Compare the sums that the gate reads with the charges that triggers have added up."""
    if wrong := spending.wrong_sums():
        text = f"{wrong} sums differ from their charges."
        advice = "Budgets are checked against them: manage.py rebuild_spending."
        yield broken("Spending", text, advice)
    else:
        yield ok("Spending", "all sums equal their charges")


def credentials(*, online: bool) -> Iterator[DoctorResult]:
    rows = list(Credential.objects.all())
    if not rows:
        yield ok("Credentials", "none yet")
    for row in rows:
        yield from _credential(row, timezone.now(), online=online)


def _credential(row: Credential, now: datetime, *, online: bool) -> Iterator[DoctorResult]:
    name = f"Credential {row.name}"
    where = f"{provider(row.provider).label} at {urlsplit(row.base_url).hostname}"
    heard = (now - row.heard_at).total_seconds() if row.heard_at else None
    text = f"{where}, last answer {ago(max(0, heard) if heard is not None else None)}"
    if not EncryptedSecret.of(row).is_readable:
        yield broken(name, f"{where}, its key cannot be read", "Type it again, on its page.")
    elif not row.active:
        yield ok(name, f"{where}, switched off")
    elif online:
        yield from _asked(row, name, where, now)
    elif row.trouble:
        result = broken if row.trouble in NEEDS_A_PERSON else warning
        words = without_secrets(trouble_detail(row.trouble, row.trouble_message) or row.trouble)
        yield result(name, f"{text}, {words}", trouble_sentence(row.trouble))
    else:
        yield ok(name, text)


def _asked(row: Credential, name: str, where: str, now: datetime) -> Iterator[DoctorResult]:
    found = diagnose(connection_test.examine(row, now=now))
    if found.ok:
        yield ok(name, f"{where}: {found.sentence}")
    else:
        yield broken(name, f"{where}: {without_secrets(found.detail)}", found.sentence)
    ahead = found.clock_ahead
    if ahead is not None and abs(ahead) >= WRONG_CLOCK:
        text = f"{where} has a clock {ahead:+.0f} s from ours."
        yield warning("Clock", text, "If other providers agree with it, set this machine's clock.")


def callbacks_received() -> Iterator[DoctorResult]:
    """Whether providers reach us, judged by the tasks that they must have called about."""
    if not callbacks.are_on():
        why = "switched off" if settings.PUBLIC_URL else "off: DAILIES_PUBLIC_URL is not set"
        yield ok("Callbacks", f"{why}; tasks are asked about all the same")
        return
    ended = Q(submission__task__ended_at__isnull=False) & ~Q(submission__task__status="cancelled")
    latest = Callback.objects.filter(ended).order_by("-pk").values_list("called_at", flat=True)
    heard = [called_at is not None for called_at in latest[:LATEST_CALLBACKS]]
    text = f"heard of {sum(heard)} of the latest {len(heard)} tasks that ended"
    if len(heard) >= FEWEST_CALLBACKS and not any(heard):
        advice = "Can providers reach DAILIES_PUBLIC_URL? If not: DAILIES_CALLBACKS=0."
        yield warning("Callbacks", text, advice)
    else:
        yield ok("Callbacks", text)


def clock() -> Iterator[DoctorResult]:
    if connection.vendor != "postgresql":
        yield ok("Clock", f"{timezone.now():%Y-%m-%d %H:%M:%S %Z} by this machine")
        return
    offset = (_value("SELECT clock_timestamp()") - timezone.now()).total_seconds()
    text = f"the database's is {offset:+.1f} s from ours"
    if abs(offset) > WRONG_DATABASE_CLOCK:
        yield warning("Clock", text, "Let both machines set their clocks by NTP.")
    else:
        yield ok("Clock", text)
