"""What the installation is made of: versions, folder, keys, settings, static files."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.core import checks

from seedance_site import keys, signing_in
from seedance_site import settings as site
from tasks import sealing
from tasks.management.backup.make import release, secret_keys
from tasks.management.doctor.lines import SECRET_NAMES, Line, broken, look, ok, without_secrets

PACKAGES = ("django", "django-q2", "granian", "httpx", "httpcore", "whitenoise", "cryptography")
ENVIRONMENT = re.compile(r"DAILIES_\w+|DATABASE_URL|REDIS_URL")


def versions() -> Iterator[Line]:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield ok("Dailies", f"{release()} on Python {platform.python_version()}, {system}")
    yield ok("Packages", ", ".join(f"{name} {version_of(name)}" for name in PACKAGES))


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def data_folder() -> Iterator[Line]:
    folder: Path = settings.DATA_DIR
    if not folder.is_dir():
        yield broken("Data folder", f"{folder} does not exist.", "Start with manage.py up.")
        return
    mode = folder.stat().st_mode & 0o777
    said = f"{folder}, mode {mode:o}" + (" (a demonstration)" if _is_demo(folder) else "")
    if mode & 0o077:
        yield look("Data folder", said, f"Others on this machine can look in: chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield broken("Data folder", f"{said}, not writable by us", "Give it to our account.")
    else:
        yield ok("Data folder", said)


def _is_demo(folder: Path) -> bool:
    return (folder / "demo").exists()


def key_files() -> Iterator[Line]:
    """Fingerprints tell keys apart and tell nothing of them."""
    in_environment = bool(os.environ.get("DAILIES_SECRET_KEY"))
    yield from _key_file("secret.key", secret_keys(), in_environment, fingerprints=False)
    from_file = settings.CREDENTIAL_KEYS_FILE is not None
    yield from _key_file("credentials.keys", list(sealing.keys_at_hand()), not from_file)


def _key_file(
    name: str, found: list[str], in_environment: bool, *, fingerprints: bool = True
) -> Iterator[Line]:
    path = settings.KEYS_DIR / name
    prints = ", ".join(map(keys.fingerprint, found)) if fingerprints else "there"
    if not found:
        yield broken(name, f"No key, neither in {path} nor in the environment.", _PUT_BACK)
    elif in_environment:
        yield ok(name, f"{prints}, from the environment")
    elif not keys.read_all(path):
        yield broken(name, f"{path} cannot be read any more.", _PUT_BACK)
    elif (mode := path.stat().st_mode & 0o777) & 0o077:
        yield look(name, f"{prints}, mode {mode:o}", f"Others can read it: chmod 600 {path}")
    else:
        yield ok(name, f"{prints}, mode {mode:o}")


_PUT_BACK = "Put your copy of it back; a new one opens nothing that the old one sealed."


def environment() -> Iterator[Line]:
    known = set(ENVIRONMENT.findall(f"{site.__doc__} {signing_in.__doc__}"))
    names = sorted(name for name in os.environ if ENVIRONMENT.fullmatch(name))
    shown = [_shown(name) for name in names if name in known]
    yield ok("Settings", ", ".join(shown) or "all as they come; none in the environment")
    for name in names:
        if name not in known:
            yield look("Settings", f"{name} is no setting.", "See seedance_site/settings.py.")
    if settings.DEBUG:
        yield look("Settings", "DEBUG shows tracebacks in browsers.", "Unset DAILIES_DEBUG.")


def _shown(name: str) -> str:
    is_secret = SECRET_NAMES.search(name)
    return f"{name} (set)" if is_secret else f"{name}={without_secrets(os.environ[name])}"


def system_checks() -> Iterator[Line]:
    found = checks.run_checks()
    for each in found:
        kind = broken if each.is_serious() else look
        hint = without_secrets(str(each.hint or ""))
        yield kind(f"Check {each.id}", without_secrets(str(each.msg)), hint)
    if not found:
        yield ok("System checks", "nothing to say")


def static_files() -> Iterator[Line]:
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        yield broken("Static files", f"{manifest} is missing.", "Run manage.py collectstatic.")
        return
    paths = json.loads(manifest.read_text())["paths"].values()
    missing = [path for path in paths if not (manifest.parent / path).exists()]
    if missing:
        yield broken("Static files", f"{len(missing)} are missing.", "Run manage.py collectstatic.")
    else:
        yield ok("Static files", f"{len(paths)} in {manifest.parent}")
