"""`manage.py export`: write the exports that wait, then end; `work` starts it when one does."""

import os
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand

from tasks.management.installation import RUN_DIR, prepare_folder
from tasks.management.supervision import end_on_signals, only_one
from tasks.web.costs.export_files import write_all

NICENESS = 10  # pages and sweeps come first


class Command(BaseCommand):
    help = "Write the Excel files people asked for. 'work' starts it when one is waiting."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_folder()
        end_on_signals()
        os.nice(NICENESS)
        refusal = f"Exports are already being written for {RUN_DIR.parent}."
        with only_one(RUN_DIR / "export.lock", refusal), suppress(KeyboardInterrupt):
            write_all()
