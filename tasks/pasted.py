"""Task ids out of whatever people paste: lists, links, JSON, lines of a log. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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
    """What tracking a pasted id would do; what wants a person's eye stands first."""

    MALFORMED = "malformed"
    DOUBTFUL = "doubtful"  # has the form of another kind of provider's ids
    NEW = "new"
    TRACKED = "tracked"
    DUPLICATE = "duplicate"


_KINDS = list(Kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One pasted id in the preview; `task` is the row that follows it already, where visible."""

    text: str
    kind: Kind
    complaint: Complaint | None = None
    task: Any = None


def sort_out(
    found: Iterable[str],
    complaint_of: Callable[[str], Complaint | None],
    tracked: Mapping[str, Any],
) -> list[Line]:
    """Mistakes on top. `tracked` maps ids to the rows that follow them, or None for hidden ones."""
    seen: set[str] = set()
    lines = []
    for text in found:
        lines.append(_line(text, complaint_of(text), tracked, is_repeat=text in seen))
        seen.add(text)
    return sorted(lines, key=lambda line: _KINDS.index(line.kind))


def _line(
    text: str, complaint: Complaint | None, tracked: Mapping[str, Any], *, is_repeat: bool
) -> Line:
    if is_repeat:
        return Line(text=text, kind=Kind.DUPLICATE)
    if complaint == Complaint.MALFORMED:
        return Line(text=text, kind=Kind.MALFORMED, complaint=complaint)
    if text in tracked:
        return Line(text=text, kind=Kind.TRACKED, task=tracked[text])
    kind = Kind.DOUBTFUL if complaint else Kind.NEW
    return Line(text=text, kind=kind, complaint=complaint)
