"""`manage.py up`: everything, with one command."""

from __future__ import annotations

import http.client
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from tasks.management import installation
from tasks.management.demo import SampleLife, make_account
from tasks.management.supervision import (
    CHECKED,
    Child,
    end_on_signals,
    manage,
    only_one,
    refuse,
    require_free_port,
    say,
)
from tasks.management.web_address import ANYWHERE, local_url
from tasks.management.web_watch import LONGER, WEDGED
from tasks.team import signin

PATIENCE = 30.0  # seconds for a server to answer for the first time


class Command(BaseCommand):
    help = "Start everything: what is missing is made, what dies is started again, Ctrl-C ends it."
    requires_system_checks: list[str] = []  # there may be no keys yet; `require_keys` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.allow_abbrev = False  # --demo chooses the data folder before this parser exists
        parser.add_argument("--demo", action="store_true", help="with a simulator and sample life")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=1, help="processes (default: 1)")
        parser.add_argument(
            "--wedged", type=float, default=WEDGED, help="seconds before a hung process is replaced"
        )
        parser.add_argument("--simulator-port", type=int, default=8901)
        parser.add_argument(
            "--without-backup",
            action="store_true",
            help="migrate rows without saving them first to <data>/backups",
        )
        parser.add_argument("--speed", type=float, default=1, help="of the simulator's time")

    def handle(self, *args: Any, **options: Any) -> None:
        installation.prepare_folder()
        running = f"Dailies already runs from {settings.DATA_DIR}."
        with only_one(installation.RUN_DIR / "up.lock", running):
            require_free_port(options["host"], options["port"], "--port")
            if options["demo"]:
                require_free_port("127.0.0.1", options["simulator_port"], "--simulator-port")
            _prepare(options)
            _run(options)


def _prepare(options: dict[str, Any]) -> None:
    installation.require_same_kind(is_demo=options["demo"])
    if options["demo"]:
        installation.remember_simulator(f"127.0.0.1:{options['simulator_port']}")
    installation.make_keys()
    installation.require_keys()
    installation.begin_posters()
    installation.migrate(with_backup=not options["without_backup"])
    installation.collect_static()


def _run(options: dict[str, Any]) -> None:
    end_on_signals()
    children = _children(options)
    try:
        for child in children:
            child.start()
        sample_life = _begin_sample_life(children, options) if options["demo"] else None
        _wait_for(children, options["host"], options["port"], "The web server")
        say(_welcome(options))
        _keep_alive(children, sample_life)
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        _stop(children)


def _children(options: dict[str, Any]) -> list[Child]:
    """The child processes in the order in which they start; they are stopped in reverse order."""
    address = ["--host", options["host"], "--port", options["port"]]
    wedged, suspended = options["wedged"], LONGER * options["wedged"]
    web = manage(
        *("web", CHECKED, "--unsupervised", *address, "--web-workers", options["web_workers"]),
        *("--wedged", wedged),
    )
    work = manage("work", CHECKED)
    children = [
        Child("web", web, suspended=suspended),
        Child("work", work, grace=12, suspended=suspended),
    ]
    if options["demo"]:
        state = ["--state", settings.DATA_DIR / "simulator.jsonl"]
        port = ["--port", options["simulator_port"], "--speed", options["speed"]]
        simulator = manage("simulator", *port, *state)
        children.insert(0, Child("simulator", simulator, suspended=suspended))
    return children


def _begin_sample_life(children: list[Child], options: dict[str, Any]) -> SampleLife:
    port = options["simulator_port"]
    _wait_for(children, "127.0.0.1", port, "The simulator", path="/")
    sample_life = SampleLife(f"http://127.0.0.1:{port}")
    sample_life.begin()
    return sample_life


def _keep_alive(children: list[Child], sample_life: SampleLife | None) -> None:
    while True:
        for child in children:
            child.keep_alive()
        if sample_life:
            sample_life.go_on()
        connection.close()  # it is not needed until the next turn
        time.sleep(0.5)


def _stop(children: list[Child]) -> None:
    """Stop the children one by one, so that work ends before the simulator that it asks.

    A second Ctrl-C ends all of them at once.
    """
    try:
        for child in reversed(children):
            child.stop()
    except KeyboardInterrupt:
        for child in children:
            child.kill()


def _wait_for(
    children: list[Child], host: str, port: int, what: str, path: str = "/healthz"
) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(ANYWHERE.get(host, host), port, path):
        if time.monotonic() > deadline:
            refuse(f"{what} does not answer on port {port}.")
        for child in children:
            if not child.is_alive:
                refuse(f"Could not start '{child.name}'; what it said is above.")
        time.sleep(0.1)


def _answers(host: str, port: int, path: str) -> bool:
    request = http.client.HTTPConnection(host, port, timeout=5)
    try:
        request.request("GET", path)
        return request.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        request.close()


# What is printed once everything runs


def _welcome(options: dict[str, Any]) -> str:
    base = settings.PUBLIC_URL or local_url(options["host"], options["port"])
    lines = [f"  {label:<8}{text}" for label, text in _facts(base, is_demo=options["demo"])]
    return "\n".join(["", "Dailies is running.", "", *lines, ""])


def _facts(base: str, *, is_demo: bool) -> list[tuple[str, str]]:
    """Labelled lines: where to open the site, and how to stop it."""
    last = [("Data", str(settings.DATA_DIR)), ("Stop", "Ctrl-C; start again to go on from there")]
    if is_demo:
        link = signin.sign_in_url(base, make_account("demo"))
        return [("Open", link), ("", "lets you in as demo: once, within 15 minutes"), *last]
    if not signin.has_accounts():
        link = signin.sign_in_url(base)
        return [("Open", link), ("", "creates the first account: once, within 15 minutes"), *last]
    return [("Open", base + "/"), *last]
