"""A file's way into the storage: fetch, check, store. Knows no database."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Container
from typing import Any

from tasks.archive import disk, previews
from tasks.archive.check import check
from tasks.archive.disk import SpaceReservations
from tasks.archive.fetch import fetch
from tasks.archive.job import DownloadError, DownloadJob, incoming
from tasks.archive.store import store
from tasks.models import CopyTrouble
from tasks.models.preview import NO_PREVIEWS

log = logging.getLogger(__name__)


def save_file(
    job: DownloadJob, reservations: SpaceReservations, received: Callable[[], None]
) -> dict[str, Any]:
    """Put the file into the storage, and return the fields of its saved copy.

    `received` is called when the host is needed no more. Raises DownloadError, and
    DownloadCancelledError where the job was cancelled.
    """
    try:
        fetch(job, reservations, received)
        facts = check(job)
        names = store_files(job)
    except (DownloadError, OSError) as error:
        known = error if isinstance(error, DownloadError) else _disk_error(error)
        if known.is_useless:
            remove_unfinished(job)
            job.done, job.total, job.etag = 0, None, ""
        raise known from None
    return {**facts, **names}


def _disk_error(error: OSError) -> DownloadError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk.full()
    log.warning("A file could not be saved for now: %s", error.strerror)
    return DownloadError(f"The disk: {error.strerror}.", trouble=CopyTrouble.STORAGE)


def store_files(job: DownloadJob) -> dict[str, Any]:
    """Store the file and its previews; return their names there, and what they are."""
    stem = f"{job.name}-{job.digest[:12]}"
    try:
        etag = store(job.whole_path, f"{stem}.{job.suffix}", sha256=job.digest)
    except (DownloadError, OSError):
        raise
    except Exception as error:  # whatever the library of a remote storage raises
        log.warning("The storage did not take a file: %s", type(error).__name__)
        sentence = f"The storage did not take it ({type(error).__name__})."
        raise DownloadError(sentence, trouble=CopyTrouble.STORAGE) from None
    name = f"{stem}.{job.suffix}"
    return {"name": name, "storage_etag": etag, **_store_previews(job, stem)}


def _store_previews(job: DownloadJob, stem: str) -> dict[str, Any]:
    """Make and store the previews, if they can be made; the video is saved without them, too."""
    if job.is_picture:
        return NO_PREVIEWS
    try:
        return previews.store_for(job.whole_path, stem, beside=job.preview_path)
    except Exception as error:  # no saved video should wait for its previews: they come later
        log.warning("Previews could not be saved: %s", type(error).__name__)
        return NO_PREVIEWS


def remove_unfinished(job: DownloadJob) -> None:
    """Remove what there is of it in the unfinished folder."""
    for path in (job.partial_path, job.whole_path, job.preview_path):
        path.unlink(missing_ok=True)


def remove_all_but(wanted: Container[int]) -> None:
    """Remove what copies left that were saved, or given up, just before the process died."""
    for path in incoming().glob("[0-9]*.*") if incoming().exists() else ():
        if not (path.stem.isdecimal() and int(path.stem) in wanted):
            path.unlink(missing_ok=True)
