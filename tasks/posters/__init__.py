"""A small picture of a video's first frame, for where it is not playing yet.

The video came from outside, and decoders are where files do harm. So it is opened by a process of
its own, with nothing of ours in its environment and hard limits on memory, time and output
(first_frame.py). That process is the child of another, in which FFmpeg is loaded once and which
knows nothing of ours either (darkroom.py). Needs the extra `posters` (PyAV).
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tasks.containers import NotAnImage, read_image

CLOCK = 20  # seconds
AT_ONCE = 4  # posters; each may take first_frame.MEMORY
PROGRAM = Path(__file__).with_name("darkroom.py")
MESSAGE = 8192  # bytes of an order, as darkroom.py reads it
GRACE = 2.0  # seconds after which the darkroom itself must have failed
#: What a Python may need to find its libraries. Keys and addresses are not among it.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def can_make() -> bool:
    """Whether the extra is installed."""
    return find_spec("av") is not None


def make(path: Path, *, width: int = 640) -> bytes | None:
    """A WebP of the first frame, at most `width` pixels wide, as the video is shown.

    None without the extra, and for whatever cannot be shown within the limits. Never raises for
    what is in the file. Blocks for some 0.03 s, and `CLOCK` s at most once its turn has come.
    """
    if not can_make():
        return None
    with tempfile.TemporaryFile() as output:  # no pipe: the limit on a file's size is the kernel's
        try:
            is_made = _darkroom.make(path.resolve(), width, output)
        except (subprocess.SubprocessError, OSError):
            return None
        output.seek(0)
        made = output.read() if is_made else b""
    return made if made and _is_picture(made) else None


class _Darkroom:
    """The process that makes them; started when it is needed, and again whenever it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._orders: socket.socket | None = None

    def make(self, path: Path, width: int, output: BinaryIO) -> bool:
        """Whether the picture was written there. Asks twice where nobody heard the first order."""
        with self._turns:
            said = self._ask(path, width, output) or self._ask(path, width, output)
        return said.endswith(b"!")

    def _ask(self, path: Path, width: int, output: BinaryIO) -> bytes:
        """All that is said on the order's own line, which ends with whoever works on it."""
        order = {"path": str(path), "width": width, "seconds": CLOCK}
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._send(json.dumps(order).encode().ljust(MESSAGE), output, theirs)
            ours.settimeout(CLOCK + GRACE)
            return b"".join(iter(lambda: ours.recv(16), b""))

    def _send(self, message: bytes, *files: BinaryIO | socket.socket) -> None:
        numbers = [file.fileno() for file in files]
        with self._lock:
            if self._orders:
                try:
                    socket.send_fds(self._orders, [message], numbers)
                    return
                except OSError:  # it ended, for want of orders
                    self._orders.close()
            self._orders = _started()
            socket.send_fds(self._orders, [message], numbers)

    def close(self) -> None:
        """Which ends it."""
        with self._lock:
            if self._orders:
                self._orders.close()
            self._orders = None


def _started() -> socket.socket:
    """The line for orders to a new one; its end is the process's end."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", str(PROGRAM)],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
        )
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie
    return ours


_darkroom = _Darkroom()


def _is_picture(data: bytes) -> bool:
    try:
        return read_image(BytesIO(data)).format == "webp"
    except NotAnImage:
        return False
