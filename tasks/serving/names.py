"""What a saved file is called where people keep it: project, first words, task id."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from tasks.models import Task

#: In bytes, so that even a Chinese name stays below the 255 which file systems take.
PROJECT, WORDS, ID = 50, 80, 70
FIRST_WORDS = 10
#: Letters, their marks, digits: no separators, no quotes, nothing that turns text around.
KEPT = ("L", "M", "N")


def file_name(task: Task, suffix: str, part: str = "") -> str:
    """«Dailies - A paper boat - cgt-2026….mp4»; `part` says which file of the task, if not its
    video. The suffix is ours, with its dot."""
    words = " ".join(task.prompt[:400].split()[:FIRST_WORDS])
    parts = [
        _plain(task.project.name, PROJECT),
        _plain(words, WORDS),
        _plain(task.remote_id, ID),
        _plain(part, ID),
    ]
    return " - ".join(filter(None, parts)) + suffix


def _plain(text: str, most: int) -> str:
    """Only what may stand in a file name anywhere, and not more than so many bytes."""
    known = unicodedata.normalize("NFC", text)
    spaced = "".join(letter if _is_kept(letter) else " " for letter in known)
    cut = " ".join(spaced.split()).encode(errors="ignore")[:most]
    return cut.decode(errors="ignore").strip(" -")


def _is_kept(letter: str) -> bool:
    return letter in "-_" or unicodedata.category(letter).startswith(KEPT)


class Unique:
    """The same name twice becomes «name (2)», also where only upper and lower case differ."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def __call__(self, name: str) -> str:
        free = next(each for each in _alternatives(name) if each.casefold() not in self._taken)
        self._taken.add(free.casefold())
        return free


def _alternatives(name: str) -> Iterator[str]:
    yield name
    path = PurePosixPath(name)
    number = 2
    while True:
        yield f"{path.stem} ({number}){path.suffix}"
        number += 1
