"""The installation: its folder, keys, tables and static files, made before anything is started."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from seedance_site import bootstrap, keys
from tasks.management import upgrade
from tasks.management.backup import restore
from tasks.management.backup.archive import BackupError
from tasks.management.backup.create import create_backup
from tasks.management.supervision import Child, refuse, say
from tasks.management.upgrade import UpgradeError

DEMO_MARK = settings.DATA_DIR / "demo"  # exists in the folder of a demonstration
RUN_DIR = settings.DATA_DIR / "run"  # locks and marks; may be deleted whenever nothing runs
BACKUPS = settings.DATA_DIR / "backups"
AUTOMATIC, KEPT_BACKUPS = "before-upgrade-????????-??????.tar", 3


def prepare_folder() -> None:
    folder = settings.DATA_DIR
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        RUN_DIR.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=RUN_DIR):
            pass
        keep_private()
    except OSError as error:
        refuse(
            f"Cannot write to the data folder {folder}: {error.strerror}. "
            "Choose another with DAILIES_DATA."
        )


def keep_private() -> None:
    """Take from others what they may of the data folder and its database, whoever made them.

    A folder of another account, as some containers mount it, stays as it is; a check warns of it.
    The group may pass through to the videos where nginx sends them.
    """
    folder_mode = 0o710 if settings.ACCEL_REDIRECT else 0o700
    for path, most in ((settings.DATA_DIR, folder_mode), *((each, 0o600) for each in _databases())):
        with suppress(PermissionError, FileNotFoundError):
            mode = path.stat().st_mode & 0o777
            if mode & ~most:
                path.chmod(mode & most)


def _databases() -> list[Path]:
    """SQLite's file and its logs, as far as they exist."""
    if connection.vendor != "sqlite":
        return []
    name = str(connection.settings_dict["NAME"])
    files = [Path(f"{name}{suffix}") for suffix in ("", "-wal", "-shm")]
    return [file for file in files if file.exists()]


def require_same_kind(*, is_demo: bool) -> None:
    """Keep a demonstration a demonstration, and a real installation a real one; or refuse."""
    if is_new():
        if is_demo:
            DEMO_MARK.touch()
    elif DEMO_MARK.exists() and not is_demo:
        refuse(f"{settings.DATA_DIR} holds a demonstration; start it with --demo.")
    elif is_demo and not DEMO_MARK.exists():
        refuse(
            f"{settings.DATA_DIR} holds a real installation; a demonstration needs a folder of "
            "its own. Choose another with DAILIES_DATA."
        )


def remember_simulator(address: str) -> None:
    """Allow requests to the simulator's private address, for every command on this folder.

    The settings read it from the mark, so only a demonstration's folder allows it.
    """
    DEMO_MARK.write_text(f"{address}\n")


def is_new() -> bool:
    """Whether there is no database yet, or nothing in it."""
    try:
        return "django_migrations" not in connection.introspection.table_names()
    except (DatabaseError, ImproperlyConfigured) as error:
        refuse(f"Cannot open the database: {' '.join(str(error).split())}")


def make_keys() -> None:
    """Make keys for a new installation, then restart: the settings were read without them.

    An old installation without its keys is left to `require_keys`: new keys would open nothing.
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


def require_takeover() -> None:
    """Refuse the database of another release; one that does not answer may come back later."""
    try:
        upgrade.require_takeover()
    except UpgradeError as error:
        refuse(str(error))
    except DatabaseError:
        pass
    finally:
        connection.close()


def migrate(*, with_backup: bool = True) -> None:
    """Migrate the database, after a backup when it holds rows; wait while another process does."""
    try:
        with upgrade.alone():
            upgrade.require_takeover()
            if with_backup and _lacks_migrations() and restore.holds_rows():
                _back_up()
            call_command(Migrate(), interactive=False, verbosity=0)
            keep_private()  # the database may be new
    except UpgradeError as error:
        refuse(str(error))


def _lacks_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _back_up() -> None:
    """Save the database without keys and media, and keep the last three such backups.

    A restore of it needs the keys that are here, and the saved files stay where they are.
    Raises UpgradeError.
    """
    now = timezone.now()
    path = BACKUPS / f"before-upgrade-{now:%Y%m%d-%H%M%S}.tar"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _, warnings = create_backup(path, now=now)
    except (BackupError, DatabaseError, OSError) as error:
        raise UpgradeError(
            f"The database was not migrated, for it could not be backed up first. "
            f"{' '.join(str(error).split())} To go on without: up --without-backup."
        ) from None
    say("\n".join([f"Before migrating, the database was saved as {path}.", *warnings]))
    for old in sorted(BACKUPS.glob(AUTOMATIC))[:-KEPT_BACKUPS]:
        old.unlink(missing_ok=True)


def begin_posters() -> Child | None:
    """Install PyAV where it is missing, in a process that ends with this one.

    Nothing waits for it: the archive makes posters from the first video after it is there.
    """
    if not bootstrap.misses_posters():
        return None
    pip = Child("posters", [sys.executable, "-I", str(bootstrap.__file__)], grace=1)
    pip.start()
    threading.Thread(target=pip.wait, daemon=True).start()  # so that it leaves no zombie
    return pip


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
