"""The archive, killed at a step: python -m tests.archive.launcher

A drill for tests: the product knows nothing of it. It reads lines of STEP, DATABASE and FOLDER with
tabs between, and has an archive for each: a process of its own, forked from this one, in which
everything was imported but nothing is open yet, so that no start imports Django again. It tells
the process's number, then how it ended.

STEP is "none", or the path of a function with "before" or "after":
`tasks.archive.pipeline.store_files:after`. Its first call ends the process at once.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import django
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string


def main() -> None:
    django.setup()
    import_module("tasks.archive")
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _run_and_end(*line.rstrip("\n").split("\t"))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _run_and_end(step: str, database: str, folder: str) -> NoReturn:
    code = 1
    try:
        run(step, database, folder)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def run(step: str, database: str, folder: str) -> None:
    connection.settings_dict["NAME"] = database
    settings.DATA_DIR = Path(folder)
    storages: Any = settings.STORAGES
    storages["videos"]["OPTIONS"]["location"] = f"{folder}/videos"
    settings.DISK_RESERVE = 2**20
    from tasks import archive
    from tasks.archive import partial_file
    from tasks.media import posters

    partial_file.SYNC_SECONDS = 0.0  # after each piece
    posters.can_make = lambda: False
    archive.RENEW_SECONDS = archive.TURN = 0.02
    if step != "none":
        die_at(step)
    archive.Archive().run(0 if step == "none" else 20)


def die_at(step: str) -> None:
    path, _, when = step.partition(":")
    place, _, name = path.rpartition(".")
    owner = import_string(place) if place.rpartition(".")[2][0].isupper() else _module(place)
    setattr(owner, name, _deadly(getattr(owner, name), is_after=when == "after"))


def _module(path: str) -> Any:
    __import__(path)
    return sys.modules[path]


def _deadly(function: Callable[..., Any], *, is_after: bool) -> Callable[..., Any]:
    @wraps(function)
    def deadly(*args: Any, **more: Any) -> Any:
        if is_after:
            function(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    @wraps(function)
    async def deadly_too(*args: Any, **more: Any) -> Any:
        if is_after:
            await function(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    return deadly_too if inspect.iscoroutinefunction(function) else deadly


if __name__ == "__main__":
    main()
