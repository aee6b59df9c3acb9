"""Making a backup, while everything runs on."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages

from seedance_site import keys
from tasks import sealing
from tasks.management.backup import databases
from tasks.management.backup.archive import (
    KEYS,
    MANIFEST,
    MEDIA,
    MEDIA_LIST,
    Manifest,
    Medium,
    Part,
    digest,
    read_media,
    write_media,
)
from tasks.models import Copy, CopyState, Upload

SECRET_KEY, CREDENTIAL_KEYS = "secret.key", "credentials.keys"


def make(
    path: Path, *, now: datetime, with_keys: bool, with_media: bool
) -> tuple[Manifest, list[str]]:
    """Write the archive, readable by its owner only; it has its name once it is complete.

    Also tells what a person should know. Raises databases.CannotDo, OSError.
    """
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
            manifest, warnings = _collect(Path(folder), now, with_keys, with_media)
            warnings += _pack(part, Path(folder), manifest)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return manifest, warnings


def release() -> str:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _collect(
    folder: Path, now: datetime, with_keys: bool, with_media: bool
) -> tuple[Manifest, list[str]]:
    """The database and the list of media as files, and the manifest that tells of both."""
    database = databases.current()
    saved, media = folder / database.file_name, folder / MEDIA_LIST
    with database.saved_to(saved) as ask:
        tables = {name for (name,) in ask(database.all_tables)}
        write_media(media, _media(ask, tables))
        fingerprints, warnings = _keys_in_use(ask)
        facts: dict[str, Any] = {
            "rows": databases.count_rows(ask, tables),
            "migrations": [[app, name] for app, name in ask(_MIGRATIONS)],
        }
    return Manifest(
        release=release(),
        made_at=now.isoformat(timespec="seconds"),
        engine=database.engine,
        database=Part.of(saved),
        media=Part.of(media),
        keys=fingerprints,
        has_keys=with_keys,
        has_media=with_media,
        **facts,
    ), warnings


_MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY id"
_SAVED = (
    "SELECT name, size, sha256, poster FROM tasks_copy"
    f" WHERE state = '{CopyState.SAVED.value}' ORDER BY id"
)
_UPLOADED = (
    "SELECT name, size, sha256 FROM tasks_upload WHERE name <> '' AND sha256 <> '' ORDER BY id"
)
_SEALED = "SELECT name, sealed_key FROM tasks_credential WHERE sealed_key <> '' ORDER BY id"


def _media(ask: databases.Ask, tables: set[str]) -> Iterator[Medium]:
    """Of what the database has: an older one may be saved before it is migrated."""
    if Copy._meta.db_table in tables:
        yield from _saved_media(ask)
    if Upload._meta.db_table in tables:
        for name, size, sha256 in ask(_UPLOADED):
            yield Medium(name=name, size=size, sha256=sha256)


def _saved_media(ask: databases.Ask) -> Iterator[Medium]:
    for name, size, sha256, poster in ask(_SAVED):
        yield Medium(name=name, size=size, sha256=sha256)
        if poster:
            yield Medium(name=poster)


def _keys_in_use(ask: databases.Ask) -> tuple[list[str], list[str]]:
    openers, warnings = set(), []
    for name, token in ask(_SEALED):
        if key := sealing.opener_of(token):
            openers.add(keys.fingerprint(key))
        else:
            warnings.append(f"No key at hand opens the credential {name}; it is saved as it is.")
    return sorted(openers), warnings


def _pack(part: Path, folder: Path, manifest: Manifest) -> list[str]:
    compressed = part.name.removesuffix(".part").endswith((".gz", ".tgz"))
    with part.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz" if compressed else "w") as archive:
            _add(archive, MANIFEST, manifest.to_json())
            for each in (manifest.media, manifest.database):
                archive.add(folder / each.name, each.name, filter=_ours_only)
            if manifest.has_keys:
                _add_keys(archive)
            warnings = _add_media(archive, folder / MEDIA_LIST) if manifest.has_media else []
        file.flush()
        os.fsync(file.fileno())
    return warnings


def _ours_only(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
    return info


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = _info(name, len(content))
    archive.addfile(info, io.BytesIO(content))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(time.time()), 0o600
    return info


def _add_keys(archive: tarfile.TarFile) -> None:
    for name, found in ((SECRET_KEY, secret_keys()), (CREDENTIAL_KEYS, sealing.keys_at_hand())):
        _add(archive, KEYS + name, "".join(f"{line}\n" for line in found).encode())


def secret_keys() -> list[str]:
    try:
        return [settings.SECRET_KEY]
    except ImproperlyConfigured:  # Django's word for an empty one
        return []


def _add_media(archive: tarfile.TarFile, listed: Path) -> list[str]:
    return [said for medium in read_media(listed) if (said := _add_medium(archive, medium))]


def _add_medium(archive: tarfile.TarFile, medium: Medium) -> str:
    """What is wrong with it, if something is; all of it is read before the first byte is added."""
    with ExitStack() as stack:
        try:
            source = stack.enter_context(storages["videos"].open(medium.name))
            found, size = digest(source), source.tell()
            source.seek(0)
        except Exception as error:  # whatever the library of a remote storage raises
            return f"{medium.name} could not be read, and was left out: {type(error).__name__}."
        if medium.sha256 and found != medium.sha256:
            return f"{medium.name} is not what was saved, and was left out."
        archive.addfile(_info(MEDIA + medium.name, size), source)
    return ""
