"""`manage.py web`: the web server."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from granian import Granian
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.log import LogLevels

from tasks.management.supervision import require_free_port

#: As the server's own, but for what censors it: some of our addresses open something by themselves.
ACCESS_LOG = {
    "formatters": {
        "generic": {"format": "[%(levelname)s] %(message)s"},
        "access": {"()": "seedance_site.discretion.Formatter", "fmt": "%(message)s"},
    }
}


class Command(BaseCommand):
    help = "Serve the site. Put a TLS proxy in front of it, and set DAILIES_HTTPS=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=1, help="processes (default: 1)")
        # Threads are made when all others are busy and end after 30 s without work. Each download
        # that is taken slowly holds one, so there must be more than the cores keep busy.
        parser.add_argument("--threads", type=int, default=16, help="at most (default: 16)")
        parser.add_argument("--access-log", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        require_free_port(options["host"], options["port"], "--port")
        logging.getLogger("_granian").addFilter(_is_news)
        Granian(
            "seedance_site.wsgi:application",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            websockets=False,
            runtime_mode=RuntimeModes.st,
            workers=options["web_workers"],
            blocking_threads=options["threads"],
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
            log_access=options["access_log"],
            log_dictconfig=ACCESS_LOG,
        ).serve()


def _is_news(record: logging.LogRecord) -> bool:
    """Not that the threads are more than the cores: that is meant so, see above."""
    return "spawning up to" not in record.getMessage()
