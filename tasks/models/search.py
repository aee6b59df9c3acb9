"""Text search: the words of a task as the database's index needs them, in any script."""

import re
import unicodedata
from typing import Any, Literal, TypeVar, cast

from django.db import connection, models

#: Scripts written without spaces: each character becomes a word of its own, so that two
#: neighbouring characters can be found as a phrase. Han, kana, hangul, CJK extensions.
_SPACELESS = re.compile(
    r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff])"
)
_NOT_A_WORD = re.compile(r"[\W_]+")


def searchable(*texts: str) -> str:
    """The case-folded words of texts, with a space around each: " a cat 海 浪 "."""
    folded = unicodedata.normalize("NFKC", " ".join(texts)).casefold()
    words = _NOT_A_WORD.sub(" ", _SPACELESS.sub(r" \1 ", folded)).split()
    return f" {' '.join(words)} " if words else ""


def phrases(query: str) -> list[str]:
    """Split a query into phrases that must all occur: 海浪 cat → ["海 浪", "cat"]."""
    return [phrase for part in query.split() if (phrase := searchable(part).strip())][:8]


Tasks = TypeVar("Tasks", bound="models.QuerySet[Any]")


def narrow(tasks: Tasks, query: str) -> Tasks:
    """Narrow tasks to those whose words contain every phrase of a query; not for a subquery."""
    wanted = phrases(query)
    if not wanted:
        return tasks.none() if query.strip() else tasks
    if connection.vendor == "sqlite":
        match = " AND ".join(f'"{phrase}"*' for phrase in wanted)
        return _extra(tasks, tables=[_INDEX], where=[_JOINED, f"{_INDEX} MATCH %s"], params=[match])
    for phrase in wanted:
        tasks = tasks.filter(search_text__contains=f" {phrase}")
    return tasks


# On SQLite the index is read once, newest first, and each match is looked up among the tasks: the
# index can be ordered and bounded, but only by its own rowid. (Querying it once per task took
# 20 ms each for the beginning of a common word, and sorting a million matches two seconds.) The
# plus sign keeps SQLite from reversing the join.
_INDEX = "tasks_search"
_JOINED = f"tasks_task.id = +{_INDEX}.rowid"
_Key = Literal["<", ">"]


def bounded(tasks: Tasks, side: _Key, key: int) -> Tasks:
    """Limit tasks to ids on one side of the key, in the index of words too."""
    lookup = {"<": "pk__lt", ">": "pk__gt"}[side]
    if _uses_the_index(tasks):
        tasks = _extra(tasks, where=[f"{_INDEX}.rowid {side} %s"], params=[key])
    return tasks.filter(**{lookup: key})


def in_order(tasks: Tasks, *, newest_first: bool) -> Tasks:
    sign = "-" if newest_first else ""
    if _uses_the_index(tasks):
        return _extra(tasks, order_by=[f"{sign}{_INDEX}.rowid"])
    return tasks.order_by(f"{sign}pk")


def _extra(tasks: Tasks, **clauses: Any) -> Tasks:
    """Add clauses about a table without a model; keeps the queryset's type."""
    return cast(Tasks, tasks.extra(**clauses))


def _uses_the_index(tasks: models.QuerySet[Any]) -> bool:
    return _INDEX in tasks.query.extra_tables
