"""Task ids found in what people paste: lists, links, JSON, lines of a log. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from tasks.providers import TaskIdIssue

_KEY = re.compile(r"\bbearer\s+\S+|\bsk-\S+", re.IGNORECASE)  # of a pasted curl command
_JSON_FIELD = re.compile(r"""["'][\w.]+["']\s*:""")
_JSON_ID = re.compile(r"""["'](?:id|task_?id)["']\s*:\s*["']([^"']+)["']""", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;，、；\u200b\ufeff]+")
_PUNCTUATION = "\"'`“”‘’<>()[]{}|*.:"
_LINK_SIGNS = frozenset("/?&=#\"'")
_KNOWN_ID = re.compile(r"\b(?:cgt-|task_)(?=[\w-]*\d)[A-Za-z0-9_-]*[A-Za-z0-9]")


def find_ids(text: str) -> list[str]:
    """Return all words that could be task ids, in order, repeats included."""
    return [word for line in _KEY.sub(" ", text).splitlines() for word in _ids_of_line(line)]


def holds_an_id(text: str) -> bool:
    return _KNOWN_ID.search(text) is not None


def _ids_of_line(line: str) -> list[str]:
    if _JSON_FIELD.search(line):
        return _JSON_ID.findall(line)
    words = [_id_in_link(word.strip(_PUNCTUATION)) for word in _SEPARATORS.split(line)]
    words = [word for word in words if word]
    if any(_KNOWN_ID.match(word) for word in words):  # then the other words are prose
        return [word for word in words if _may_be_an_id(word)]
    return words


def _may_be_an_id(word: str) -> bool:
    if _KNOWN_ID.match(word):
        return True
    letters, digits = any(c.isalpha() for c in word), any(c.isdigit() for c in word)
    return letters and digits and len(word) >= 6


def _id_in_link(word: str) -> str:
    """Return the id in a link; a link without one stays whole, to be shown as it came."""
    if not _LINK_SIGNS & set(word):
        return word
    if known := _KNOWN_ID.search(word):
        return known.group()
    try:
        path = urlsplit(word).path
    except ValueError:
        path = ""
    last = path.rstrip("/").rpartition("/")[2]
    return last if "." not in last and any(c.isdigit() for c in last) else word


class PreviewKind(StrEnum):
    """The effect that tracking an id would have; the kinds to be checked by a person come first."""

    MALFORMED = "malformed"
    DOUBTFUL = "doubtful"  # has the form of another kind of provider's ids
    NEW = "new"
    TRASHED = "trashed"
    TRACKED = "tracked"
    DUPLICATE = "duplicate"


_KINDS = list(PreviewKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportEntry:
    """One task to track: its id as it was given, and the details beside it."""

    text: str
    details: Mapping[str, Any] = field(default_factory=dict)  # fields of a Task
    line: int = 0  # of the file; 0 where lines have no meaning
    doubts: tuple[str, ...] = ()  # details that were not understood
    broken: bool = False  # the line could not be read at all


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewLine:
    """One entry in the preview; `task` is the row that tracks it already, where visible."""

    entry: ImportEntry
    kind: PreviewKind
    id_issue: TaskIdIssue | None = None
    task: Any = None

    @property
    def text(self) -> str:
        return self.entry.text


def preview_lines(
    entries: Iterable[ImportEntry],
    issue_of: Callable[[str], TaskIdIssue | None],
    tracked: Mapping[str, Any],
) -> list[PreviewLine]:
    """Tell what would become of each entry, mistakes first.

    `issue_of` judges an id. `tracked` maps ids to the rows that track them, or to None where the
    row is hidden from the user.
    """
    seen: set[str] = set()
    lines = []
    for entry in entries:
        if entry.text and entry.text in seen:
            lines.append(PreviewLine(entry=entry, kind=PreviewKind.DUPLICATE))
        else:
            lines.append(_line(entry, issue_of(entry.text), tracked))
        seen.add(entry.text)
    return sorted(lines, key=lambda line: _KINDS.index(line.kind))


def _line(
    entry: ImportEntry, id_issue: TaskIdIssue | None, tracked: Mapping[str, Any]
) -> PreviewLine:
    task = None
    if id_issue == TaskIdIssue.MALFORMED or entry.broken:
        kind, id_issue = PreviewKind.MALFORMED, TaskIdIssue.MALFORMED
    elif entry.text in tracked:
        task, id_issue = tracked[entry.text], None
        in_trash = task is not None and getattr(task, "deleted_at", None) is not None
        kind = PreviewKind.TRASHED if in_trash else PreviewKind.TRACKED
    else:
        kind = PreviewKind.DOUBTFUL if id_issue else PreviewKind.NEW
    return PreviewLine(entry=entry, kind=kind, id_issue=id_issue, task=task)
