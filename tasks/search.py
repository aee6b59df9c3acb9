"""Text search: the words of a task as the database's index wants them, in any script."""

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
    """Case-folded words, a space around each: " a cat 海 浪 "."""
    folded = unicodedata.normalize("NFKC", " ".join(texts)).casefold()
    words = _NOT_A_WORD.sub(" ", _SPACELESS.sub(r" \1 ", folded)).split()
    return f" {' '.join(words)} " if words else ""


def phrases(query: str) -> list[str]:
    """What a person typed, as phrases that must all be there: 海浪 cat → ["海 浪", "cat"]."""
    return [phrase for part in query.split() if (phrase := searchable(part).strip())][:8]


Tasks = TypeVar("Tasks", bound="models.QuerySet[Any]")


def narrow(tasks: Tasks, query: str) -> Tasks:
    """Only the tasks whose words contain every phrase of the query; not for a subquery."""
    wanted = phrases(query)
    if not wanted:
        return tasks.none() if query.strip() else tasks
    if connection.vendor == "sqlite":
        match = " AND ".join(f'"{phrase}"*' for phrase in wanted)
        return _extra(tasks, tables=[_INDEX], where=[_JOINED, f"{_INDEX} MATCH %s"], params=[match])
    for phrase in wanted:
        tasks = tasks.filter(search_text__contains=f" {phrase}")
    return tasks


# On SQLite the index is walked once, newest first, and each match looked up among the tasks: the
# index knows its order and its bounds, but only by its own rowid. (Asking it once per task took
# 20 ms each for a common word's beginning, and sorting a million matches two seconds.) The plus
# sign keeps SQLite from turning the join round.
_INDEX = "tasks_search"
_JOINED = f"tasks_task.id = +{_INDEX}.rowid"
_Key = Literal["<", ">"]


def bounded(tasks: Tasks, side: _Key, key: int) -> Tasks:
    """Those with ids on one side of the key, also in the index of words."""
    lookup = {"<": "pk__lt", ">": "pk__gt"}[side]
    if _walks_the_index(tasks):
        tasks = _extra(tasks, where=[f"{_INDEX}.rowid {side} %s"], params=[key])
    return tasks.filter(**{lookup: key})


def in_order(tasks: Tasks, *, newest_first: bool) -> Tasks:
    sign = "-" if newest_first else ""
    if _walks_the_index(tasks):
        return _extra(tasks, order_by=[f"{sign}{_INDEX}.rowid"])
    return tasks.order_by(f"{sign}pk")


def _extra(tasks: Tasks, **what: Any) -> Tasks:
    """Django's door to tables without a model, in the caller's own type."""
    return cast(Tasks, tasks.extra(**what))


def _walks_the_index(tasks: models.QuerySet[Any]) -> bool:
    return _INDEX in tasks.query.extra_tables
