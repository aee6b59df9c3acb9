"""Checks of everything that a support person would ask about, part by part.

A part that fails is a result like any other: it never hides the parts after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tasks.management.doctor import (
    cost_checks,
    database_checks,
    file_checks,
    installation_checks,
    service_checks,
)
from tasks.management.doctor.report import DoctorResult, Level, broken, without_secrets

__all__ = ["DoctorResult", "Level", "run_checks"]


def run_checks(*, online: bool) -> Iterator[DoctorResult]:
    """Yield each result as it is found; `online` asks every provider one question."""
    parts: dict[str, Callable[[], Iterable[DoctorResult]]] = {
        "Versions": installation_checks.versions,
        "Data folder": installation_checks.data_folder,
        "Keys": installation_checks.key_files,
        "Settings": installation_checks.environment,
        "HTTPS": installation_checks.https,
        "System checks": installation_checks.system_checks,
        "Static files": installation_checks.static_files,
        "Database": database_checks.database,
        "Migrations": database_checks.migrations,
        "Work": database_checks.work,
        "Kept": database_checks.kept,
        "Costs": cost_checks.costs,
        "Bills": cost_checks.comparisons,
        "Spending": database_checks.sums_of_spending,
        "Credentials": partial(database_checks.credentials, online=online),
        "Callbacks": database_checks.callbacks_received,
        "Clock": database_checks.clock,
        "Disk": service_checks.disk,
        "Cache": service_checks.cache,
        "Storage": service_checks.storage,
        "Saved files": file_checks.saved_files,
        "Posters": service_checks.poster_maker,
        "Extras": service_checks.extras,
    }
    for subject, part in parts.items():
        try:
            yield from part()
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {without_secrets(str(error))}".rstrip(": ")
            yield broken(subject, reason, "This part could not be checked.")
