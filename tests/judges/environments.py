"""Environments of the judges: made once into `.judges/`, and used until their lock changes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".judges"
PATIENCE = 900  # seconds for an installation; 200 MB come from a registry


class InstallationError(Exception):
    """An installation that lacked something, or whose installer failed."""


def python() -> Path:
    """Return the Python of the environment that has the clients from PyPI."""
    return _ready("python", (HERE / "requirements.lock",), _install_python) / "bin" / "python"


def node() -> Path:
    """Return the folder of the environment that has the clients from npm."""
    return _ready("node", (HERE / "package.json", HERE / "package-lock.json"), _install_node)


def variables() -> dict[str, str]:
    """Return this process's environment variables, so that a judge keeps what it compiles."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def _ready(name: str, locks: tuple[Path, ...], install: Callable[[Path], None]) -> Path:
    """Return the environment of these locks; skip or fail the test where it cannot be made.

    Every worker of a run, and every run at the same time, waits for the first to have made it.
    """
    CACHE.mkdir(exist_ok=True)
    state = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks))
    state.update(sys.version.encode() if name == "python" else b"")
    folder = CACHE / f"{name}-{state.hexdigest()[:12]}"
    mark = folder / "installed"
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists():
            for earlier in CACHE.glob(f"{name}-*"):
                shutil.rmtree(earlier)
            try:
                install(folder)
            except InstallationError as error:
                _go_without(f"The judges of {name} cannot be installed: {error}")
            mark.touch()
    return folder


def _go_without(why: str) -> None:
    if os.environ.get("DAILIES_JUDGES") == "required":
        pytest.fail(why)
    pytest.skip(why)


def _install_python(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    # 13,000 modules of an SDK, few of which are imported: compiling them takes a minute.
    options = ["--no-compile", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    _run([*pip, "install", "--quiet", *options, "-r", str(HERE / "requirements.lock")])


def _install_node(folder: Path) -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        raise InstallationError("there is no Node.js with npm on this machine")
    folder.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], within=folder)


def _run(command: list[str], within: Path | None = None) -> None:
    """Run an installer; InstallationError has the first line that says what was in the way."""
    try:
        done = subprocess.run(
            command,
            cwd=within,
            env=os.environ | {"PIP_USER": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallationError(str(error)) from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it gave no reason"]
        errors = [line for line in lines if "error" in line.lower()]
        raise InstallationError(f"{Path(command[0]).name}: {(errors or lines)[0]}")
