"""What the database tells: itself, the work, the credentials, the copies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Q
from django.utils import timezone

from tasks import callbacks, probe, sealing
from tasks.condition import LONGEST_OVERDUE, Condition, is_silent
from tasks.diagnosis import diagnose
from tasks.management.doctor.lines import Line, ago, broken, look, ok, size, without_secrets
from tasks.models import Callback, Copy, CopyState, Credential
from tasks.models.credential import NEEDS_A_PERSON
from tasks.providers import provider
from tasks.providers.findings import WRONG_CLOCK
from tasks.sentences import trouble_sentence, words_beside

MANY_JOBS = 100
LATEST_CALLBACKS, FEWEST_CALLBACKS = 20, 3


def database() -> Iterator[Line]:
    yield from _postgres() if connection.vendor == "postgresql" else _sqlite()


def _sqlite() -> Iterator[Line]:
    path = Path(str(connection.settings_dict["NAME"]))
    version, mode = _one("SELECT sqlite_version()"), _one("PRAGMA journal_mode")
    log = Path(f"{path}-wal")
    sizes = f"{size(path.stat().st_size)} and {size(log.stat().st_size if log.exists() else 0)} log"
    said = f"SQLite {version}, {path}, {sizes}, journal {mode}"
    if mode == "wal":
        yield ok("Database", said)
    else:
        advice = "Writers will stop readers; is the data folder on a network disk?"
        yield look("Database", said, advice)


def _postgres() -> Iterator[Line]:
    place = connection.settings_dict
    where = f"{place['NAME']} on {place['HOST'] or 'the local socket'}"
    bytes_used = int(str(_one("SELECT pg_database_size(current_database())")))
    yield ok("Database", f"PostgreSQL {_one('SHOW server_version')}, {where}, {size(bytes_used)}")


def _one(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def migrations() -> Iterator[Line]:
    executor = MigrationExecutor(connection)
    missing = [str(step) for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    unknown = executor.loader.applied_migrations.keys() - (executor.loader.disk_migrations or {})
    if missing:
        yield broken("Migrations", f"Missing: {', '.join(missing)}", "Run manage.py migrate.")
    elif unknown:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in unknown))
        yield look("Migrations", f"Of another release: {names}", "Is this the newest code?")
    else:
        yield ok("Migrations", "all applied")


def work() -> Iterator[Line]:
    found = Condition.read(timezone.now())
    yield _heartbeat("Sweep", found.sweep_heartbeat_age)
    yield _heartbeat("Archive", found.archive_heartbeat_age)
    if found.queue_depth > MANY_JOBS:
        yield look("Queue", f"{found.queue_depth} jobs wait.", "Is the cluster running?")
    else:
        yield ok("Queue", f"{found.queue_depth} jobs wait")
    overdue = found.oldest_due_check_age or 0
    said = f"{found.tasks_live} live tasks, the longest overdue check by {overdue:.0f} s"
    if overdue > LONGEST_OVERDUE:
        yield look("Checks", said, "Sweeps are silent, or a provider allows too few requests.")
    else:
        yield ok("Checks", said)


def _heartbeat(name: str, age: float | None) -> Line:
    if is_silent(age):
        return broken(name, f"last heard {ago(age)}", "Start it: manage.py up, or manage.py work.")
    return ok(name, f"last heard {ago(age)}")


def credentials(*, online: bool) -> Iterator[Line]:
    rows = list(Credential.objects.all())
    if not rows:
        yield ok("Credentials", "none yet")
    for row in rows:
        yield from _credential(row, timezone.now(), online=online)


def _credential(row: Credential, now: datetime, *, online: bool) -> Iterator[Line]:
    name = f"Credential {row.name}"
    where = f"{provider(row.provider).label} at {urlsplit(row.base_url).hostname}"
    heard = (now - row.heard_at).total_seconds() if row.heard_at else None
    said = f"{where}, last answer {ago(max(0, heard) if heard is not None else None)}"
    if not _opens(row):
        yield broken(name, f"{where}, its key cannot be read", "Type it again, on its page.")
    elif not row.active:
        yield ok(name, f"{where}, switched off")
    elif online:
        yield from _asked(row, name, where, now)
    elif row.trouble:
        kind = broken if row.trouble in NEEDS_A_PERSON else look
        words = without_secrets(words_beside(row.trouble, row.trouble_message) or row.trouble)
        yield kind(name, f"{said}, {words}", trouble_sentence(row.trouble))
    else:
        yield ok(name, said)


def _opens(row: Credential) -> bool:
    try:
        return bool(row.reveal_key())
    except sealing.Unreadable:
        return False


def _asked(row: Credential, name: str, where: str, now: datetime) -> Iterator[Line]:
    found = diagnose(probe.examine(row, now=now))
    if found.ok:
        yield ok(name, f"{where}: {found.sentence}")
    else:
        yield broken(name, f"{where}: {without_secrets(found.detail)}", found.sentence)
    ahead = found.clock_ahead
    if ahead is not None and abs(ahead) >= WRONG_CLOCK:
        said = f"{where} has a clock {ahead:+.0f} s from ours."
        yield look("Clock", said, "If other providers agree with it, set this machine's clock.")


def called_back() -> Iterator[Line]:
    """Whether providers reach us, told by the tasks that they must have called about."""
    if not callbacks.are_on():
        why = "switched off" if settings.PUBLIC_URL else "off: DAILIES_PUBLIC_URL is not set"
        yield ok("Callbacks", f"{why}; tasks are asked about all the same")
        return
    ended = Q(submission__task__ended_at__isnull=False) & ~Q(submission__task__status="cancelled")
    latest = Callback.objects.filter(ended).order_by("-pk").values_list("called_at", flat=True)
    heard = [called_at is not None for called_at in latest[:LATEST_CALLBACKS]]
    said = f"heard of {sum(heard)} of the latest {len(heard)} tasks that ended"
    if len(heard) >= FEWEST_CALLBACKS and not any(heard):
        advice = "Can providers reach DAILIES_PUBLIC_URL? If not: DAILIES_CALLBACKS=0."
        yield look("Callbacks", said, advice)
    else:
        yield ok("Callbacks", said)


def copies() -> Iterator[Line]:
    counted = Copy.objects.order_by().values_list("state").annotate(number=Count("id"))
    numbers = dict(counted)
    states = ", ".join(f"{numbers.get(state, 0)} {state}" for state in CopyState.values)
    yield ok("Copies", states)
    found = Condition.read(timezone.now())
    if found.copies_at_risk:
        first = f"{found.first_deadline:%Y-%m-%d %H:%M %Z}" if found.first_deadline else "unknown"
        said = f"{found.copies_at_risk} at risk; the first link ends: {first}"
        yield look("Copies", said, "The page of the archive says what is in the way of each.")
