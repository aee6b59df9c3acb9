"""From the unfinished folder into the storage, under a name made of our own ids only."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from tasks.archive.errand import Snag
from tasks.archive.part import sync_folder
from tasks.models import CopyTrouble


def keep(source: Path, name: str) -> None:
    """Have this file in the storage under this very name; what is there is replaced.

    The source stays where it is until the row says saved. Snag when the storage did not take it.
    """
    storage = storages["videos"]
    if isinstance(storage, FileSystemStorage):
        _into_folder(storage, source, Path(storage.path(name)))
    else:
        _into_storage(storage, source, name)
    if storage.size(name) != source.stat().st_size:
        raise Snag("The storage holds another size than was sent.", trouble=CopyTrouble.STORAGE)


def _into_folder(storage: FileSystemStorage, source: Path, target: Path) -> None:
    """By its file system's own rename, so that under this name there is all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    beside.unlink(missing_ok=True)
    _link_or_copy(source, beside)
    if storage.file_permissions_mode is not None:
        beside.chmod(storage.file_permissions_mode)
    beside.replace(target)
    beside.unlink(missing_ok=True)  # rename leaves it where both are the same file already
    _remove_earlier(target)
    sync_folder(target.parent)


def _link_or_copy(source: Path, target: Path) -> None:
    """A second name costs nothing; on another file system it takes a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())


def _remove_earlier(target: Path) -> None:
    """What a try left that was killed before its row was written, and had brought other bytes."""
    stem = target.name.partition(".")[0]  # <task>-<copy>-<hash>
    copy = stem.rpartition("-")[0] + "-"
    with os.scandir(target.parent) as folder:
        left = [entry for entry in folder if entry.name.startswith(copy)]
    for entry in left:
        if entry.name.partition(".")[0] != stem:
            Path(entry).unlink()


def _into_storage(storage: Storage, source: Path, name: str) -> None:
    """What a try left there that was killed is ours; some storages replace it by themselves."""
    if storage.get_available_name(name) != name:
        storage.delete(name)
    with source.open("rb") as file:
        given = storage.save(name, File(file, name=name))
    if given != name:
        with suppress(Exception):  # nobody would ever look for it there
            storage.delete(given)
        raise Snag("The storage chose another name.", trouble=CopyTrouble.STORAGE)
