"""`manage.py rebuild_costs`: make the sums of costs anew from the charges."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tasks.billing import cost_sums


class Command(BaseCommand):
    help = (
        "Make the sums of costs anew from the charges, each on its day in the site's time zone: "
        "after doctor has found them wrong, or TIME_ZONE has changed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        number = cost_sums.rebuild()
        self.stdout.write(f"Made {number:,} sums anew.")
