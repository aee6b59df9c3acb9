"""Probes of what pages need to work, the same for `/readyz` and `doctor`.

A probe returns what is wrong as a sentence, empty where nothing is, or raises whatever it meets:
messages of others may name hosts and people, so those are never repeated here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.cache import cache as site_cache
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from tasks import encryption
from tasks.models import Credential, Lease
from tasks.monitoring import damage

WRITE_PROBE = "write probe"  # the name of a lease that nobody takes
LONGEST_WAIT = 3  # seconds that a probe waits for the database


def static_files() -> str:
    if missing_static_files():
        return "Static files are missing: run manage.py collectstatic."
    known = getattr(staticfiles_storage, "hashed_files", None)
    if known is not None and not _static_names() <= known.keys():
        return "Static files were collected after this process began: start it again."
    return ""


def missing_static_files() -> list[str]:
    """Static files of this code that were not collected, or are gone since."""
    if not isinstance(staticfiles_storage, ManifestFilesMixin):
        return []  # nothing is collected where they are served as they are
    root = Path(settings.STATIC_ROOT)
    try:
        paths: dict[str, str] = json.loads((root / "staticfiles.json").read_text())["paths"]
    except (OSError, ValueError, KeyError):
        return ["staticfiles.json"]
    collected = {name for name, path in paths.items() if (root / path).exists()}
    return sorted((_static_names() | paths.keys()) - collected)


@cache
def _static_names() -> frozenset[str]:
    return frozenset(name for finder in get_finders() for name, _ in finder.list(None))


def migrations() -> str:
    return "Migrations are missing: run manage.py migrate." if missing_migrations() else ""


def missing_migrations() -> list[tuple[str, str]]:
    """Migrations of this code that the database has not had, as (app, name)."""
    return sorted(_migrations() - MigrationRecorder(connection).applied_migrations().keys())


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def database() -> str:
    """Write a row, for a database that can be read may be full, locked or a copy of another."""
    if damage.noted():
        return "The database is damaged: run manage.py doctor."
    now = timezone.now()
    if not Lease.objects.filter(name=WRITE_PROBE).update(until=now, beat_at=now):
        Lease.objects.get_or_create(name=WRITE_PROBE, defaults={"until": now, "beat_at": now})
    return ""


def limit_waiting() -> None:
    """Wait for locks for a short time only, on this thread's connection to the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT * 1000}")
        else:
            cursor.execute(f"SET statement_timeout = '{LONGEST_WAIT}s'")


def cache_answers() -> str:
    key, value = f"probe-{secrets.token_hex(8)}", secrets.token_hex(8)
    site_cache.set(key, value, 60)
    answer = site_cache.get(key)
    site_cache.delete(key)
    return "" if answer == value else "The cache forgets at once."


def storage() -> str:
    """Write a file, read it back and delete it, as the archive would."""
    content = secrets.token_bytes(64)
    name = storages["videos"].save(f"probe-{secrets.token_hex(8)}", ContentFile(content))
    try:
        with storages["videos"].open(name) as file:
            is_same = file.read() == content
    finally:
        storages["videos"].delete(name)
    return "" if is_same else "The storage gives back something else."


def keys() -> str:
    """Whether our keys open what they sealed; a credential of which they do not is told itself."""
    if not secret_key():
        return "The key of sessions (secret.key) is missing."
    if not encryption.keys_at_hand():
        return "The keys of credentials (credentials.keys) are missing."
    sealed = list(Credential.objects.exclude(sealed_key="").values_list("sealed_key", flat=True))
    if sealed and not any(map(encryption.opener_of, sealed)):
        return "The keys of credentials (credentials.keys) open none of them."
    return ""


def secret_key() -> str:
    """Django's SECRET_KEY, or nothing where there is none."""
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's word for an empty one
        return ""


#: Each probe with what is said where it raises an error.
PROBES: dict[Callable[[], str], str] = {
    static_files: "The static files cannot be read.",
    migrations: "The database does not answer.",
    database: "The database cannot be written.",
    cache_answers: "The cache does not answer.",
    storage: "The storage cannot be written.",
    keys: "The keys of credentials cannot be tried.",
}
