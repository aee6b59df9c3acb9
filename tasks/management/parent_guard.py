"""Run one command for as long as its owner holds the other end of a pipe.

The owner releases the command by closing the pipe, and the kernel closes it for an owner that was
killed, so `kill -9` of the owner ends everything below it too. This is a process of its own because
a thread inside the command would not notice while that command hangs. It needs the standard library
only, so it stays small.

    parent_guard.py <file descriptor of the pipe> <seconds of grace> <command> …
"""

import os
import signal
import subprocess
import sys
import threading
import time


def main(pipe: int, grace: float, command: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    is_released = threading.Event()
    threading.Thread(target=_watch, args=(pipe, grace, child, is_released), daemon=True).start()
    code = child.wait()
    if is_released.is_set():
        _end_group()
    return code if code >= 0 else 128 - code


def _watch(
    pipe: int, grace: float, child: subprocess.Popen[bytes], is_released: threading.Event
) -> None:
    os.read(pipe, 1)  # returns when the pipe is closed: nothing is ever written into it
    is_released.set()
    child.terminate()
    time.sleep(grace)
    _end_group()


def _end_group() -> None:
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
