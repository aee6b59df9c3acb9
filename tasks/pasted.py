"""Task ids out of whatever people paste: lists, links, JSON, lines of a log. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from tasks.providers import Complaint

_KEY = re.compile(r"\bbearer\s+\S+|\bsk-\S+", re.IGNORECASE)  # of a pasted curl command
_JSON_FIELD = re.compile(r"""["'][\w.]+["']\s*:""")
_JSON_ID = re.compile(r"""["'](?:id|task_?id)["']\s*:\s*["']([^"']+)["']""", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;，、；\u200b\ufeff]+")
_AROUND = "\"'`“”‘’<>()[]{}|*.:"
_OF_A_LINK = frozenset("/?&=#\"'")
_ID_WITHIN = re.compile(r"\b(?:cgt-|task_)(?=[\w-]*\d)[A-Za-z0-9_-]*[A-Za-z0-9]")


def candidates(text: str) -> list[str]:
    """What could be a task id, in order, repeats included."""
    return [word for line in _KEY.sub(" ", text).splitlines() for word in _in_line(line)]


def holds_an_id(text: str) -> bool:
    return _ID_WITHIN.search(text) is not None


def _in_line(line: str) -> list[str]:
    if _JSON_FIELD.search(line):
        return _JSON_ID.findall(line)
    words = [_out_of_link(word.strip(_AROUND)) for word in _BETWEEN.split(line)]
    words = [word for word in words if word]
    if any(_ID_WITHIN.match(word) for word in words):  # what stands around ids is prose
        return [word for word in words if _may_be_an_id(word)]
    return words


def _may_be_an_id(word: str) -> bool:
    if _ID_WITHIN.match(word):
        return True
    letters, digits = any(c.isalpha() for c in word), any(c.isdigit() for c in word)
    return letters and digits and len(word) >= 6


def _out_of_link(word: str) -> str:
    """The id in a link; a link without one stays whole, to be shown as it came."""
    if not _OF_A_LINK & set(word):
        return word
    if within := _ID_WITHIN.search(word):
        return within.group()
    last = _path(word).rstrip("/").rpartition("/")[2]
    return last if "." not in last and any(c.isdigit() for c in last) else word


def _path(link: str) -> str:
    try:
        return urlsplit(link).path
    except ValueError:
        return ""


class Kind(StrEnum):
    """What tracking an id would do; what wants a person's eye stands first."""

    MALFORMED = "malformed"
    DOUBTFUL = "doubtful"  # has the form of another kind of provider's ids
    NEW = "new"
    TRASHED = "trashed"
    TRACKED = "tracked"
    DUPLICATE = "duplicate"


_KINDS = list(Kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One task to follow: its id as it was given, and what came beside it."""

    text: str
    given: Mapping[str, Any] = field(default_factory=dict)  # a Task's fields
    line: int = 0  # of the file; 0 where lines say nothing
    doubts: tuple[str, ...] = ()  # what came beside it and was not understood
    broken: bool = False  # the line could not be read at all


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One entry in the preview; `task` is the row that follows it already, where visible."""

    entry: Entry
    kind: Kind
    complaint: Complaint | None = None
    task: Any = None

    @property
    def text(self) -> str:
        return self.entry.text


def sort_out(
    entries: Iterable[Entry],
    complaint_of: Callable[[str], Complaint | None],
    tracked: Mapping[str, Any],
) -> list[Line]:
    """Mistakes on top. `tracked` maps ids to the rows that follow them, or None for hidden ones."""
    seen: set[str] = set()
    lines = []
    for entry in entries:
        is_repeat = bool(entry.text) and entry.text in seen
        lines.append(_line(entry, complaint_of(entry.text), tracked, is_repeat=is_repeat))
        seen.add(entry.text)
    return sorted(lines, key=lambda line: _KINDS.index(line.kind))


def _line(
    entry: Entry, complaint: Complaint | None, tracked: Mapping[str, Any], *, is_repeat: bool
) -> Line:
    if is_repeat:
        return Line(entry=entry, kind=Kind.DUPLICATE)
    if complaint == Complaint.MALFORMED or entry.broken:
        return Line(entry=entry, kind=Kind.MALFORMED, complaint=Complaint.MALFORMED)
    if entry.text in tracked:
        task = tracked[entry.text]
        in_trash = task is not None and getattr(task, "deleted_at", None) is not None
        return Line(entry=entry, kind=Kind.TRASHED if in_trash else Kind.TRACKED, task=task)
    kind = Kind.DOUBTFUL if complaint else Kind.NEW
    return Line(entry=entry, kind=kind, complaint=complaint)
