"""`manage.py scrub`: check every saved file now, as the archive does little by little at night."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tasks.archive import scrub
from tasks.archive.stored_file import ENOUGH, Pace
from tasks.models import Copy

FAST = 2**40  # bytes a second: somebody waits for it
AWAY = (
    "The storage seems to be away: {reason}. Is its disk mounted, or its bucket the right one? "
    "If it is the right one, and the files are really gone: --storage-is-here."
)


class Command(BaseCommand):
    help = (
        "Check every saved file now, and have the archive fetch again what is missing or changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--storage-is-here",
            action="store_true",
            help="believe every loss, although most files are not there",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found: Counter[str] = Counter()
        last = 0
        while chosen := _after(last):
            others = None if options["storage_is_here"] else scrub.sample(ENOUGH, without=chosen)
            report = scrub.check(chosen, others, Pace(FAST, threading.Event()))
            scrub.record(report.findings, timezone.now())
            if report.away:
                raise CommandError(AWAY.format(reason=report.away))
            found.update(each.loss.damage if each.loss else "well" for each in report.findings)
            last = chosen[-1].pk
        words = ", ".join(f"{number} {what}" for what, number in sorted(found.items()))
        self.stdout.write(f"Of {found.total()} saved files: {words or 'none'}.")


def _after(pk: int) -> list[Copy]:
    saved = Copy.objects.saved().kept().filter(pk__gt=pk).order_by("pk")
    return list(saved.only(*scrub.NEEDED)[: scrub.BATCH])
