"""The whole way of one file: fetch, check, keep. Knows no database."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Container
from typing import Any

from tasks import posters
from tasks.archive import disk
from tasks.archive.checking import check
from tasks.archive.disk import Promises
from tasks.archive.errand import Errand, Snag, incoming
from tasks.archive.fetching import fetch
from tasks.archive.keeping import keep
from tasks.models import CopyTrouble

log = logging.getLogger(__name__)

NO_POSTER = {"poster": "", "poster_size": None}


def bring(errand: Errand, promises: Promises, has_come: Callable[[], None]) -> dict[str, Any]:
    """The fields of a saved copy, once its file is in the storage; Snag when it is not.

    `has_come` is called when the host is needed no more. Raises Dropped where the errand was.
    """
    try:
        fetch(errand, promises, has_come)
        facts = check(errand)
        names = store(errand)
    except (Snag, OSError) as error:
        snag = error if isinstance(error, Snag) else _disk_snag(error)
        if snag.is_useless:
            start_afresh(errand)
        raise snag from None
    return {**facts, **names}


def _disk_snag(error: OSError) -> Snag:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk.full()
    return Snag(f"The disk: {error.strerror}.", trouble=CopyTrouble.STORAGE)


def store(errand: Errand) -> dict[str, Any]:
    """Into the storage; its names there."""
    stem = f"{errand.name}-{errand.digest[:12]}"
    try:
        keep(errand.whole, f"{stem}.{errand.suffix}")
    except (Snag, OSError):
        raise
    except Exception as error:  # whatever the library of a remote storage raises
        log.warning("The storage did not take a file: %s", type(error).__name__)
        sentence = f"The storage did not take it ({type(error).__name__})."
        raise Snag(sentence, trouble=CopyTrouble.STORAGE) from None
    return {"name": f"{stem}.{errand.suffix}", **_keep_poster(errand, stem)}


def _keep_poster(errand: Errand, stem: str) -> dict[str, Any]:
    """Its name and size; without one a video is shown by the browser's own player."""
    picture = None if errand.is_picture else posters.make(errand.whole)
    if not picture:
        return NO_POSTER
    try:
        errand.poster.write_bytes(picture)
        keep(errand.poster, f"{stem}.webp")
    except Exception as error:  # nothing a saved video should wait for
        log.warning("A poster could not be saved: %s", type(error).__name__)
        return NO_POSTER
    return {"poster": f"{stem}.webp", "poster_size": len(picture)}


def start_afresh(errand: Errand) -> None:
    """What came is worth nothing, or takes the room that others need to come to their ends."""
    remove_unfinished(errand)
    errand.done, errand.total, errand.etag = 0, None, ""


def remove_unfinished(errand: Errand) -> None:
    errand.part.unlink(missing_ok=True)
    errand.whole.unlink(missing_ok=True)
    errand.poster.unlink(missing_ok=True)


def remove_all_but(wanted: Container[int]) -> None:
    """What is left of copies that were saved, or given up, just before the process died."""
    for path in incoming().glob("[0-9]*.*") if incoming().exists() else ():
        if not (path.stem.isdecimal() and int(path.stem) in wanted):
            path.unlink(missing_ok=True)
