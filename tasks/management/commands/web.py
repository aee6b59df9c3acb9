"""`manage.py web`: the web server."""

from __future__ import annotations

import resource
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels

from tasks.management import web_watch
from tasks.management.installation import keep_private, require_takeover
from tasks.management.supervision import require_free_port
from tasks.management.web_address import local_url, recorded
from tasks.management.web_server import load

#: The server's own format, redacted: whoever has certain addresses of ours needs no password.
ACCESS_LOG = {
    "formatters": {
        "generic": {
            "()": "tasks.encryption.redaction.Formatter",
            "fmt": "[%(levelname)s] %(message)s",
        },
        "access": {"()": "tasks.encryption.redaction.Formatter", "fmt": "%(message)s"},
    }
}


#: Open connections of a process, idle ones and half-sent heads included. With granian's own 1,024,
#: as many half-sent heads stop everybody; 1,500 are not noticed among so many.
CONNECTIONS = 8192
#: Bytes of a head at most, and of what a connection keeps in memory of its answer.
HEAD_BYTES = 64 * 1024
#: Seconds that a stop waits for requests. Without a limit it waits for the slowest of all senders.
STOP_SECONDS = 3


class Command(BaseCommand):
    help = "Serve the site. Put a TLS proxy in front of it, and set DAILIES_HTTPS=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=1, help="processes (default: 1)")
        # Threads are started when all others are busy. They wait for the database and the disk,
        # never for a visitor, so there should be more of them than the cores can keep busy.
        parser.add_argument("--threads", type=int, default=16, help="at most (default: 16)")
        parser.add_argument("--access-log", action="store_true")
        parser.add_argument(
            "--wedged",
            type=float,
            default=web_watch.WEDGED,
            help="seconds without a heartbeat before a process is replaced (default: 25)",
        )
        parser.add_argument(
            "--unsupervised", action="store_true", help="for a supervisor, which starts it again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_free_port(options["host"], options["port"], "--port")
        require_takeover()
        keep_private()
        if not options["unsupervised"]:
            web_watch.supervise(options["wedged"])
            return
        server = Granian(
            "the site behind its front",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.ASGINL,
            loop=Loops.asyncio,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(
                header_read_timeout=settings.HEAD_SECONDS * 1000, max_buffer_size=HEAD_BYTES
            ),
            websockets=False,
            runtime_mode=RuntimeModes.st,
            workers=options["web_workers"],
            backlog=CONNECTIONS // 2,
            backpressure=_connections(),
            workers_kill_timeout=STOP_SECONDS,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
            log_access=options["access_log"],
            log_dictconfig=ACCESS_LOG,
        )
        with recorded(local_url(options["host"], options["port"])):
            web_watch.serve(
                server,
                load,
                threads=options["threads"],
                wedged=options["wedged"],
            )


def _connections() -> int:
    """The number of connections that leave half of a process's files to everything else.

    Systems let a process open few files, often 1,024, until it asks for more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, soft // 2)
