"""`manage.py rebuild_costs`: make the sums of costs anew, and compare all bills once more."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tasks.billing import cost_sums
from tasks.models import Charge, token_checks


class Command(BaseCommand):
    help = (
        "Make the sums of costs anew from the charges, each on its day in the site's time zone: "
        "after doctor has found them wrong, or TIME_ZONE has changed. Tokens are compared with the "
        "documented formula as well, also of takes that were charged before Dailies did that."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        number = cost_sums.rebuild()
        self.stdout.write(f"Made {number:,} sums anew.")
        compared = token_checks.check(Charge.objects.all())
        self.stdout.write(f"Compared all tokens with the formula; changed of {compared:,} takes.")
