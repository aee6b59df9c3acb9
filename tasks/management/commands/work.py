"""`manage.py work`: the django-q2 cluster, the archive, exports, and the watch over them."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks.archive import LEASE as ARCHIVE
from tasks.archive import LEASE_SECONDS
from tasks.management.export_watch import ExportWatch
from tasks.management.installation import RUN_DIR, prepare_folder, require_takeover
from tasks.management.supervision import (
    CHECKED,
    SUSPENDED,
    Child,
    end_on_signals,
    manage,
    only_one,
)
from tasks.management.watch import ClusterWatch, Watch
from tasks.monitoring import damage


class Command(BaseCommand):
    help = "Refresh tasks and save videos; start the workers again whenever they fall silent."

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
        require_takeover()
        end_on_signals()
        refusal = f"Another 'work' already runs for {RUN_DIR.parent}."
        with only_one(RUN_DIR / "work.lock", refusal):
            damage.begin_checks()
            _keep_watch(_watches(options), pause=min(1.0, options["quiet"] / 3))


def _watches(options: dict[str, Any]) -> list[Watch | ExportWatch]:
    quiet, wedged, grace = (options[name] for name in ("quiet", "wedged", "grace"))
    how: dict[str, Any] = {"grace": grace, "piped": False, "suspended": min(wedged, SUSPENDED)}
    cluster = Child("cluster", manage("qcluster", CHECKED), **how)
    archive = Child("archive", manage("archive", CHECKED), **how)
    return [
        ClusterWatch(cluster, RUN_DIR / "cluster", quiet=quiet, wedged=wedged),
        Watch(archive, RUN_DIR / "archive", lease=ARCHIVE, wedged=max(wedged, 2 * LEASE_SECONDS)),
        ExportWatch(Child("export", manage("export", CHECKED), **how)),
    ]


def _keep_watch(watches: list[Watch | ExportWatch], pause: float) -> None:
    try:
        for watch in watches:
            watch.start()
        while True:
            for watch in watches:
                watch.check()
            time.sleep(pause)
    except KeyboardInterrupt:
        pass
    finally:
        for watch in reversed(watches):
            watch.stop()
