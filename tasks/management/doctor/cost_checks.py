"""Checks of costs: that sums hold, days are the site's, and bills are compared with the formula."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from tasks.billing import cost_sums
from tasks.management.doctor.report import DoctorResult, broken, ok, warning
from tasks.models import token_checks

REBUILD = "Run manage.py rebuild_costs."


def costs() -> Iterator[DoctorResult]:
    if wrong := cost_sums.days_that_differ():
        text = f"the sums of {len(wrong)} days are not those of their charges, {wrong[0]} first"
        yield broken("Costs", text, REBUILD)
    elif not cost_sums.days_are_the_sites():
        text = f"takes are on days of another time zone than {settings.TIME_ZONE}"
        yield warning("Costs", text, REBUILD)
    else:
        yield ok("Costs", "all sums are those of their charges")


def comparisons() -> Iterator[DoctorResult]:
    if number := token_checks.uncompared().count():
        text = f"the tokens of {number:,} takes were never compared with the documented formula"
        yield warning("Bills", text, REBUILD)
    else:
        yield ok("Bills", "all tokens are compared with the documented formula")
