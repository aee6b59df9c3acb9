"""Everything a support person would ask about, looked at part by part.

A part that fails is a line like any other: it never hides the parts after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tasks.management.doctor import house, outside, rows
from tasks.management.doctor.lines import Level, Line, broken, without_secrets

__all__ = ["Level", "Line", "examine"]

Part = Callable[[], Iterable[Line]]


def examine(*, online: bool) -> Iterator[Line]:
    """Line after line, as they are found; `online` asks every provider one question."""
    for subject, part in _parts(online=online):
        yield from _lines_of(subject, part)


def _parts(*, online: bool) -> list[tuple[str, Part]]:
    return [
        ("Versions", house.versions),
        ("Data folder", house.data_folder),
        ("Keys", house.key_files),
        ("Settings", house.environment),
        ("System checks", house.system_checks),
        ("Static files", house.static_files),
        ("Database", rows.database),
        ("Migrations", rows.migrations),
        ("Work", rows.work),
        ("Credentials", partial(rows.credentials, online=online)),
        ("Callbacks", rows.called_back),
        ("Copies", rows.copies),
        ("Disk", outside.disk),
        ("Clock", outside.clock),
        ("Cache", outside.cache),
        ("Storage", outside.storage),
        ("Extras", outside.extras),
    ]


def _lines_of(subject: str, part: Part) -> Iterator[Line]:
    try:
        yield from part()
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {without_secrets(str(error))}".rstrip(": ")
        yield broken(subject, said, "This part could not be looked at.")
