"""A small picture of a video's first frame, for where it is not playing yet.

The video came from outside, and decoders are where files do harm. So it is opened by a process of
its own, with nothing of ours in its environment and hard limits on memory, time and output
(first_frame.py). Needs the extra `posters` (PyAV).
"""

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from tasks.containers import NotAnImage, read_image

CLOCK = 20  # seconds
PROGRAM = Path(__file__).with_name("first_frame.py")
#: What a Python may need to find its libraries. Keys and addresses are not among it.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def can_make() -> bool:
    """Whether the extra is installed."""
    return find_spec("av") is not None


def make(path: Path, *, width: int = 640) -> bytes | None:
    """A WebP of the first frame, at most `width` pixels wide, as the video is shown.

    None without the extra, and for whatever cannot be shown within the limits. Never raises for
    what is in the file. Blocks for some 0.2 s, `CLOCK` s at most.
    """
    if not can_make():
        return None
    made = _made_elsewhere(path.resolve(), width)
    return made if made and _is_picture(made) else None


def _made_elsewhere(path: Path, width: int) -> bytes | None:
    # A file, not a pipe: the limit on a file's size is the kernel's.
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "-I", str(PROGRAM), str(path), str(width)]
        try:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in INHERITED if name in os.environ},
                timeout=CLOCK,
                check=True,
            )
        except (subprocess.SubprocessError, OSError):
            return None
        output.seek(0)
        return output.read()


def _is_picture(data: bytes) -> bool:
    try:
        return read_image(BytesIO(data)).format == "webp"
    except NotAnImage:
        return False
