"""What must be there before anything is started: a folder, keys, tables, static files."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection

from seedance_site import keys
from tasks.management.supervision import refuse

MARK = settings.DATA_DIR / "demo"  # of a demonstration's folder
RUN_DIR = settings.DATA_DIR / "run"  # locks and marks; may be deleted whenever nothing runs


def prepare_folder() -> None:
    folder = settings.DATA_DIR
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        RUN_DIR.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=RUN_DIR):
            pass
    except OSError as error:
        refuse(
            f"Cannot write to the data folder {folder}: {error.strerror}. "
            "Choose another with DAILIES_DATA."
        )


def require_same_kind(*, is_demo: bool) -> None:
    """A demonstration stays one; a real installation never becomes one."""
    if is_new():
        if is_demo:
            MARK.touch()
    elif MARK.exists() and not is_demo:
        refuse(f"{settings.DATA_DIR} holds a demonstration; start it with --demo.")
    elif is_demo and not MARK.exists():
        refuse(
            f"{settings.DATA_DIR} holds a real installation; a demonstration needs a folder of "
            "its own. Choose another with DAILIES_DATA."
        )


def remember_simulator(address: str) -> None:
    """For every command on this folder: it is inside a private network, and may be asked there.

    The settings read it from the mark, so a folder that is no demonstration's never allows it.
    """
    MARK.write_text(f"{address}\n")


def is_new() -> bool:
    """There is no database yet, or nothing in it."""
    try:
        return "django_migrations" not in connection.introspection.table_names()
    except (DatabaseError, ImproperlyConfigured) as error:
        refuse(f"Cannot open the database: {' '.join(str(error).split())}")


def make_keys() -> None:
    """Keys for a new installation; then begin again, for the settings were read without them.

    An old one without its keys is told by `require_keys`: new ones would open nothing.
    """
    if not is_new() or (_has_secret_key() and settings.CREDENTIAL_KEYS):
        return
    keys.make_missing(settings.KEYS_DIR)
    for path in settings.KEYS_DIR.iterdir():
        if not keys.read_first(path):
            refuse(f"{path} is empty. Delete it, and start again.")
    os.execv(sys.executable, [sys.executable, *sys.argv])


def _has_secret_key() -> bool:
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's word for an empty one
        return False


def require_keys() -> None:
    if not _has_secret_key():
        refuse(
            f"{settings.KEYS_DIR / 'secret.key'} is gone. Put it back from a backup; if there is "
            "none, write 50 random characters into it, and everybody signs in again."
        )
    for problem in checks.run_checks():
        if problem.is_serious():
            refuse(f"{problem.msg} {problem.hint or ''}")


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def collect_static() -> None:
    """Copy, compress and fingerprint the static files, when one of them has changed."""
    mark, state = RUN_DIR / "static", _static_state()
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if manifest.exists() and mark.exists() and mark.read_text() == state:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(state)


def _static_state() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
