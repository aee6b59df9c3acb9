"""`manage.py doctor`: the state of everything, on one screen."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks.management.doctor import Level, run_checks

STYLES = {Level.OK: "SUCCESS", Level.WARNING: "WARNING", Level.BROKEN: "ERROR"}


class Command(BaseCommand):
    help = "Check everything; the exit code is 1 when something is broken."
    requires_system_checks: list[str] = []  # they are among the checks below

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--online", action="store_true", help="also ask every provider")

    def handle(self, *args: Any, online: bool, **options: Any) -> None:
        levels: Counter[Level] = Counter()
        for result in run_checks(online=online):
            levels[result.level] += 1
            word = getattr(self.style, STYLES[result.level])(f"{result.level:<7}")
            self.stdout.write(f"{word} {result.subject}: {result.text}")
            if result.advice:
                self.stdout.write(f"        → {result.advice}")
        warnings, broken = levels[Level.WARNING], levels[Level.BROKEN]
        if warnings or broken:
            self.stdout.write(f"{broken} broken, {warnings} warnings.")
        else:
            self.stdout.write("All is well.")
        if broken:
            sys.exit(1)
