"""Storing finished files, under names made of our own ids only."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from tasks.archive.job import DownloadError
from tasks.archive.partial_file import sync_folder
from tasks.models import CopyTrouble


class HashedFile(File):
    """A file whose SHA-256 is known; a bucket keeps it with the object."""

    def __init__(self, file: IO[bytes], name: str, sha256: str) -> None:
        super().__init__(file, name)
        self.sha256 = sha256


def store(source: Path, name: str, *, sha256: str = "") -> str | None:
    """Put a file into the storage under exactly this name; what is there is replaced.

    Returns the object's ETag in a bucket, which is given the SHA-256 as well. The source stays
    where it is until the row says saved. Raises DownloadError when the storage did not take it.
    """
    storage: Any = storages["videos"]
    if isinstance(storage, FileSystemStorage):
        _into_folder(storage, source, Path(storage.path(name)))
    else:
        _into_storage(storage, source, name, sha256)
    size, etag = storage.look_up(name)[:2] if _is_bucket(storage) else (storage.size(name), None)
    if size != source.stat().st_size:
        sentence = "The storage holds another size than was sent."
        raise DownloadError(sentence, trouble=CopyTrouble.STORAGE)
    return etag


def _is_bucket(storage: Storage) -> bool:
    return hasattr(storage, "look_up")  # without importing it: its package may not be there


def _into_folder(storage: FileSystemStorage, source: Path, target: Path) -> None:
    """Use the file system's own rename: under this name there is all of the file or nothing."""
    _make_folder(target.parent)
    beside = target.with_name(f".{target.name}.part")
    beside.unlink(missing_ok=True)
    _link_or_copy(source, beside)
    if storage.file_permissions_mode is not None:
        beside.chmod(storage.file_permissions_mode)
    beside.replace(target)
    beside.unlink(missing_ok=True)  # rename leaves it where both are the same file already
    _remove_earlier(target)
    sync_folder(target.parent)


def _make_folder(path: Path) -> None:
    """Make a folder, and its parents, whose names survive a crash as well."""
    if not path.exists():
        _make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def _link_or_copy(source: Path, target: Path) -> None:
    """Give the file a second name, which costs nothing; copy it onto another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())


def _remove_earlier(target: Path) -> None:
    """Remove files of an earlier try, which had received other bytes and was killed before it was
    recorded.
    """
    stem = target.name.partition(".")[0]  # <task>-<copy>-<hash>
    copy = stem.rpartition("-")[0] + "-"
    with os.scandir(target.parent) as folder:
        left = [entry for entry in folder if entry.name.startswith(copy)]
    for entry in left:
        if entry.name.partition(".")[0] != stem:
            Path(entry).unlink()


def _into_storage(storage: Storage, source: Path, name: str, sha256: str = "") -> None:
    """Save into another storage, replacing what a killed try left; some replace by themselves."""
    if storage.get_available_name(name) != name:
        storage.delete(name)
    with source.open("rb") as opened:
        given = storage.save(name, HashedFile(opened, name, sha256))
    if given != name:
        with suppress(Exception):  # nobody would ever look for it under that name
            storage.delete(given)
        raise DownloadError("The storage chose another name.", trouble=CopyTrouble.STORAGE)
