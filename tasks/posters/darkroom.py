"""A program: makes posters, each in a child of its own that need not load FFmpeg again.

Loading it takes 0.1 s, a child of a process that has it 0.02 s. This one opens no video itself.

Orders come through the socket that is its standard input: MESSAGE bytes of JSON, and with them two
files, where the picture is to go and a line to whoever waits for it. The child says "." there when
it begins and "!" when the picture is there; its end, whatever it was, closes the line.

It ends with whoever started it, and by itself after some time without orders. After a child that
crashed it begins anew: otherwise one video after the other could try where its code lies.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

MESSAGE = 8192  # bytes; no path is longer than 4096
IDLE = 60.0  # seconds
LOOK = 0.1  # seconds between two looks at the children
GRACE = 5  # seconds after which a child ends itself, should nobody be left to end it
ORDERS = 0

Children = dict[int, float]  # until when they may live


def serve() -> None:
    import av  # noqa: F401  # for the children

    gc.freeze()  # what children share with us stays shared
    children: Children = {}
    orders = socket.socket(fileno=ORDERS)
    try:
        while _goes_on(orders, children):
            pass
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)


def _goes_on(orders: socket.socket, children: Children) -> bool:
    """One look at the children and the orders; whether there will be more of either."""
    is_asked = bool(select.select([orders], [], [], LOOK if children else IDLE)[0])
    had_children = bool(children)
    if _has_crashed(children):
        _begin_anew(children)
    return _take(orders, children) if is_asked else had_children


def _take(orders: socket.socket, children: Children) -> bool:
    """Whether somebody is there to give orders."""
    message, files, _flags, _address = socket.recv_fds(orders, MESSAGE, 2)
    try:
        if len(message) < MESSAGE or len(files) < 2:
            return False
        order = json.loads(message)
        pid = os.fork()
        if not pid:
            _develop(order, *files)
        children[pid] = time.monotonic() + order["seconds"]
    finally:
        for file in files:
            os.close(file)
    return True


def _develop(order: Any, picture: int, line: int) -> NoReturn:
    """In the child, which sees no other order and nobody else's files."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), ORDERS)
        signal.alarm(int(order["seconds"]) + GRACE)
        os.write(line, b".")
        os.dup2(picture, sys.stdout.fileno())
        import_module("first_frame").write(order["path"], order["width"])
        sys.stdout.flush()
        os.write(line, b"!")
    finally:
        os._exit(0)


def _has_crashed(children: Children) -> bool:
    """Bury those that ended, end those whose time is over; whether one was killed by a fault."""
    ended = {pid: status for pid in children if (status := _ending(pid)) is not None}
    for pid in ended:
        del children[pid]
    for pid in [pid for pid, end in children.items() if time.monotonic() > end]:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        del children[pid]
    return any(map(os.WIFSIGNALED, ended.values()))


def _ending(pid: int) -> int | None:
    """How it ended; None while it lives."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return status if found else None


def _begin_anew(children: Children) -> NoReturn:
    """The others come to their ends first; orders wait in the socket, which stays open."""
    while children:
        time.sleep(LOOK)
        _has_crashed(children)
    os.execv(sys.executable, [sys.executable, "-I", __file__])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    serve()
