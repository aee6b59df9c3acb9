"""Putting a backup in place: everything is looked at before anything is changed."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.storage import storages
from django.core.files.utils import validate_file_name
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from seedance_site import keys
from tasks import sealing
from tasks.management.backup import databases
from tasks.management.backup.archive import (
    KEYS,
    MEDIA,
    BadArchive,
    Manifest,
    Medium,
    digest,
    extract,
    member,
    read_media,
)
from tasks.management.backup.make import CREDENTIAL_KEYS, SECRET_KEY, secret_keys
from tasks.models import Credential, Lease, Task

OURS = "tasks"


class Refused(Exception):
    """Why nothing was changed, and the way out."""


@dataclass
class Backup:
    """An opened archive, its parts verified and lying in a folder for as long as it is used."""

    manifest: Manifest
    archive: tarfile.TarFile
    database: Path
    media: Path

    def listed(self) -> Iterator[Medium]:
        return read_media(self.media)


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """Raises BadArchive, OSError."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        archive = _open(path)
    except (tarfile.TarError, EOFError):
        raise BadArchive(f"{path} is no backup of Dailies, or it is damaged.") from None
    with archive, tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-") as folder:
        manifest = Manifest.of(archive)
        parts = [extract(archive, p, Path(folder)) for p in (manifest.database, manifest.media)]
        yield Backup(manifest, archive, *parts)


def _open(path: Path) -> tarfile.TarFile:
    return tarfile.open(path)


# What is looked at first


def require_that_it_fits(backup: Backup) -> None:
    manifest, database = backup.manifest, databases.current()
    if manifest.engine != database.engine:
        raise Refused(
            f"This is a backup of {manifest.engine}, and this installation uses {database.engine}. "
            "docs/operations.md says how to move from one to the other."
        )
    unknown = {tuple(each) for each in manifest.migrations if each[0] == OURS} - _known()
    if unknown:
        raise Refused(
            f"This is a backup of a newer release ({manifest.release}); restore it with that one."
        )
    database.check(backup.database, manifest.rows)


def _known() -> set[tuple[str, ...]]:
    return set(MigrationLoader(None).disk_migrations or ())


def holds_rows() -> bool:
    """People, credentials or tasks are there; what migrations made does not count."""
    try:
        return any(model.objects.exists() for model in (User, Credential, Task))
    except DatabaseError:
        return "django_migrations" in _table_names()


def _table_names() -> list[str]:
    try:
        return connection.introspection.table_names()
    except DatabaseError as error:
        if connection.vendor == "sqlite":
            return ["django_migrations"]  # a damaged file is somebody's database all the same
        raise Refused(f"The database does not answer: {' '.join(str(error).split())}") from None


def require_nobody_at_work() -> None:
    try:
        busy = Lease.objects.filter(until__gt=timezone.now()).exists()
    except DatabaseError:
        return
    if busy:
        raise Refused("Dailies is at work on this database. Stop it (up, web, work) first.")


def missing_keys(backup: Backup) -> list[str]:
    """Fingerprints that the backup's credentials need and nobody here has."""
    here = {keys.fingerprint(key) for key in keys_after(backup)}
    return [needed for needed in backup.manifest.keys if needed not in here]


def keys_after(backup: Backup) -> list[str]:
    """Those at hand, and behind them the archive's, where it has some and a file takes them."""
    at_hand = list(sealing.keys_at_hand())
    if settings.CREDENTIAL_KEYS_FILE is None:
        return at_hand
    return at_hand + [key for key in _inside(backup, CREDENTIAL_KEYS) if key not in at_hand]


def _inside(backup: Backup, name: str) -> list[str]:
    if not backup.manifest.has_keys:
        return []
    return member(backup.archive, KEYS + name).read().decode().splitlines()


# What is then put in place


def put_keys(backup: Backup) -> None:
    """The archive's beside those at hand; new ones where there are none, and none are needed."""
    settings.KEYS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not secret_keys():
        found = _inside(backup, SECRET_KEY) or [keys.new_secret_key()]
        keys.write_all(settings.KEYS_DIR / SECRET_KEY, found)
    after = keys_after(backup)
    if not after or after != list(sealing.keys_at_hand()):
        found = after or [keys.new_credential_key()]
        keys.write_all(settings.KEYS_DIR / CREDENTIAL_KEYS, found)


def put_media(backup: Backup) -> int:
    """Each file of the archive whose place is empty or holds something else; how many."""
    return sum(_put_medium(backup.archive, medium) for medium in backup.listed())


def _put_medium(archive: tarfile.TarFile, medium: Medium) -> bool:
    storage, name = storages["videos"], _safe(medium.name)
    try:
        source = member(archive, MEDIA + name)
    except BadArchive:
        return False  # it could not be read when the backup was made, which said so
    if storage.exists(name):
        if medium.is_poster or not trouble_of(medium):
            return False
        storage.delete(name)
    with source:
        storage.save(name, File(source, name=name))
    return True


def _safe(name: str) -> str:
    """Names are made by us; but whoever gives us an archive may have made others."""
    try:
        return str(validate_file_name(name, allow_relative_path=True))
    except SuspiciousFileOperation:
        raise BadArchive(f"The archive names a file outside of the storage: {name}") from None


MISSING, CHANGED = "missing", "not what was saved"
LOST = (MISSING, CHANGED)  # a storage that merely cannot be read may hold them all the same


def trouble_of(medium: Medium) -> str:
    """Why a saved file is not what it was; empty when it is, byte for byte."""
    name = _safe(medium.name)
    try:
        with storages["videos"].open(name) as file:
            return "" if digest(file) == medium.sha256 else CHANGED
    except FileNotFoundError:
        return MISSING
    except Exception as error:  # whatever the library of a remote storage raises
        return f"cannot be read ({type(error).__name__})"


def unreadable() -> list[str]:
    """Credentials whose keys must be typed again."""
    return [row.name for row in Credential.objects.exclude(sealed_key="") if not _opens(row)]


def _opens(row: Credential) -> bool:
    try:
        return bool(row.reveal_key())
    except sealing.Unreadable:
        return False
