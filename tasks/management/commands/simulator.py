"""`manage.py simulator`: a pretend provider in a process of its own."""

from __future__ import annotations

import signal
import sys
import textwrap
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

import tasks.simulator
from tasks.simulator.demo import seed
from tasks.simulator.server import Server
from tasks.simulator.world import World


class Command(BaseCommand):
    """Serve until told to stop; needs neither database nor settings of the site."""

    help = textwrap.dedent(tasks.simulator.__doc__ or "")
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Keep the tables of the help text as they are written."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, required=True, help="0 takes any free one")
        parser.add_argument("--speed", type=_speed, default=1.0, help="10: ten times as fast")
        parser.add_argument("--state", type=Path, help="JSONL file that keeps the tasks")
        parser.add_argument("--limits", action="store_true", help="Ark's real rate limits")
        parser.add_argument(
            "--no-accidents",
            action="store_true",
            help="without it about one task in ten fails by dice; with it only where asked to",
        )
        parser.add_argument(
            "--seed-demo", action="store_true", help="begin with sample tasks of the key sim-demo"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        world = _world(options)
        server = _listen(options["host"], options["port"], world)
        if options["seed_demo"] and not len(world.tasks):
            seed(world)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)
        self.stdout.write(f"Simulator listens on http://{server.address}/ (keys begin with sim-)")
        self.stdout.flush()
        with server:
            server.serve_forever(poll_interval=0.05)  # as late may a callback be


def _world(options: dict[str, Any]) -> World:
    try:
        return World(
            speed=options["speed"],
            state=options["state"],
            limits=options["limits"],
            accidents=not options["no_accidents"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"Cannot read --state {options['state']}: {error}") from error


def _listen(host: str, port: int, world: World) -> Server:
    try:
        return Server((host, port), world)
    except (OSError, OverflowError) as error:
        raise CommandError(f"Cannot listen on {host}:{port}: {error}") from error


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 100_000:
        raise ValueError(text)
    return speed


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(0)
