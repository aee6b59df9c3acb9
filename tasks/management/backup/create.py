"""Make a backup while everything runs on."""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
import time
import tomllib
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from seedance_site import keys
from tasks import encryption
from tasks.management.backup import databases
from tasks.management.backup.archive import (
    KEYS,
    MANIFEST,
    MEDIA,
    MEDIA_LIST,
    FileRecord,
    Manifest,
    read_media_list,
)
from tasks.management.backup.media import SavedFileError, open_verified, saved_files
from tasks.management.encrypted_secrets import secret_keys

SECRET_KEY, CREDENTIAL_KEYS = "secret.key", "credentials.keys"
_MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY id"
_SEALED = "SELECT name, sealed_key FROM tasks_credential WHERE sealed_key <> '' ORDER BY id"


def create_backup(
    path: Path, *, now: datetime, with_keys: bool = False, with_media: bool = False
) -> tuple[Manifest, list[str]]:
    """Write the archive, readable by its owner only; it gets its name once it is complete.

    Also returns warnings for a person. Raises BackupError, OSError.
    """
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
            manifest, warnings = _dump(Path(folder), now, has_keys=with_keys, has_media=with_media)
            mode = "w:gz" if path.name.endswith((".gz", ".tgz")) else "w"
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
                    warnings += _pack(archive, Path(folder), manifest)
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return manifest, warnings


def release() -> str:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _dump(folder: Path, now: datetime, **contents: Any) -> tuple[Manifest, list[str]]:
    """Write the database and the list of media as files; describe both in the manifest."""
    database = databases.current()
    dump, media = folder / database.file_name, folder / MEDIA_LIST
    with database.dump(dump) as query:
        tables = {name for (name,) in query(database.all_tables)}
        with media.open("w") as file:
            file.writelines(json.dumps(asdict(r)) + "\n" for r in saved_files(query, tables))
        fingerprints, warnings = _keys_in_use(query)
        facts: dict[str, Any] = {
            "rows": databases.count_rows(query, tables & databases.known_tables()),
            "migrations": [[app, name] for app, name in query(_MIGRATIONS)],
        }
    return Manifest(
        release=release(),
        made_at=now.isoformat(timespec="seconds"),
        engine=database.engine,
        database=FileRecord.of(dump),
        media=FileRecord.of(media),
        keys=fingerprints,
        **facts,
        **contents,
    ), warnings


def _keys_in_use(query: databases.Query) -> tuple[list[str], list[str]]:
    """Fingerprints of the keys that the credentials need, and a warning for each without one."""
    openers, warnings = set(), []
    for name, token in query(_SEALED):
        if key := encryption.opener_of(token):
            openers.add(keys.fingerprint(key))
        else:
            warnings.append(f"No key at hand opens the credential {name}; it is saved as it is.")
    return sorted(openers), warnings


def _pack(archive: tarfile.TarFile, folder: Path, manifest: Manifest) -> list[str]:
    """Add all members in their order; return a warning for each medium that is left out."""
    _add(archive, MANIFEST, manifest.to_json())
    for each in (manifest.media, manifest.database):
        with (folder / each.name).open("rb") as file:
            _add_file(archive, each.name, file)
    if manifest.has_keys:
        for name, found in (
            (SECRET_KEY, secret_keys()),
            (CREDENTIAL_KEYS, encryption.keys_at_hand()),
        ):
            _add(archive, KEYS + name, "".join(f"{key}\n" for key in found).encode())
    warnings = []
    for record in read_media_list(folder / MEDIA_LIST) if manifest.has_media else ():
        try:
            with open_verified(record) as file:
                _add_file(archive, MEDIA + record.name, file)
        except SavedFileError as error:
            warnings.append(f"{record.name}: {error}; it was left out.")
    return warnings


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    _add_file(archive, name, io.BytesIO(content))


def _add_file(archive: tarfile.TarFile, name: str, file: IO[bytes] | Any) -> None:
    """Add an open file from its beginning, as its owner's alone."""
    member = tarfile.TarInfo(name)
    member.mtime, member.mode = int(time.time()), 0o600
    file.seek(0, os.SEEK_END)
    member.size = file.tell()
    file.seek(0)
    archive.addfile(member, file)
