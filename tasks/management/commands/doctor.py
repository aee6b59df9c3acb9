"""`manage.py doctor`: how everything is, in one screen."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks.management.doctor import Level, Line, examine


class Command(BaseCommand):
    help = "Look at everything; the exit code is 1 when something is broken."
    requires_system_checks: list[str] = []  # they are a part of what is looked at

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--online", action="store_true", help="also ask every provider")

    def handle(self, *args: Any, online: bool, **options: Any) -> None:
        levels: Counter[Level] = Counter()
        for line in examine(online=online):
            levels[line.level] += 1
            self._say(line)
        self.stdout.write(_sum_of(levels))
        if levels[Level.BROKEN]:
            sys.exit(1)

    def _say(self, line: Line) -> None:
        styles = {Level.OK: "SUCCESS", Level.LOOK: "WARNING", Level.BROKEN: "ERROR"}
        word = getattr(self.style, styles[line.level])(f"{line.level:<7}")
        self.stdout.write(f"{word} {line.subject}: {line.said}")
        if line.advice:
            self.stdout.write(f"        → {line.advice}")


def _sum_of(levels: Counter[Level]) -> str:
    if not levels[Level.LOOK] and not levels[Level.BROKEN]:
        return "All is well."
    return f"{levels[Level.BROKEN]} broken, {levels[Level.LOOK]} to look at."
