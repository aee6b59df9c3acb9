"""Put a backup in place: everything is checked before anything is changed."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.utils import timezone

from seedance_site import keys
from tasks import encryption
from tasks.management import upgrade
from tasks.management.backup import databases
from tasks.management.backup.archive import (
    KEYS,
    BackupError,
    BadArchiveError,
    FileRecord,
    Manifest,
    extract,
    open_member,
    read_media_list,
)
from tasks.management.backup.create import CREDENTIAL_KEYS, SECRET_KEY
from tasks.management.backup.media import problem_with, put_in_place
from tasks.management.encrypted_secrets import secret_keys
from tasks.models import Credential, Lease, Task


@dataclass
class Backup:
    """An opened archive, with its verified database and list of media in a temporary folder."""

    manifest: Manifest
    archive: tarfile.TarFile
    database: Path
    media_list: Path

    def keys_inside(self, name: str) -> list[str]:
        if not self.manifest.has_keys:
            return []
        return open_member(self.archive, KEYS + name).read().decode().splitlines()


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open an archive and verify its parts. Raises BadArchiveError, OSError."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        archive = tarfile.open(path)  # noqa: SIM115 - closed below
    except (tarfile.TarError, EOFError):
        raise BadArchiveError(f"{path} is no backup of Dailies, or it is damaged.") from None
    with archive, tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-") as folder:
        manifest = Manifest.of(archive)
        files = [extract(archive, f, Path(folder)) for f in (manifest.database, manifest.media)]
        yield Backup(manifest, archive, *files)


# What is checked first. Each raises BackupError.


def require_fit(backup: Backup) -> None:
    """Refuse another kind of database, a newer release, and a damaged database."""
    manifest, database = backup.manifest, databases.current()
    if manifest.engine != database.engine:
        raise BackupError(
            f"This is a backup of {manifest.engine}, and this installation uses {database.engine}. "
            "docs/operations.md says how to move from one to the other."
        )
    applied = [(app, name) for app, name in manifest.migrations]
    if reason := upgrade.reason_against(applied, "This backup"):
        raise BackupError(f"{reason} Nothing was changed.")
    database.check_dump(backup.database, manifest.rows)


def require_nobody_at_work() -> None:
    try:
        is_busy = Lease.objects.filter(until__gt=timezone.now()).exists()
    except DatabaseError:
        return
    if is_busy:
        raise BackupError("Dailies is at work on this database. Stop it (up, web, work) first.")


def holds_rows() -> bool:
    """Whether there are people, credentials or tasks; what migrations made does not count."""
    try:
        return any(model.objects.exists() for model in (User, Credential, Task))
    except DatabaseError:
        pass
    try:
        return "django_migrations" in connection.introspection.table_names()
    except DatabaseError as error:
        if connection.vendor == "sqlite":
            return True  # a damaged file is somebody's database all the same
        reason = " ".join(str(error).split())
        raise BackupError(f"The database does not answer: {reason}") from None


def missing_keys(backup: Backup) -> list[str]:
    """Fingerprints that the backup's credentials need, and that belong to none of our keys."""
    here = {keys.fingerprint(key) for key in _keys_after(backup)}
    return [needed for needed in backup.manifest.keys if needed not in here]


def _keys_after(backup: Backup) -> list[str]:
    """The keys at hand, and behind them the archive's, unless ours come from the environment."""
    at_hand = list(encryption.keys_at_hand())
    if settings.CREDENTIAL_KEYS_FILE is None:
        return at_hand
    return at_hand + [key for key in backup.keys_inside(CREDENTIAL_KEYS) if key not in at_hand]


# What is then put in place


def put_keys(backup: Backup) -> None:
    """Put the archive's keys beside those at hand; make new ones where there are none at all."""
    settings.KEYS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not secret_keys():
        found = backup.keys_inside(SECRET_KEY) or [keys.new_secret_key()]
        keys.write_all(settings.KEYS_DIR / SECRET_KEY, found)
    after = _keys_after(backup)
    if not after or after != list(encryption.keys_at_hand()):
        found = after or [keys.new_credential_key()]
        keys.write_all(settings.KEYS_DIR / CREDENTIAL_KEYS, found)


def check_media(backup: Backup, *, put: bool) -> tuple[int, dict[FileRecord, str]]:
    """Read every listed file once; put those in place that are not right, if that is asked for.

    Returns how many were put, and for each file but previews what is wrong with it at the end.
    """
    number, problems = 0, {}
    put = put and backup.manifest.has_media
    for record in read_media_list(backup.media_list):
        if record.is_preview and not put:
            continue
        problem = problem_with(record)
        if problem and put and put_in_place(backup.archive, record):
            number, problem = number + 1, problem_with(record)
        if not record.is_preview:
            problems[record] = problem
    return number, problems
