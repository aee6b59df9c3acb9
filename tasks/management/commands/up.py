"""`manage.py up`: everything, with one command."""

from __future__ import annotations

import http.client
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from tasks import door
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

PATIENCE = 30.0  # seconds for a server to answer for the first time
ANYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}


class Command(BaseCommand):
    help = "Start everything: what is missing is made, what dies is started again, Ctrl-C ends it."
    requires_system_checks: list[str] = []  # there may be no keys yet; `require_keys` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.allow_abbrev = False  # --demo chooses the data folder before this parser exists
        parser.add_argument("--demo", action="store_true", help="with a simulator and sample life")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=1, help="processes (default: 1)")
        parser.add_argument("--simulator-port", type=int, default=8901)
        parser.add_argument("--speed", type=float, default=1, help="of the simulator's time")

    def handle(self, *args: Any, **options: Any) -> None:
        installation.prepare_folder()
        running = f"Dailies already runs from {settings.DATA_DIR}."
        with only_one(installation.RUN_DIR / "up.lock", running):
            _require_ports(options)
            _prepare(options)
            _run(options)


def _require_ports(options: dict[str, Any]) -> None:
    require_free_port(options["host"], options["port"], "--port")
    if options["demo"]:
        require_free_port("127.0.0.1", options["simulator_port"], "--simulator-port")


def _prepare(options: dict[str, Any]) -> None:
    installation.require_same_kind(is_demo=options["demo"])
    if options["demo"]:
        installation.remember_simulator(f"127.0.0.1:{options['simulator_port']}")
    installation.make_keys()
    installation.require_keys()
    installation.migrate()
    installation.collect_static()


def _run(options: dict[str, Any]) -> None:
    end_on_signals()
    children = _children(options)
    try:
        for child in children:
            child.start()
        life = _begin_life(children, options) if options["demo"] else None
        _wait_for(children, options["host"], options["port"], "The web server")
        say(_welcome(options))
        _keep_alive(children, life)
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        _stop(children)


def _children(options: dict[str, Any]) -> list[Child]:
    """In the order they are started; they are stopped in the opposite one."""
    address = ["--host", options["host"], "--port", options["port"]]
    web = manage("web", CHECKED, *address, "--web-workers", options["web_workers"])
    children = [Child("web", web), Child("work", manage("work", CHECKED), grace=12)]
    if options["demo"]:
        state = ["--state", settings.DATA_DIR / "simulator.jsonl"]
        port = ["--port", options["simulator_port"], "--speed", options["speed"]]
        children.insert(0, Child("simulator", manage("simulator", *port, *state)))
    return children


def _begin_life(children: list[Child], options: dict[str, Any]) -> SampleLife:
    port = options["simulator_port"]
    _wait_for(children, "127.0.0.1", port, "The simulator", path="/")
    life = SampleLife(f"http://127.0.0.1:{port}")
    life.begin()
    return life


def _keep_alive(children: list[Child], life: SampleLife | None) -> None:
    while True:
        for child in children:
            child.keep_alive()
        if life:
            life.go_on()
        connection.close()  # between two turns nobody waits for this process
        time.sleep(0.5)


def _stop(children: list[Child]) -> None:
    """In turn, so that work ends before what it asks; a second Ctrl-C ends all at once."""
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
    base = settings.PUBLIC_URL or _local_url(options["host"], options["port"])
    lines = [f"  {label:<8}{text}" for label, text in _facts(base, is_demo=options["demo"])]
    return "\n".join(["", "Dailies is running.", "", *lines, ""])


def _local_url(host: str, port: int) -> str:
    host = ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _facts(base: str, *, is_demo: bool) -> list[tuple[str, str]]:
    last = [("Data", str(settings.DATA_DIR)), ("Stop", "Ctrl-C; start again to go on from there")]
    if is_demo:
        link = door.sign_in_url(base, make_account("demo"))
        return [("Open", link), ("", "lets you in as demo: once, within 15 minutes"), *last]
    if not door.has_accounts():
        link = door.sign_in_url(base)
        return [("Open", link), ("", "creates the first account: once, within 15 minutes"), *last]
    return [("Open", base + "/"), *last]
