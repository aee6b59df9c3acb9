"""Names under which people keep saved files: project, first words of the prompt, task id."""

from __future__ import annotations

import unicodedata
from itertools import count
from pathlib import PurePosixPath

from tasks.models import Task

#: The longest parts in bytes: even a Chinese name stays below the 255 that file systems take.
PROJECT, WORDS, ID = 50, 80, 70
FIRST_WORDS = 10
#: Unicode categories that are kept: letters, their marks, digits. Separators, quotes and what turns
#: the direction of text are dropped.
KEPT = ("L", "M", "N")


def file_name(task: Task, suffix: str, part: str = "") -> str:
    """The name of a file, like «Dailies - A paper boat - cgt-2026….mp4».

    `part` names a file that is not the task's video; `suffix` is ours, with its dot.
    """
    words = " ".join(task.prompt[:400].split()[:FIRST_WORDS])
    parts = [
        _plain(task.project.name, PROJECT),
        _plain(words, WORDS),
        _plain(task.remote_id, ID),
        _plain(part, ID),
    ]
    return " - ".join(filter(None, parts)) + suffix


def _plain(text: str, most: int) -> str:
    """The text as any file system takes it, in `most` bytes at the most."""
    spaced = "".join(
        letter if letter in "-_" or unicodedata.category(letter).startswith(KEPT) else " "
        for letter in unicodedata.normalize("NFC", text)
    )
    cut = " ".join(spaced.split()).encode(errors="ignore")[:most]
    return cut.decode(errors="ignore").strip(" -")


class UniqueNames:
    """Names made unique: the second of a name becomes «name (2)», whatever its case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def __call__(self, name: str) -> str:
        path, free = PurePosixPath(name), name
        numbers = count(2)
        while free.casefold() in self._taken:
            free = f"{path.stem} ({next(numbers)}){path.suffix}"
        self._taken.add(free.casefold())
        return free
