"""`manage.py web`: the web server."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from tasks.management.supervision import require_free_port


class Command(BaseCommand):
    help = "Serve the site. Put a TLS proxy in front of it, and set DAILIES_HTTPS=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=1, help="processes (default: 1)")
        # Without a number Granian takes one thread a backlog place: slower, and 514 MB against 157.
        parser.add_argument("--threads", type=int, default=4, help="each process's (default: 4)")
        parser.add_argument("--access-log", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        require_free_port(options["host"], options["port"], "--port")
        Granian(
            "seedance_site.wsgi:application",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.WSGI,
            workers=options["web_workers"],
            blocking_threads=options["threads"],
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
            log_access=options["access_log"],
        ).serve()
