"""A day of a credential's health: the numbers, and the shapes its chart is drawn of.

Shapes are in units of their own SVG, which the page stretches; they are numbers and nothing else,
so that the page needs no style of its own for any of them.
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

from seedance_site.prose import prose
from tasks import latency
from tasks.models import HealthMinute
from tasks.models.health import Heard
from tasks.providers import Trouble
from tasks.showing.facts import grouped

DAY = timedelta(days=1)
QUARTER, HALF, HOUR = (timedelta(minutes=minutes) for minutes in (15, 30, 60))

COLUMN, BAR = 10, 8  # units of width
TALL = 100  # units of height
LEAST = 3  # units; what is there at all can be seen

KINDS: dict[str, Promise] = {
    Trouble.UNAUTHORIZED: gettext_lazy("key refused"),
    Trouble.FORBIDDEN: gettext_lazy("forbidden"),
    Trouble.OVERDUE: gettext_lazy("account owes money"),
    Trouble.RATE_LIMITED: gettext_lazy("too many requests"),
    Trouble.BAD_REQUEST: gettext_lazy("request refused"),
    Trouble.BAD_ADDRESS: gettext_lazy("wrong address"),
    Trouble.SERVER: gettext_lazy("provider's own error"),
    Trouble.NOT_JSON: gettext_lazy("not JSON"),
    Trouble.EMPTY: gettext_lazy("empty answer"),
    Trouble.MALFORMED: gettext_lazy("no task in the answer"),
    Trouble.WRONG_TASK: gettext_lazy("another task's answer"),
    Trouble.TOO_LARGE: gettext_lazy("answer too large"),
    Trouble.TIMEOUT: gettext_lazy("no answer in time"),
    Trouble.CONNECTION: gettext_lazy("no connection"),
    Trouble.TLS: gettext_lazy("certificate not accepted"),
    Trouble.PRIVATE_ADDRESS: gettext_lazy("private address"),
    Trouble.ODD_ADDRESS: gettext_lazy("address not asked"),
}


class Span:
    """Some minutes on end, added up."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.heard = Heard()
        self.limited = 0  # minutes in which the provider asked for fewer requests

    def add(self, heard: Heard) -> None:
        self.heard.add(heard)
        self.limited += bool(heard.troubles.get(Trouble.RATE_LIMITED))

    @property
    def answers(self) -> int:
        return self.heard.answers

    @property
    def errors(self) -> int:
        return sum(self.heard.troubles.values())

    @property
    def asked(self) -> int:
        return self.answers + self.errors

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """Errors in words, the most frequent first."""
        found = self.heard.troubles.most_common()
        return [(str(KINDS.get(kind, kind)), number) for kind, number in found]

    @property
    def p50(self) -> float | None:
        return latency.percentile(self.heard.latencies, 0.5)

    @property
    def p95(self) -> float | None:
        return latency.percentile(self.heard.latencies, 0.95)


@dataclass(frozen=True, slots=True)
class Bar:
    """Answers from the ground up, errors on top of them."""

    x: float
    y: float
    height: float
    error_y: float
    error_height: float


class Day:
    """The last 24 hours up to now, in columns of `width` each."""

    def __init__(self, minutes: Iterable[tuple[datetime, Heard]], now: datetime, width: timedelta):
        self.columns = _spans(now, width)
        self.whole = Span(now)
        start = self.columns[0].at
        for at, heard in minutes:
            place = (at - start) // width
            if 0 <= place < len(self.columns):
                self.columns[place].add(heard)
                self.whole.add(heard)

    @property
    def wide(self) -> int:
        return COLUMN * len(self.columns)

    @property
    def most(self) -> int:
        return max(column.asked for column in self.columns)

    @cached_property
    def bars(self) -> list[Bar]:
        most = self.most
        return [_bar(n, column, most) for n, column in enumerate(self.columns) if column.asked]

    @property
    def limited(self) -> list[int]:
        """Where a mark stands for columns in which the provider asked for fewer requests."""
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
        """Level over each column, broken where nothing was heard: SVG's path data."""
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
            return _("Nothing was asked in the last 24 hours.")
        return prose(_counted(self.whole), _paced(self.whole), _told(self.whole))

    @cached_property
    def hours(self) -> list[Span]:
        """The newest first, those without any request left out."""
        return [hour for hour in reversed(self._by_hour()) if hour.asked]

    def _by_hour(self) -> list[Span]:
        hours: dict[datetime, Span] = {}
        for column in self.columns:
            at = column.at.replace(minute=0)
            hour = hours.setdefault(at, Span(at))
            hour.heard.add(column.heard)
            hour.limited += column.limited
        return list(hours.values())


def days_of(credentials: Iterable[int], now: datetime, width: timedelta) -> dict[int, Day]:
    """One query, however many; the numbers of a list's charts, without how long answers took."""
    wanted = list(credentials)
    found: dict[int, list[tuple[datetime, Heard]]] = {pk: [] for pk in wanted}
    rows = _minutes(now).filter(credential__in=wanted)
    for pk, at, answers, troubles in rows.values_list(
        "credential_id", "minute", "answers", "troubles"
    ):
        found[pk].append((at, Heard(answers, Counter(troubles))))
    return {pk: Day(minutes, now, width) for pk, minutes in found.items()}


def day_of(credential: int, now: datetime) -> Day:
    rows = _minutes(now).filter(credential=credential)
    read = rows.values_list("minute", "answers", "troubles", "latencies")
    minutes = [(at, Heard(n, Counter(troubles), Counter(took))) for at, n, troubles, took in read]
    return Day(minutes, now, QUARTER)


def _minutes(now: datetime) -> Any:
    return HealthMinute.objects.filter(minute__gt=now - DAY)


def _spans(now: datetime, width: timedelta) -> list[Span]:
    """The last one is the one we are in."""
    number = DAY // width
    into = timedelta(minutes=now.minute % (width // timedelta(minutes=1)))
    last = now.replace(second=0, microsecond=0) - into
    return [Span(last - width * back) for back in range(number - 1, -1, -1)]


def _bar(number: int, column: Span, most: int) -> Bar:
    errors = _height(column.errors, most)
    answers = min(_height(column.answers, most), TALL - errors)
    return Bar(
        x=number * COLUMN + (COLUMN - BAR) / 2,
        y=TALL - answers,
        height=answers,
        error_y=TALL - answers - errors,
        error_height=errors,
    )


def _height(number: int, most: int) -> float:
    return max(LEAST, round(number / most * TALL, 1)) if number else 0


def _counted(day: Span) -> str:
    answers = ngettext(
        "%(answers)s answer in the last 24 hours",
        "%(answers)s answers in the last 24 hours",
        day.answers,
    ) % {"answers": grouped(day.answers)}
    if not day.errors:
        return _("%(answers)s, no errors.") % {"answers": answers}
    errors = ngettext("%(errors)s error", "%(errors)s errors", day.errors)
    return _("%(answers)s, %(errors)s.") % {
        "answers": answers,
        "errors": errors % {"errors": grouped(day.errors)},
    }


def _paced(day: Span) -> str:
    if day.p50 is None or day.p95 is None:
        return ""
    return _("Half of them came within %(p50)s, 95 of 100 within %(p95)s.") % {
        "p50": duration(day.p50),
        "p95": duration(day.p95),
    }


def _told(day: Span) -> str:
    if not day.limited:
        return ""
    sentence = ngettext(
        "In %(number)s minute the provider asked for fewer requests.",
        "In %(number)s minutes the provider asked for fewer requests.",
        day.limited,
    )
    return sentence % {"number": day.limited}


def duration(seconds: float) -> str:
    """120 ms, 1.4 s, 14 s."""
    if seconds < 1:
        return _("%(number)s ms") % {"number": round(seconds * 1000)}
    return _("%(number)s s") % {"number": f"{seconds:.1f}" if seconds < 10 else round(seconds)}
