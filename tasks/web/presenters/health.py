"""A day of a credential's health: its numbers, and the shapes of its chart.

Shapes are in units of their own SVG, which the page stretches. They are plain numbers, so that the
page needs no style of its own for any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tasks.models import HealthMinute, latency
from tasks.models.health import AnswerTally
from tasks.providers import Trouble
from tasks.text import prose
from tasks.web.presenters.facts import grouped

DAY = timedelta(days=1)
QUARTER, HALF, HOUR = (timedelta(minutes=minutes) for minutes in (15, 30, 60))

COLUMN, BAR = 10, 8  # widths, in units of the SVG
TALL = 100  # the height, in units
LEAST = 3  # units; the height of even the smallest number, so that it can be seen

#: Kinds of errors in a word or two.
KINDS: dict[str, Promise] = {
    Trouble.UNAUTHORIZED: gettext_lazy("key rejected"),
    Trouble.FORBIDDEN: gettext_lazy("no permission"),
    Trouble.OVERDUE: gettext_lazy("overdue balance"),
    Trouble.RATE_LIMITED: gettext_lazy("rate-limited"),
    Trouble.QUOTA_USED_UP: gettext_lazy("plan quota used up"),
    Trouble.BAD_REQUEST: gettext_lazy("request rejected"),
    Trouble.BAD_ADDRESS: gettext_lazy("wrong address"),
    Trouble.SERVER: gettext_lazy("provider error"),
    Trouble.NOT_JSON: gettext_lazy("not JSON"),
    Trouble.EMPTY: gettext_lazy("empty answer"),
    Trouble.MALFORMED: gettext_lazy("no task in the answer"),
    Trouble.WRONG_TASK: gettext_lazy("answer about another task"),
    Trouble.TOO_LARGE: gettext_lazy("answer too large"),
    Trouble.TIMEOUT: gettext_lazy("timed out"),
    Trouble.CONNECTION: gettext_lazy("no connection"),
    Trouble.TLS: gettext_lazy("certificate rejected"),
    Trouble.PRIVATE_ADDRESS: gettext_lazy("private address"),
    Trouble.ODD_ADDRESS: gettext_lazy("address not allowed"),
}


class TimeColumn:
    """The answers and errors of some consecutive minutes, added up."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.tally = AnswerTally()
        self.limited = 0  # minutes in which the provider asked for fewer requests

    def add(self, minute: AnswerTally) -> None:
        self.tally.add(minute)
        self.limited += bool(minute.troubles.get(Trouble.RATE_LIMITED))

    @property
    def answers(self) -> int:
        return self.tally.answers

    @property
    def errors(self) -> int:
        return sum(self.tally.troubles.values())

    @property
    def asked(self) -> int:
        return self.answers + self.errors

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """Errors in words, the most frequent first."""
        kinds = self.tally.troubles.most_common()
        return [(str(KINDS.get(kind, kind)), number) for kind, number in kinds]

    @property
    def p50(self) -> float | None:
        return latency.percentile(self.tally.latencies, 0.5)

    @property
    def p95(self) -> float | None:
        return latency.percentile(self.tally.latencies, 0.95)


@dataclass(frozen=True, slots=True)
class AnswerBar:
    """A bar of the chart: answers from the ground up, errors on top of them."""

    x: float
    y: float
    height: float
    error_y: float
    error_height: float


class Day:
    """The last 24 hours up to now, in columns of `width` each."""

    def __init__(
        self, minutes: Iterable[tuple[datetime, AnswerTally]], now: datetime, width: timedelta
    ):
        self.columns = _columns(now, width)
        self.whole = TimeColumn(now)
        start = self.columns[0].at
        for at, tally in minutes:
            number = (at - start) // width
            if 0 <= number < len(self.columns):
                self.columns[number].add(tally)
                self.whole.add(tally)

    @property
    def wide(self) -> int:
        return COLUMN * len(self.columns)

    @property
    def most(self) -> int:
        return max(column.asked for column in self.columns)

    @cached_property
    def bars(self) -> list[AnswerBar]:
        most = self.most
        return [_bar(n, column, most) for n, column in enumerate(self.columns) if column.asked]

    @property
    def limited(self) -> list[int]:
        """The x of each column in which the provider asked for fewer requests."""
        return [n * COLUMN for n, column in enumerate(self.columns) if column.limited]

    @cached_property
    def slowest(self) -> float:
        """Seconds at the top of the lines' chart."""
        return max((column.p95 or 0.0 for column in self.columns), default=0.0)

    @property
    def p50_line(self) -> str:
        return self._line([column.p50 for column in self.columns])

    @property
    def p95_line(self) -> str:
        return self._line([column.p95 for column in self.columns])

    def _line(self, values: list[float | None]) -> str:
        """SVG path data: level over each column, broken where nothing was answered."""
        path, is_drawing = [], False
        for number, value in enumerate(values):
            if value is not None:
                y = round(TALL - value / self.slowest * (TALL - LEAST), 1)
                path.append(f"{'L' if is_drawing else 'M'}{number * COLUMN} {y}h{COLUMN}")
            is_drawing = value is not None
        return "".join(path)

    @property
    def summary(self) -> str:
        """The chart in a sentence or two."""
        if not self.whole.asked:
            return _("No requests in the last 24 hours.")
        whole = self.whole
        counts = ngettext(
            "%(answers)s answer in the last 24 hours",
            "%(answers)s answers in the last 24 hours",
            whole.answers,
        ) % {"answers": grouped(whole.answers)}
        if whole.errors:
            errors = ngettext("%(errors)s error", "%(errors)s errors", whole.errors)
            errors %= {"errors": grouped(whole.errors)}
            counts = _("%(answers)s, %(errors)s.") % {"answers": counts, "errors": errors}
        else:
            counts = _("%(answers)s, no errors.") % {"answers": counts}
        latencies = limits = ""
        if whole.p50 is not None and whole.p95 is not None:
            latencies = _("Median %(p50)s, p95 %(p95)s.") % {
                "p50": duration(whole.p50),
                "p95": duration(whole.p95),
            }
        if whole.limited:
            limits = ngettext(
                "Rate-limited in %(number)s minute.",
                "Rate-limited in %(number)s minutes.",
                whole.limited,
            ) % {"number": whole.limited}
        return prose(counts, latencies, limits)

    @cached_property
    def hours(self) -> list[TimeColumn]:
        """The hours with any request, the newest first."""
        hours: dict[datetime, TimeColumn] = {}
        for column in self.columns:
            at = column.at.replace(minute=0)
            hour = hours.setdefault(at, TimeColumn(at))
            hour.tally.add(column.tally)
            hour.limited += column.limited
        return [hour for hour in reversed(hours.values()) if hour.asked]


def days_of(credentials: Iterable[int], now: datetime, width: timedelta) -> dict[int, Day]:
    """The days of a list's charts, without latencies. One query, however many they are."""
    minutes: dict[int, list[tuple[datetime, AnswerTally]]] = {pk: [] for pk in credentials}
    rows = _minutes(now).filter(credential__in=list(minutes))
    for pk, at, answers, troubles in rows.values_list(
        "credential_id", "minute", "answers", "troubles"
    ):
        minutes[pk].append((at, AnswerTally(answers, Counter(troubles))))
    return {pk: Day(own, now, width) for pk, own in minutes.items()}


def day_of(credential: int, now: datetime) -> Day:
    """The day of one credential, with latencies. One query."""
    rows = _minutes(now).filter(credential=credential)
    read = rows.values_list("minute", "answers", "troubles", "latencies")
    minutes = [
        (at, AnswerTally(n, Counter(troubles), Counter(took))) for at, n, troubles, took in read
    ]
    return Day(minutes, now, QUARTER)


def _minutes(now: datetime) -> Any:
    return HealthMinute.objects.filter(minute__gt=now - DAY)


def _columns(now: datetime, width: timedelta) -> list[TimeColumn]:
    """Empty columns of the last 24 hours; `now` is in the last one."""
    number = DAY // width
    into = timedelta(minutes=now.minute % (width // timedelta(minutes=1)))
    last = now.replace(second=0, microsecond=0) - into
    return [TimeColumn(last - width * back) for back in range(number - 1, -1, -1)]


def _bar(number: int, column: TimeColumn, most: int) -> AnswerBar:
    errors = _height(column.errors, most)
    answers = min(_height(column.answers, most), TALL - errors)
    return AnswerBar(
        x=number * COLUMN + (COLUMN - BAR) / 2,
        y=TALL - answers,
        height=answers,
        error_y=TALL - answers - errors,
        error_height=errors,
    )


def _height(number: int, most: int) -> float:
    return max(LEAST, round(number / most * TALL, 1)) if number else 0


def duration(seconds: float) -> str:
    """The time in words: 120 ms, 1.4 s, 14 s."""
    if seconds < 1:
        return _("%(number)s ms") % {"number": round(seconds * 1000)}
    return _("%(number)s s") % {"number": f"{seconds:.1f}" if seconds < 10 else round(seconds)}
