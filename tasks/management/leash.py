"""Runs one command for as long as its owner holds the other end of a pipe.

The owner lets go by closing it, and the kernel closes it for an owner that was killed: so
`kill -9` of the owner ends everything below it too. A process of its own, because a thread inside
the command would not notice while that command hangs; standard library only, so it is small.

    leash.py <file descriptor of the pipe> <seconds of grace> <command> …
"""

import os
import signal
import subprocess
import sys
import threading
import time


def main(hold: int, grace: float, command: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    let_go = threading.Event()
    threading.Thread(target=_watch, args=(hold, grace, child, let_go), daemon=True).start()
    code = child.wait()
    if let_go.is_set():
        _end_what_is_left()
    return code if code >= 0 else 128 - code


def _watch(
    hold: int, grace: float, child: subprocess.Popen[bytes], let_go: threading.Event
) -> None:
    os.read(hold, 1)  # nothing is ever written into it: this is its end
    let_go.set()
    child.terminate()
    time.sleep(grace)
    _end_what_is_left()


def _end_what_is_left() -> None:
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
