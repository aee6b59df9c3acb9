"""Things that all workers of a run share: the first to ask makes them, and nobody changes them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of that name, in which `make` has been once; the others wait for it meanwhile."""
    shared = _shared_by_all(factory)
    folder, mark = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of somebody who came to grief
            make(folder)
            mark.touch()
    return folder


def _shared_by_all(factory: pytest.TempPathFactory) -> Path:
    """Each worker's own folder is inside that of the run."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
