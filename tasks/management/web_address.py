"""The address at which a web server of this data folder can be reached from this machine."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from tasks.management.installation import RUN_DIR

#: Hosts that stand for all addresses of the machine, and the one address to open.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}


def local_url(host: str, port: int) -> str:
    host = ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def recorded(url: str) -> Iterator[None]:
    """Keep the address in the data folder for as long as this process serves.

    The file is locked, and the kernel opens the lock of a process that was killed. Where the folder
    cannot be written, as it may be for a server that uses PostgreSQL, nothing is recorded.
    """
    with ExitStack() as stack:
        try:
            RUN_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
            file: IO[str] = stack.enter_context(
                tempfile.NamedTemporaryFile("w", dir=RUN_DIR, prefix="web-")
            )
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(url)
            file.flush()
        except OSError:
            pass
        yield


def running() -> str:
    """The address of a web server that runs now; empty where there is none."""
    for path in RUN_DIR.glob("web-*"):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read()
        path.unlink(missing_ok=True)  # of a process that was killed
    return ""
