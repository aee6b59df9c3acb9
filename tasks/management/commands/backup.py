"""`manage.py backup`: the whole installation in one file, while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from tasks.management.backup.archive import BackupError
from tasks.management.backup.create import create_backup

KEYS_INSIDE = (
    "The keys are inside: whoever reads this file can use every provider account. Keep it as "
    "you keep a password."
)
KEYS_OUTSIDE = "The keys are not inside. Keep a copy of {folder} in another place."


class Command(BaseCommand):
    help = "Save database and list of media in one file; keys and media themselves only if asked."
    requires_system_checks: list[str] = []  # an installation without its keys is worth saving, too

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, help="default: <data>/backups/dailies-<time>.tar"
        )
        parser.add_argument("--with-keys", action="store_true", help="keys too: a secret file then")
        parser.add_argument("--with-media", action="store_true", help="the saved files too")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        default = settings.DATA_DIR / "backups" / f"dailies-{now:%Y%m%d-%H%M%S}.tar"
        path: Path = (options["file"] or default).absolute()
        contents = {name: options[name] for name in ("with_keys", "with_media")}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            manifest, warnings = create_backup(path, now=now, **contents)
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"Cannot write {path}: {error.strerror or error}.") from None
        rows, size = sum(manifest.rows.values()), path.stat().st_size
        self.stdout.write(f"{path}: {rows:,} rows, {size / 1e6:,.1f} MB.")
        if manifest.has_keys:
            self.stderr.write(KEYS_INSIDE)
        else:
            self.stdout.write(KEYS_OUTSIDE.format(folder=settings.KEYS_DIR))
        if warnings:
            raise CommandError("\n".join([*warnings, "The backup was made without these."]))
