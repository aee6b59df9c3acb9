"""Checks of what the site depends on: disk, cache, storage, optional packages."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from django.conf import settings
from django.core.files.storage import storages

from tasks.management.doctor.report import DoctorResult, broken, ok, size, warning
from tasks.media import posters
from tasks.monitoring import disk_free, probes, videos_folder

#: (module, extra, what it is for)
EXTRAS = (
    ("storages", "s3", "videos in S3-compatible storage"),
    ("psycopg", "postgres", "PostgreSQL"),
    ("redis", "redis", "Redis for cache and sessions"),
    ("oauthlib", "sso", "single sign-on"),
)


def disk() -> Iterator[DoctorResult]:
    free, reserve = disk_free(), int(settings.DISK_RESERVE)
    text = f"{size(free)} free, {size(reserve)} of them in reserve"
    if free <= reserve:
        yield broken("Disk", text, "Nothing is archived until there is room: make some.")
    elif free < 2 * reserve:
        yield warning("Disk", text, "Soon nothing will be archived: make room.")
    else:
        yield ok("Disk", text)


def cache() -> Iterator[DoctorResult]:
    name = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    if reason := probes.cache_answers():
        yield broken("Cache", f"{name}: {reason}", "Is its memory full?")
    else:
        yield ok("Cache", f"{name} answers")


def storage() -> Iterator[DoctorResult]:
    """Whether the storage of videos can be written, with a look at where that is."""
    folder = videos_folder()
    if folder and not settings.DATA_DIR.exists():
        yield warning("Storage", f"{folder} was not tried.", "Start with manage.py up.")
        return
    where = folder or type(storages["videos"]).__name__
    if reason := probes.storage():
        yield broken("Storage", f"{where}: {reason}", "Do not trust it.")
    else:
        yield ok("Storage", f"{where} can be written and read")


def poster_maker() -> Iterator[DoctorResult]:
    """Whether posters are made; nothing breaks without them."""
    if posters.can_make():
        yield ok("Posters", "made with PyAV")
    else:
        said = "PyAV is not installed, so browsers show first frames themselves."
        yield warning("Posters", said, "Start with manage.py up, or see docs/operations.md.")


def extras() -> Iterator[DoctorResult]:
    there = [name for module, name, _ in EXTRAS if find_spec(module)]
    missing = [f"{name} ({use})" for module, name, use in EXTRAS if not find_spec(module)]
    yield ok("Extras", f"installed: {', '.join(there) or 'none'}")
    if missing:
        yield ok("Extras", f"not installed: {', '.join(missing)}")
