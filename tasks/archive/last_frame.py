"""The last frame, read out of a saved video where the provider gave none."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from tasks.archive.stored_file import on_disk
from tasks.media import posters
from tasks.models import Copy

log = logging.getLogger(__name__)


def can_read(copy: Copy | None) -> bool:
    """Whether there is a saved video, and what reads it."""
    return bool(copy and copy.is_saved) and posters.can_make()


def read(copy: Copy) -> bytes | None:
    """A PNG of a saved video's last frame in full size; None where it cannot be read.

    Blocks for some 0.5 s, a bucket's video for its download as well, and `posters.CLOCK` s at most.
    """
    with tempfile.TemporaryDirectory(prefix="dailies-frame-") as folder:
        try:
            with on_disk(copy.name, Path(folder) / "video") as video:
                return posters.last_frame(video)
        except Exception as error:  # whatever the library of a remote storage raises
            log.warning("A video could not be read for its last frame: %s", type(error).__name__)
            return None
