"""What the site leans on: disk, clock, cache, storage, optional packages."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from importlib.util import find_spec

from django.conf import settings
from django.core.cache import cache as site_cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from tasks.condition import disk_free, videos_folder
from tasks.management.doctor.lines import Line, broken, look, ok, size

WRONG_CLOCK = 5.0  # seconds

#: (module, extra, what it is for)
EXTRAS = (
    ("av", "posters", "poster images made on the server"),
    ("storages", "s3", "videos in S3-compatible storage"),
    ("psycopg", "postgres", "PostgreSQL"),
    ("redis", "redis", "Redis for cache and sessions"),
    ("oauthlib", "sso", "single sign-on"),
)


def disk() -> Iterator[Line]:
    free, reserve = disk_free(), int(settings.DISK_RESERVE)
    said = f"{size(free)} free, {size(reserve)} of them in reserve"
    if free <= reserve:
        yield broken("Disk", said, "Nothing is archived until there is room: make some.")
    elif free < 2 * reserve:
        yield look("Disk", said, "Soon nothing will be archived: make room.")
    else:
        yield ok("Disk", said)


def clock() -> Iterator[Line]:
    if connection.vendor != "postgresql":
        yield ok("Clock", f"{timezone.now():%Y-%m-%d %H:%M:%S %Z} by this machine")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        offset = (cursor.fetchone()[0] - timezone.now()).total_seconds()
    said = f"the database's is {offset:+.1f} s from ours"
    if abs(offset) > WRONG_CLOCK:
        yield look("Clock", said, "Let both machines set their clocks by NTP.")
    else:
        yield ok("Clock", said)


def cache() -> Iterator[Line]:
    name = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    key, value = f"doctor-{secrets.token_hex(8)}", secrets.token_hex(8)
    site_cache.set(key, value, 60)
    answer = site_cache.get(key)
    site_cache.delete(key)
    if answer == value:
        yield ok("Cache", f"{name} answers")
    else:
        yield broken("Cache", f"{name} forgets at once.", "Is its memory full?")


def storage() -> Iterator[Line]:
    """Written, read back and deleted, as the archive would."""
    folder = videos_folder()
    if folder and not settings.DATA_DIR.exists():
        yield look("Storage", f"{folder} was not tried.", "Start with manage.py up.")
        return
    where = folder or type(storages["videos"]).__name__
    content = secrets.token_bytes(64)
    name = storages["videos"].save(f"doctor-{secrets.token_hex(8)}", ContentFile(content))
    try:
        with storages["videos"].open(name) as file:
            is_same = file.read() == content
    finally:
        storages["videos"].delete(name)
    if is_same:
        yield ok("Storage", f"{where} can be written and read")
    else:
        yield broken("Storage", f"{where} gives back something else.", "Do not trust it.")


def extras() -> Iterator[Line]:
    there = [name for module, name, _ in EXTRAS if find_spec(module)]
    missing = [f"{name} ({use})" for module, name, use in EXTRAS if not find_spec(module)]
    yield ok("Extras", f"installed: {', '.join(there) or 'none'}")
    if missing:
        yield ok("Extras", f"not installed: {', '.join(missing)}")
