"""Make pictures of a video or a sound, and a video that every browser plays.

The files came from outside, and decoders are where files do harm. So each of them is opened by a
process of its own (poster_worker.py), with nothing of ours in its environment and hard limits on
memory, time and output. Needs PyAV, which `up` installs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tasks.media.containers import Image, NotAnImageError, NotAVideoError, read, read_image
from tasks.media.posters import poster_worker
from tasks.media.posters.poster_worker import COLUMNS, FRAMES, LARGEST_SPRITE
from tasks.media.posters.proxies import PROXY_PIXELS
from tasks.media.posters.waveforms import HEIGHT, WIDTH

PROGRAM = Path(poster_worker.__file__)
CLOCK: float = poster_worker.CLOCK
AT_ONCE = 4  # videos; each may take poster_worker.MEMORY
#: What a Python may need to find its libraries. Keys and addresses are not among it.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")

_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, kw_only=True)
class Sprite:
    """Evenly spread frames of a video in one WebP, row by row; sizes of a frame in pixels."""

    data: bytes
    frames: int
    columns: int
    width: int
    height: int


@dataclass(frozen=True)
class Previews:
    """A WebP of the first frame, and the sprite where one could be made."""

    poster: bytes
    sprite: Sprite | None = None


def can_make() -> bool:
    """Whether PyAV is installed; a running process notices when it arrives."""
    return find_spec("av") is not None


def make(path: Path, *, within: float | None = None) -> Previews | None:
    """Return a video's previews: the poster at most 640 pixels wide, the sprite at most 60 kB.

    `within` is the time in seconds for it and the wait for its turn; else it waits for its turn.

    None without PyAV, and for whatever cannot be shown within the limits. Never raises for what is
    in the file. Blocks for some 0.5 s, and for `CLOCK` s at most once its turn has come.
    """
    return _read_previews(_made(path, "previews", within=within))


def last_frame(path: Path) -> bytes | None:
    """Return a PNG of the last frame in its full size; None as `make` does, and no longer."""
    made = _made(path, "last_frame")
    return made if _picture(made, "png") else None


def waveform(path: Path, *, within: float) -> bytes | None:
    """Return a PNG of how loud a WAV or an MP3 is over its time; None as `make` does."""
    made = _made(path, "waveform", within=within)
    found = _picture(made, "png")
    return made if found and (found.width, found.height) == (WIDTH, HEIGHT) else None


def proxy(path: Path) -> bytes | None:
    """Return a small MP4 of H.264 of a video, as long as it; None as `make` does.

    Blocks for some 20 s where the video is 15 s of 4K, and for `PROXY_CLOCK` s at most.
    """
    made = _made(path, "proxy", clock=poster_worker.PROXY_CLOCK)
    try:
        found = read(BytesIO(made))
    except NotAVideoError:
        return None
    is_small = found.width * found.height <= PROXY_PIXELS * 1.1
    return made if found.video_codec == "h264" and is_small else None


def _made(
    path: Path, what: str, *, within: float | None = None, clock: float | None = None
) -> bytes:
    """The worker's output; b"" where it has failed, or its turn has not come in time."""
    if not can_make():
        return b""
    end = None if within is None else time.monotonic() + within
    if not _turns.acquire(timeout=within):
        return b""
    try:
        clock = CLOCK if clock is None else clock
        return _output(path.resolve(), what, min(clock, end - time.monotonic()) if end else clock)
    except (subprocess.SubprocessError, OSError):
        return b""
    finally:
        _turns.release()


def _output(path: Path, what: str, clock: float) -> bytes:
    with tempfile.TemporaryFile() as output:  # no pipe: the limit on a file's size is the kernel's
        is_made = _run(path, what, output, clock)
        output.seek(0)
        return output.read() if is_made else b""


def _run(path: Path, what: str, output: BinaryIO, clock: float) -> bool:
    """Whether the worker succeeded. Kill it and raise TimeoutExpired after so many seconds."""
    with subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM), str(path), what],
        stdin=subprocess.PIPE,  # stays open while it works: it ends when this is closed
        stdout=output,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
    ) as process:
        try:
            return process.wait(max(0.0, clock)) == 0
        finally:
            process.kill()


# A video may have taken over its worker, so nothing that it wrote is believed unseen.


def _read_previews(made: bytes) -> Previews | None:
    head, _line, pictures = made.partition(b"\n")
    try:
        length, frames, columns = map(int, head.split())
    except ValueError:
        return None
    poster, sheet = pictures[:length], pictures[length:]
    return Previews(poster, _sprite(sheet, frames, columns)) if _picture(poster, "webp") else None


def _sprite(sheet: bytes, frames: int, columns: int) -> Sprite | None:
    found = _picture(sheet, "webp") if len(sheet) <= LARGEST_SPRITE else None
    if found is None or not (2 <= frames <= FRAMES and 1 <= columns <= COLUMNS):
        return None
    rows = -(-frames // columns)
    if found.width % columns or found.height % rows:
        return None
    size = {"width": found.width // columns, "height": found.height // rows}
    return Sprite(data=sheet, frames=frames, columns=columns, **size)


def _picture(data: bytes, format: str) -> Image | None:
    """The picture, if it is a whole one of this format."""
    try:
        found = read_image(BytesIO(data))
    except NotAnImageError:
        return None
    return found if found.format == format else None
