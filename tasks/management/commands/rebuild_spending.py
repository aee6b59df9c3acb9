"""`manage.py rebuild_spending`: count the sums of spending anew from the charges."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tasks.billing import spending


class Command(BaseCommand):
    """Mend the sums that budgets are checked against, where `doctor` says they are wrong."""

    help = "Count the sums of spending anew from the charges; creates wait meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = spending.wrong_sums()
        number = spending.rebuild()
        self.stdout.write(f"{number} sums counted anew; {wrong} were wrong.")
