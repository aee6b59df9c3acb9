"""`manage.py restore`: a backup becomes this installation, or nothing is changed."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from tasks.management.backup import databases, media
from tasks.management.backup.archive import BackupError, FileRecord
from tasks.management.backup.restore import (
    Backup,
    check_media,
    holds_rows,
    missing_keys,
    open_backup,
    put_keys,
    require_fit,
    require_nobody_at_work,
)
from tasks.management.encrypted_secrets import credential_keys
from tasks.management.installation import RUN_DIR, prepare_folder
from tasks.management.supervision import manage, only_one

NAMED = 20  # missing files are named up to here, then counted

COPY_THEM = "Copy them into the storage of the videos, and look again with restore --check."
UNREADABLE = "What cannot be read is still called saved. Look again with restore --check."
UNSAVED = """\
They are no longer called saved. {again} will be fetched again, as their links still live;
{gone} are called gone. If you have the files: copy them into the storage of the videos, and run
restore --media-only, which calls saved again what is here byte for byte."""
NOT_EMPTY = (
    "This installation holds people, credentials or tasks. --force puts the backup in their "
    "place; what is there now is kept aside."
)
NO_KEYS = """\
The backup's credentials are sealed with keys that are not here: {missing}
Put your copy of credentials.keys into {folder} (chmod 600) and run this again. If there is
none any more, --retype-keys restores all the rest, and each provider's key is typed again."""


class Command(BaseCommand):
    help = "Put a backup in place, after looking through all of it. Stop Dailies first."
    requires_system_checks: list[str] = []  # an empty machine has no keys yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        part = parser.add_mutually_exclusive_group()
        part.add_argument(
            "--check", action="store_true", help="only look through it, and at the saved files"
        )
        part.add_argument(
            "--media-only",
            action="store_true",
            help="only put its media in place, and call saved again what is there",
        )
        parser.add_argument("--force", action="store_true", help="also where rows are already")
        parser.add_argument(
            "--retype-keys", action="store_true", help="also without the credentials' keys"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_folder()
        only_check, media_only = options["check"], options["media_only"]
        try:
            with ExitStack() as stack:
                backup = stack.enter_context(open_backup(options["file"]))
                require_fit(backup)
                if not (only_check or media_only):
                    refusal = f"Dailies runs from {settings.DATA_DIR}. Stop it first."
                    for name in ("up", "work", "archive"):
                        stack.enter_context(only_one(RUN_DIR / f"{name}.lock", refusal))
                    self._restore_database(backup, options)
                problems = self._check_media(backup, put=not only_check)
                if not only_check:
                    self._mark(problems, may_save=media_only)
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            where = error.filename or options["file"]
            raise CommandError(f"{where}: {error.strerror or error}") from None
        if only_check and any(problems.values()):
            raise CommandError(f"What was saved is not all here. {COPY_THEM}")

    def _restore_database(self, backup: Backup, options: dict[str, Any]) -> None:
        is_empty = _require_leave(backup, options)
        put_keys(backup)
        stamp = f"{timezone.now():%Y%m%d-%H%M%S}"
        aside = databases.current().restore(backup.database, stamp=stamp, keep=not is_empty)
        if aside:
            self.stdout.write(f"What was here is now {aside}.")
        _migrate()
        rows = sum(backup.manifest.rows.values())
        self.stdout.write(f"Restored {rows:,} rows as of {backup.manifest.made_at}.")
        if unreadable := [secret.name for secret in credential_keys() if not secret.is_readable]:
            self.stdout.write(f"Type the keys of these credentials again: {', '.join(unreadable)}.")

    def _check_media(self, backup: Backup, *, put: bool) -> dict[FileRecord, str]:
        """Check each saved file, putting the archive's in place if asked; name what is wrong."""
        number, problems = check_media(backup, put=put)
        if put and backup.manifest.has_media:
            self.stdout.write(f"Put {number} files into the storage.")
        wrong = [f"  {file.name}: {problem}" for file, problem in problems.items() if problem]
        well = len(problems) - len(wrong)
        self.stdout.write(f"Of {len(problems)} saved files, {well} are here, byte for byte.")
        if wrong:
            more = [f"  and {len(wrong) - NAMED} more"] if len(wrong) > NAMED else []
            self.stderr.write("\n".join([*wrong[:NAMED], *more]))
        return problems

    def _mark(self, problems: dict[FileRecord, str], *, may_save: bool) -> None:
        """Correct the rows of files that are here or missing; not of files that cannot be read."""
        now = timezone.now()
        here = [file for file, problem in problems.items() if not problem]
        if may_save and (back := media.mark_saved(here, now)):
            self.stdout.write(f"{back} of them were not, and are called saved again.")
        lost = {file.name: problem for file, problem in problems.items() if problem in media.LOST}
        again, gone = media.mark_lost(lost, now)
        if again or gone:
            self.stderr.write(UNSAVED.format(again=again, gone=gone))
        if any(problem not in ("", *media.LOST) for problem in problems.values()):
            self.stderr.write(UNREADABLE)


def _require_leave(backup: Backup, options: dict[str, Any]) -> bool:
    """Whether the installation is empty. Raises BackupError if it must not be replaced."""
    require_nobody_at_work()
    is_empty = not holds_rows()
    if not (is_empty or options["force"]):
        raise BackupError(NOT_EMPTY)
    missing = missing_keys(backup)
    if missing and not options["retype_keys"]:
        raise BackupError(NO_KEYS.format(missing=", ".join(missing), folder=settings.KEYS_DIR))
    return is_empty


def _migrate() -> None:
    """Migrate in a process of its own, which reads the keys that have just been put there.

    Without checks, as all of this command: `up` and `doctor` make them, when the rows are there.
    """
    connection.close()
    done = subprocess.run(
        manage("migrate", "--skip-checks", "--no-input", "-v0"),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["migrate said nothing"])[-1]
        raise BackupError(f"The rows are restored, but not migrated to this release: {reason}")
