"""`manage.py work`: the django-q2 cluster, and the watch over it."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks.management.installation import RUN_DIR, prepare_folder
from tasks.management.supervision import Child, end_on_signals, manage, only_one
from tasks.management.watch import Watch


class Command(BaseCommand):
    help = "Refresh the tasks, and start the workers again whenever they fall silent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--quiet", type=float, default=6, help="seconds without a heartbeat before a new sweep"
        )
        parser.add_argument(
            "--wedged", type=float, default=45, help="… and before the workers are started again"
        )
        parser.add_argument(
            "--grace", type=float, default=8, help="seconds for running jobs when asked to end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_folder()
        end_on_signals()
        refusal = f"Another 'work' already runs for {RUN_DIR.parent}."
        cluster = Child("cluster", manage("qcluster"), grace=options["grace"], piped=False)
        watch = Watch(
            cluster, RUN_DIR / "cluster", quiet=options["quiet"], wedged=options["wedged"]
        )
        with only_one(RUN_DIR / "work.lock", refusal):
            try:
                self._watch(watch, pause=min(1.0, options["quiet"] / 3))
            except KeyboardInterrupt:
                pass
            finally:
                watch.stop()

    def _watch(self, watch: Watch, pause: float) -> None:
        watch.start()
        while True:
            watch.look()
            time.sleep(pause)
