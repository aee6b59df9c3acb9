"""`manage.py archive`: copy every finished file into our own storage; `work` starts it."""

from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand

from tasks.archive import Archive
from tasks.management.installation import RUN_DIR, prepare_folder
from tasks.management.supervision import end_on_signals, only_one


class Command(BaseCommand):
    help = "Save the videos of succeeded tasks before their links end. 'work' runs it beside."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_folder()
        end_on_signals()
        refusal = f"An archive already runs for {RUN_DIR.parent}."
        with only_one(RUN_DIR / "archive.lock", refusal), suppress(KeyboardInterrupt):
            Archive().run()
