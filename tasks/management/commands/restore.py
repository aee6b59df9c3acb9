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

from tasks.management.backup import databases, put_back, settle
from tasks.management.backup.archive import BadArchive, Medium
from tasks.management.backup.databases import CannotDo
from tasks.management.backup.put_back import Backup, Refused
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
        try:
            with put_back.opened(options["file"]) as backup:
                put_back.require_that_it_fits(backup)
                if options["media_only"]:
                    self._put_media(backup)
                elif not options["check"]:
                    self._restore(backup, options)
                found = self._look_at_media(backup)
                if not options["check"]:
                    self._settle(found, is_later=options["media_only"])
        except (BadArchive, CannotDo, Refused, DatabaseError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            where = error.filename or options["file"]
            raise CommandError(f"{where}: {error.strerror or error}") from None
        if options["check"] and any(found.values()):
            raise CommandError(f"What was saved is not all here. {COPY_THEM}")

    def _restore(self, backup: Backup, options: dict[str, Any]) -> None:
        with ExitStack() as alone:
            for name in ("up", "work", "archive"):
                refusal = f"Dailies runs from {settings.DATA_DIR}. Stop it first."
                alone.enter_context(only_one(RUN_DIR / f"{name}.lock", refusal))
            is_empty = _require_leave(backup, options)
            self._put(backup, keep=not is_empty)

    def _put(self, backup: Backup, *, keep: bool) -> None:
        put_back.put_keys(backup)
        stamp = f"{timezone.now():%Y%m%d-%H%M%S}"
        aside = databases.current().replaced_by(backup.database, stamp=stamp, keep=keep)
        if aside:
            self.stdout.write(f"What was here is now {aside}.")
        _migrate()
        rows = sum(backup.manifest.rows.values())
        self.stdout.write(f"Restored {rows:,} rows as of {backup.manifest.made_at}.")
        self._put_media(backup)
        if closed := put_back.unreadable():
            self.stdout.write(f"Type the keys of these credentials again: {', '.join(closed)}.")

    def _put_media(self, backup: Backup) -> None:
        if backup.manifest.has_media:
            self.stdout.write(f"Put {put_back.put_media(backup)} files into the storage.")

    def _look_at_media(self, backup: Backup) -> dict[Medium, str]:
        """Each saved file, and why it is not what it was; tell of those that are not."""
        media = [medium for medium in backup.listed() if not medium.is_poster]
        found = {medium: put_back.trouble_of(medium) for medium in media}
        troubles = [f"  {medium.name}: {said}" for medium, said in found.items() if said]
        well = len(media) - len(troubles)
        self.stdout.write(f"Of {len(media)} saved files, {well} are here, byte for byte.")
        if troubles:
            more = [f"  and {len(troubles) - NAMED} more"] if len(troubles) > NAMED else []
            self.stderr.write("\n".join([*troubles[:NAMED], *more]))
        return found

    def _settle(self, found: dict[Medium, str], *, is_later: bool) -> None:
        """Have the rows say what is true of the files; of what cannot be read nothing is known."""
        now = timezone.now()
        here = [medium for medium, said in found.items() if not said]
        if is_later and (back := settle.call_saved(here, now)):
            self.stdout.write(f"{back} of them were not, and are called saved again.")
        lost = [medium.name for medium, said in found.items() if said in put_back.LOST]
        again, gone = settle.call_missing(lost, now)
        if again or gone:
            self.stderr.write(UNSAVED.format(again=again, gone=gone))
        if any(said not in ("", *put_back.LOST) for said in found.values()):
            self.stderr.write(UNREADABLE)


def _require_leave(backup: Backup, options: dict[str, Any]) -> bool:
    """Whether the installation is empty, when nothing speaks against restoring into it."""
    put_back.require_nobody_at_work()
    is_empty = not put_back.holds_rows()
    if not (is_empty or options["force"]):
        raise Refused(NOT_EMPTY)
    missing = put_back.missing_keys(backup)
    if missing and not options["retype_keys"]:
        raise Refused(NO_KEYS.format(missing=", ".join(missing), folder=settings.KEYS_DIR))
    return is_empty


def _migrate() -> None:
    """In a process of its own, which reads the keys that have just been put there.

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
        said = done.stderr.strip().splitlines() or ["migrate said nothing"]
        raise CannotDo(f"The rows are restored, but not migrated to this release: {said[-1]}")
