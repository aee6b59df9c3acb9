"""Checks of the installation itself: versions, folder, keys, settings, static files."""

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

from seedance_site import auth_settings, keys
from seedance_site import settings as site
from tasks import encryption
from tasks.management.backup.create import release
from tasks.management.doctor.report import (
    SECRET_NAMES,
    DoctorResult,
    broken,
    ok,
    warning,
    without_secrets,
)
from tasks.management.encrypted_secrets import secret_keys
from tasks.monitoring import probes

PACKAGES = ("django", "django-q2", "granian", "httpx", "httpcore", "whitenoise", "cryptography")
ENVIRONMENT = re.compile(r"DAILIES_\w+|DATABASE_URL|REDIS_URL")


def versions() -> Iterator[DoctorResult]:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield ok("Dailies", f"{release()} on Python {platform.python_version()}, {system}")
    yield ok("Packages", ", ".join(f"{name} {version_of(name)}" for name in PACKAGES))


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def data_folder() -> Iterator[DoctorResult]:
    folder: Path = settings.DATA_DIR
    if not folder.is_dir():
        yield broken("Data folder", f"{folder} does not exist.", "Start with manage.py up.")
        return
    mode = folder.stat().st_mode & 0o777
    text = f"{folder}, mode {mode:o}"
    if (folder / "demo").exists():
        text += " (a demonstration)"
    if mode & (0o067 if settings.ACCEL_REDIRECT else 0o077):  # nginx passes through to the videos
        yield warning(
            "Data folder", text, f"Others on this machine can read it: chmod 700 {folder}"
        )
    elif not os.access(folder, os.W_OK):
        yield broken("Data folder", f"{text}, not writable by us", "Give it to our account.")
    else:
        yield ok("Data folder", text)


def key_files() -> Iterator[DoctorResult]:
    """Tell which keys are used. The system checks tell whether others can read their files.

    Fingerprints tell keys apart and tell nothing of them; SECRET_KEY may be too short for one.
    """
    secret, credential = secret_keys(), encryption.keys_at_hand()
    for name, found, fingerprints, from_environment in (
        ("secret.key", secret, ["there"], bool(os.environ.get("DAILIES_SECRET_KEY"))),
        (
            "credentials.keys",
            credential,
            map(keys.fingerprint, credential),
            settings.CREDENTIAL_KEYS_FILE is None,
        ),
    ):
        path = settings.KEYS_DIR / name
        if not found:
            text = f"No key, neither in {path} nor in the environment."
            advice = "Put your copy of it back; a new one opens nothing that the old one sealed."
            yield broken(name, text, advice)
        else:
            place = "from the environment" if from_environment else f"in {path}"
            yield ok(name, f"{', '.join(fingerprints)}, {place}")
    if secret and credential and (reason := probes.keys()):
        yield broken("credentials.keys", reason, "Put your copy of the old keys back.")


def environment() -> Iterator[DoctorResult]:
    known = set(ENVIRONMENT.findall(f"{site.__doc__} {auth_settings.__doc__}"))
    names = sorted(name for name in os.environ if ENVIRONMENT.fullmatch(name))
    presented = [
        f"{name} (set)"
        if SECRET_NAMES.search(name)
        else f"{name}={without_secrets(os.environ[name])}"
        for name in names
        if name in known
    ]
    yield ok("Settings", ", ".join(presented) or "all as they come; none in the environment")
    for name in names:
        if name not in known:
            yield warning("Settings", f"{name} is no setting.", "See seedance_site/settings.py.")
    if settings.DEBUG:
        yield warning("Settings", "DEBUG shows tracebacks in browsers.", "Unset DAILIES_DEBUG.")


def https() -> Iterator[DoctorResult]:
    """Tell what is redirected: it hangs on a header that only the proxy in front can send."""
    if not settings.HTTPS:
        return
    header = "X-Forwarded-Proto"
    text = f"plain HTTP is redirected where the proxy sends {header}: http; nothing without it"
    yield ok("HTTPS", text)


def system_checks() -> Iterator[DoctorResult]:
    found = checks.run_checks()
    for each in found:
        result = broken if each.is_serious() else warning
        hint = without_secrets(str(each.hint or ""))
        yield result(f"Check {each.id}", without_secrets(str(each.msg)), hint)
    if not found:
        yield ok("System checks", "nothing to say")


def static_files() -> Iterator[DoctorResult]:
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        yield broken("Static files", f"{manifest} is missing.", "Run manage.py collectstatic.")
    elif missing := probes.missing_static_files():
        yield broken("Static files", f"{len(missing)} are missing.", "Run manage.py collectstatic.")
    else:
        number = len(json.loads(manifest.read_text())["paths"])
        yield ok("Static files", f"{number} in {manifest.parent}")
