"""Commands of ours in processes forked from one that has imported the libraries.

The libraries are two thirds of a command's start: 0.7 of 1.05 s of a core. The settings, Django's
apps and all of ours that reads them are imported by each process anew, with its own environment.

As a program (python -m tests.processes.forks) it is the process that forks: it reads requests,
a line of JSON each, and tells the number of each process and then how it ended.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from runpy import run_module, run_path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LIBRARIES = (
    "cryptography.fernet django.db.backends.sqlite3.schema django.db.migrations django.views.debug "
    "django.views.i18n multiprocessing.sharedctypes picklefield tasks.text whitenoise.base "
    "tasks.providers.transport.connection_check"
)


class Forks:
    """The process that forks, and what is asked of it, one command after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.forks"],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # or an answer could lie in a buffer, where `select` does not see it
        )

    def run(
        self, *command: str, environment: Mapping[str, str], out: Path, errors: Path, within: float
    ) -> int:
        """Return the exit code, below zero where a signal ended it; the output is in the files.

        `command` begins with a program's path, or with a module's name after "-m"; `within` is in
        seconds.
        """
        request = {"command": command, "environment": dict(environment)}
        assert self._process.stdin
        line = json.dumps(request | {"out": str(out), "errors": str(errors)})
        self._process.stdin.write(f"{line}\n".encode())
        pid = self._answer(60)
        try:
            return self._answer(within)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._answer(60)
            raise

    def _answer(self, within: float) -> int:
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], within)[0]:
            raise TimeoutError(f"nothing within {within} s")
        return int(self._process.stdout.readline())


@cache
def forks() -> Forks:
    """The one of this worker, which ends with it."""
    return Forks()


def serve() -> dict[str, Any] | None:
    """Fork for each request, and return it in the process that is to run it; None at the end."""
    for name in LIBRARIES.split():
        import_module(name)
    gc.collect()
    gc.freeze()  # or each process would go through all of it, and copy what it looks at
    for line in iter(sys.stdin.readline, ""):
        if not (pid := os.fork()):
            return dict(json.loads(line))
        os.write(1, f"{pid}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(1, f"{code}\n".encode())
    return None


def become(command: list[str], environment: dict[str, str], out: str, errors: str) -> None:
    """Run this command as a new Python would, with its output in these files."""
    os.environ.clear()
    os.environ.update(environment)
    first = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    second = first if out == errors else os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), first, second)):
        os.dup2(file, number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - without what was read ahead
    is_module = command[0] == "-m"
    sys.argv = command[is_module:]
    if is_module:
        run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__" and (request := serve()):
    become(**request)
