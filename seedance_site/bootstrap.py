"""From a fresh clone to a running command: a virtual environment, filled from the lock file.

Standard library only, for this runs before anything is installed. Works where the system's Python
forbids global installs, because it never installs globally.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK, DEV_LOCK = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
#: What an environment of one's own must have to be used as it is.
PACKAGES = ("django", "django_q", "django_htmx", "httpx", "granian", "whitenoise", "cryptography")
DEV_PACKAGES = ("pytest", "pytest_django", "hypothesis")


def enter_environment(argv: list[str]) -> None:
    """Go on in .venv, installing first what the command's lock file asks for and is not there.

    Whoever runs another environment of their own, with the packages in it, is left there.
    """
    is_test = argv[1:2] == ["test"]
    if not _is_ours():
        if _has(PACKAGES + (DEV_PACKAGES if is_test else ())):
            return
        _prepare(DEV_LOCK if is_test else LOCK)
        _go_on(argv)
    elif not _is_installed(DEV_LOCK if is_test else LOCK):
        _prepare(DEV_LOCK if is_test else LOCK)


def choose_data_folder(argv: list[str]) -> None:
    """A demonstration never mixes with the real thing; settings are read before a command is."""
    if argv[1:2] == ["up"] and "--demo" in argv:
        os.environ.setdefault("DAILIES_DATA", str(ROOT / "data-demo"))
        for name in ("DATABASE_URL", "REDIS_URL", "DAILIES_S3_BUCKET"):
            os.environ.pop(name, None)


def _is_ours() -> bool:
    return Path(sys.prefix).resolve() == VENV.resolve()


def _has(packages: tuple[str, ...]) -> bool:
    return all(find_spec(name) for name in packages)


def _go_on(argv: list[str]) -> NoReturn:
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *argv])


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
    """Two commands started together install one after the other."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _is_installed(lock: Path) -> bool:
    """The developers' lock holds everything of the usual one, so it serves both."""
    return any(_read(_mark(each)) == _state(each) for each in (DEV_LOCK, lock))


def _mark(lock: Path) -> Path:
    return VENV / f"{lock.name}.installed"


def _state(lock: Path) -> str:
    """Which packages, and for which Python: an upgraded one does not see them any more."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {os.path.realpath(PYTHON)}\n"


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _install(lock: Path) -> None:
    """The mark is written last and removed first: what was interrupted is begun afresh."""
    print(f"Installing what Dailies needs into {VENV.name}/ …", flush=True)
    if not _is_whole():
        _make_environment()
    for each in (LOCK, DEV_LOCK):
        _mark(each).unlink(missing_ok=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    environment = os.environ | {"PIP_USER": "0"}  # a person's own wish, impossible in here
    installed = subprocess.run(
        [*pip, "--require-hashes", "-r", str(lock)], env=environment, check=False
    )
    if installed.returncode:
        sys.exit("Could not install the packages; pip says above what was in the way.")
    _mark(lock).write_text(_state(lock))


def _is_whole() -> bool:
    """Some lock file was installed to its end, with the Python that is there now."""
    states = [_read(_mark(lock)) for lock in (LOCK, DEV_LOCK)]
    is_same_python = any(state.endswith(f" {os.path.realpath(PYTHON)}\n") for state in states)
    return _is_ours() or (PYTHON.exists() and is_same_python)


def _make_environment() -> None:
    if find_spec("ensurepip") is None:
        sys.exit(
            "This Python cannot make virtual environments. On Debian and Ubuntu, install "
            f"python{sys.version_info.major}.{sys.version_info.minor}-venv first."
        )
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
    )
    if made.returncode:
        said = (made.stderr or made.stdout).strip().splitlines()
        sys.exit(
            f"Could not make a virtual environment in {VENV}: {said[-1] if said else 'no reason'}"
        )
