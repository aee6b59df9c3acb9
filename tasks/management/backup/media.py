"""Saved files: which there are, whether each is here byte for byte, and what its row says of it."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.storage import storages
from django.core.files.utils import validate_file_name

from tasks.archive import damage
from tasks.archive.damage import Loss
from tasks.management.backup.archive import (
    MEDIA,
    BadArchiveError,
    FileRecord,
    hash_of,
    open_member,
)
from tasks.management.backup.databases import Query
from tasks.models import Copy, CopyState, Damage, Upload
from tasks.models.copy import UNSAVED

MISSING, CHANGED = "missing", "not what was saved"
#: A storage that merely cannot be read may hold the file all the same.
LOST = {MISSING: Damage.MISSING, CHANGED: Damage.CHANGED}
AT_ONCE = 500  # rows in one transaction
MESSAGE = "Noticed when a backup was restored."

_COPIES, _UPLOADS = Copy._meta.db_table, Upload._meta.db_table
_SAVED = (
    f"SELECT name, size, sha256, poster, {{sprite}}, {{proxy}} FROM {_COPIES}"
    f" WHERE state = '{CopyState.SAVED.value}' ORDER BY id"
)
_APPLIED = "SELECT 1 FROM django_migrations WHERE app = 'tasks' AND name = '{}'"
_HAS_SPRITES, _HAS_PROXIES = map(_APPLIED.format, ("0012_previews", "0015_materials"))
_UPLOADED = (
    f"SELECT name, size, sha256, {{picture}} FROM {_UPLOADS}"
    " WHERE name <> '' AND sha256 <> '' ORDER BY id"
)


class SavedFileError(Exception):
    """A saved file is missing, changed or unreadable; the text says which."""


def saved_files(query: Query, tables: set[str]) -> Iterator[FileRecord]:
    """Every saved file that the dumped database knows; an older one may lack a table or column."""
    has_sprites, has_proxies = (bool(list(query(each))) for each in (_HAS_SPRITES, _HAS_PROXIES))
    if _COPIES in tables:
        columns = {"sprite": "sprite" if has_sprites else "NULL"}
        columns["proxy"] = "proxy" if has_proxies else "NULL"
        for name, size, sha256, *previews in query(_SAVED.format(**columns)):
            yield FileRecord(name=name, size=size, sha256=sha256)
            yield from (FileRecord(name=each) for each in previews if each)
    if _UPLOADS in tables:
        picture = "picture" if has_proxies else "NULL"
        for name, size, sha256, small in query(_UPLOADED.format(picture=picture)):
            yield FileRecord(name=name, size=size, sha256=sha256)
            yield from (FileRecord(name=each) for each in [small] if each)


@contextmanager
def open_verified(record: FileRecord) -> Iterator[File[bytes]]:
    """Open a saved file after reading all of it once. Raises SavedFileError."""
    name = _safe_name(record.name)
    with ExitStack() as stack:
        try:
            file = stack.enter_context(storages["videos"].open(name))
            found = hash_of(file)
            file.seek(0)
        except FileNotFoundError:
            raise SavedFileError(MISSING) from None
        except Exception as error:  # whatever the library of a remote storage raises
            raise SavedFileError(f"cannot be read ({type(error).__name__})") from None
        if record.sha256 and found != record.sha256:
            raise SavedFileError(CHANGED)
        yield file


def problem_with(record: FileRecord) -> str:
    """Tell why a saved file is not what it was; empty when it is, byte for byte."""
    try:
        with open_verified(record):
            return ""
    except SavedFileError as error:
        return str(error)


def put_in_place(archive: tarfile.TarFile, record: FileRecord) -> bool:
    """Save the archive's copy of a file; False where it has none, as the backup warned then."""
    storage, name = storages["videos"], _safe_name(record.name)
    try:
        source = open_member(archive, MEDIA + name)
    except BadArchiveError:
        return False
    with source:
        if storage.exists(name):
            storage.delete(name)
        storage.save(name, File(source, name=name))
    return True


def _safe_name(name: str) -> str:
    """The name as it is. We make names ourselves; whoever made the archive may have made others."""
    try:
        return str(validate_file_name(name, allow_relative_path=True))
    except SuspiciousFileOperation:
        raise BadArchiveError(f"The archive names a file outside of the storage: {name}") from None


# What the rows then say


def mark_lost(problems: Mapping[str, str], now: datetime) -> tuple[int, int]:
    """Take "saved" from the copies of these files; count those fetched again and those gone.

    `problems` are the files' names with what is wrong, one of `LOST`.
    """
    counts: Counter[str] = Counter()
    names = list(problems)
    for start in range(0, len(names), AT_ONCE):
        chunk = names[start : start + AT_ONCE]
        saved = Copy.objects.saved().filter(name__in=chunk).values_list("pk", "name")
        losses = {pk: Loss(LOST[problems[name]], MESSAGE) for pk, name in saved}
        counts += damage.record(losses, now)
    return counts[CopyState.WAITING], counts[CopyState.GONE]


def mark_saved(records: Sequence[FileRecord], now: datetime) -> int:
    """Give "saved" back to the copies of these files, which are here again; count them."""
    lost = Copy.objects.filter(state__in=[*UNSAVED, CopyState.GONE]).exclude(sha256="")
    here = {(record.name, record.sha256) for record in records}
    rows = list(lost.values_list("pk", "name", "sha256"))
    back = [pk for pk, name, sha256 in rows if (name, sha256) in here]
    chunks = [back[start : start + AT_ONCE] for start in range(0, len(back), AT_ONCE)]
    return sum(damage.record_found(chunk, now) for chunk in chunks)
