"""Set up a fresh clone: create a virtual environment and install a lock file into it.

It uses the standard library only, because it runs before anything is installed. It works where the
system's Python forbids global installs, because it never installs globally.

Run as a program, it installs what posters need (PyAV); `up` starts that beside everything else.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK, DEV_LOCK = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
POSTERS_LOCK = ROOT / "requirements-posters.lock"
RETRY_AFTER = 24 * 3600  # seconds between two tries to install the same PyAV
#: Another environment than .venv is used as it is if it has these.
PACKAGES = ("django", "django_q", "django_htmx", "httpx", "granian", "whitenoise", "cryptography")
DEV_PACKAGES = ("pytest", "pytest_django", "hypothesis")


def enter_environment(argv: list[str]) -> None:
    """Run the command in .venv, and first install what its lock file names and .venv lacks.

    People with an environment of their own that has the packages stay in it.
    """
    is_test = argv[1:2] == ["test"]
    if not _is_ours():
        if all(map(find_spec, PACKAGES + (DEV_PACKAGES if is_test else ()))):
            return
        _prepare(DEV_LOCK if is_test else LOCK)
        sys.stdout.flush()
        os.execv(PYTHON, [str(PYTHON), *argv])
    elif not _is_installed(DEV_LOCK if is_test else LOCK):
        _prepare(DEV_LOCK if is_test else LOCK)


def choose_data_folder(argv: list[str]) -> None:
    """Give a demonstration a data folder of its own, before the settings are read."""
    if argv[1:2] == ["up"] and "--demo" in argv:
        os.environ.setdefault("DAILIES_DATA", str(ROOT / "data-demo"))
        for name in ("DATABASE_URL", "REDIS_URL", "DAILIES_S3_BUCKET"):
            os.environ.pop(name, None)


def misses_posters() -> bool:
    """Whether `install_posters` has something to do: never outside .venv."""
    if not _is_ours() or _is_installed(POSTERS_LOCK):
        return False
    mark = _failure_mark(POSTERS_LOCK)
    has_failed = _read(mark) == _state(POSTERS_LOCK)
    return not has_failed or time.time() - mark.stat().st_mtime >= RETRY_AFTER


def install_posters() -> None:
    """Install PyAV, which the site can do without; print one line if that fails.

    A failed try is repeated once the lock file or the Python has changed, or after a day.
    """
    try:
        with _alone():
            if not misses_posters():
                return
            print("Installing PyAV (35 MB, with x264 and x265: GPL) for posters …", flush=True)
            mark = _mark(POSTERS_LOCK)
            mark.unlink(missing_ok=True)
            if reason := _why_not_installed(POSTERS_LOCK):
                mark = _failure_mark(POSTERS_LOCK)
            mark.write_text(_state(POSTERS_LOCK))
    except OSError as error:
        reason = str(error.strerror)
    if reason:
        print(f"PyAV could not be installed, so there are no posters yet: {reason}", flush=True)


def _why_not_installed(lock: Path) -> str:
    """Install wheels, as few machines can compile FFmpeg; return pip's reason if that fails."""
    options = ["--only-binary", ":all:"]
    pip = _pip_install(lock, *options, stderr=subprocess.PIPE, text=True, errors="replace")
    lines = pip.stderr.strip().splitlines() or [f"pip ended with exit code {pip.returncode}"]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines)[0] if pip.returncode else ""


def _is_ours() -> bool:
    return Path(sys.prefix).resolve() == VENV.resolve()


def _prepare(lock: Path) -> None:
    try:
        with _alone():
            if not _is_installed(lock):
                _install(lock)
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next run starts the installation again.")
    except OSError as error:
        sys.exit(f"Cannot install into {VENV}: {error.strerror}.")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock, so that two commands started together install one after the other."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _is_installed(lock: Path) -> bool:
    """Whether this lock file is installed, or the developers', which includes it."""
    return any(_read(_mark(each)) == _state(each) for each in (DEV_LOCK, lock))


def _mark(lock: Path) -> Path:
    return VENV / f"{lock.name}.installed"


def _failure_mark(lock: Path) -> Path:
    return VENV / f"{lock.name}.failed"


def _state(lock: Path) -> str:
    """The lock's hash and the Python it is installed for: an upgraded Python loses its packages."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {os.path.realpath(PYTHON)}\n"


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _install(lock: Path) -> None:
    """Install a lock file. The mark is written last, so an interrupted try is repeated."""
    print(f"Installing what Dailies needs into {VENV.name}/ …", flush=True)
    if not _is_whole():
        _make_environment()
    for each in (LOCK, DEV_LOCK):
        _mark(each).unlink(missing_ok=True)
    if _pip_install(lock).returncode:
        sys.exit("Could not install the packages; pip says above what was in the way.")
    _mark(lock).write_text(_state(lock))


def _pip_install(lock: Path, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    environment = os.environ | {"PIP_USER": "0"}  # a person's own setting fails in .venv
    command = [*pip, *options, "--require-hashes", "-r", str(lock)]
    return subprocess.run(command, env=environment, check=False, **more)


def _is_whole() -> bool:
    """Whether a lock file was installed to its end, with the Python that is there now."""
    states = [_read(_mark(lock)) for lock in (LOCK, DEV_LOCK)]
    is_same_python = any(state.endswith(f" {os.path.realpath(PYTHON)}\n") for state in states)
    return _is_ours() or (PYTHON.exists() and is_same_python)


def _make_environment() -> None:
    if find_spec("ensurepip") is None:
        sys.exit(
            "This Python cannot make virtual environments. On Debian and Ubuntu, install "
            f"python{sys.version_info.major}.{sys.version_info.minor}-venv first."
        )
    venv = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
    )
    if venv.returncode:
        lines = (venv.stderr or venv.stdout).strip().splitlines() or ["no reason"]
        sys.exit(f"Could not make a virtual environment in {VENV}: {lines[-1]}")


if __name__ == "__main__":
    install_posters()
