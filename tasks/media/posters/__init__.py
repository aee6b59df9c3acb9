"""Make a small picture of a video's first frame, for where the video does not play yet.

The video came from outside, and decoders are where files do harm. So each video is opened by a
process of its own (poster_worker.py), with nothing of ours in its environment and hard limits on
memory, time and output. Needs PyAV, which `up` installs.
"""

import os
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tasks.media.containers import NotAnImageError, read_image
from tasks.media.posters import poster_worker

PROGRAM = Path(poster_worker.__file__)
CLOCK: float = poster_worker.CLOCK
AT_ONCE = 4  # posters; each may take poster_worker.MEMORY
#: What a Python may need to find its libraries. Keys and addresses are not among it.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")

_turns = threading.BoundedSemaphore(AT_ONCE)


def can_make() -> bool:
    """Whether PyAV is installed; a running process notices when it arrives."""
    return find_spec("av") is not None


def make(path: Path, *, width: int = 640) -> bytes | None:
    """Return a WebP of the first frame as the video is shown, at most `width` pixels wide.

    None without PyAV, and for whatever cannot be shown within the limits. Never raises for what is
    in the file. Blocks for some 0.15 s, and for `CLOCK` s at most once its turn has come.
    """
    if not can_make():
        return None
    with tempfile.TemporaryFile() as output:  # no pipe: the limit on a file's size is the kernel's
        try:
            with _turns:
                is_made = _run(path.resolve(), width, output)
        except (subprocess.SubprocessError, OSError):
            return None
        output.seek(0)
        made = output.read() if is_made else b""
    return made if made and _is_picture(made) else None


def _run(path: Path, width: int, output: BinaryIO) -> bool:
    """Whether the worker succeeded. Kill it and raise TimeoutExpired after `CLOCK` seconds."""
    with subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM), str(path), str(width)],
        stdin=subprocess.PIPE,  # stays open while it works: it ends when this is closed
        stdout=output,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
    ) as process:
        try:
            return process.wait(CLOCK) == 0
        finally:
            process.kill()


def _is_picture(data: bytes) -> bool:
    try:
        return read_image(BytesIO(data)).format == "webp"
    except NotAnImageError:
        return False
