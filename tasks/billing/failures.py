"""The ends of takes: how many fail and what that costs, how long they take, what comes of them.

Asked of the takes that were made here (a mode says so): of those made elsewhere only the successes
are charged, so that their rate would be wrong. A take is free of a verdict while it is open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.utils import timezone

from tasks.billing.costs import Span, column_of, source_of
from tasks.models import Charge, Outcome, Star
from tasks.models.cost_sum import MEASURES

#: Ends that are no success although something was wanted.
FAILED = (Outcome.FAILED, Outcome.EXPIRED, Outcome.LOST)
ENDED = (Outcome.SUCCEEDED, *FAILED)
NEWEST = 20_000  # takes whose times are looked at: the newest of the span


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Takes that ended, those of them that failed, and the money that these took."""

    ended: int = 0
    failed: int = 0
    money: dict[str, int] = field(default_factory=dict)  # billed for failed ones, by currency

    @property
    def percent(self) -> float:
        return self.failed * 100 / self.ended if self.ended else 0.0


def rates(span: Span, name: str) -> dict[Any, Rate]:
    """The rates of failure by one thing. One query of the sums."""
    rows, sums = source_of(span, (name,), ("takes", "micros"))
    rows = rows.filter(outcome__in=ENDED).exclude(mode="").order_by()
    found = rows.values_list(column_of(rows, name), "outcome", "currency").annotate(**sums)
    ended: defaultdict[Any, int] = defaultdict(int)
    failed: defaultdict[Any, int] = defaultdict(int)
    money: defaultdict[Any, dict[str, int]] = defaultdict(dict)
    for value, outcome, currency, takes, micros in found:
        ended[value] += int(takes)
        if outcome in FAILED:
            failed[value] += int(takes)
            if micros:
                money[value][currency] = money[value].get(currency, 0) + int(micros)
    return {
        value: Rate(ended=number, failed=failed[value], money=money[value])
        for value, number in ended.items()
    }


def made_here(span: Span) -> QuerySet[Charge]:
    """The charges of the span's takes that were placed here."""
    return span.narrow(Charge.objects.exclude(mode=""))


def failures(span: Span) -> QuerySet[Charge]:
    return made_here(span).filter(outcome__in=FAILED)


def error_codes(span: Span) -> list[tuple[str, str, str, int]]:
    """The ends and codes of failures with the words of those without a code, and their number.

    The words are known as long as the task is there. One query.
    """
    known = When(error_code="", then=F("task__error_message"))
    words = Case(known, default=Value(""), output_field=TextField())
    rows = failures(span).order_by()
    found = rows.annotate(words=words).values_list("outcome", "error_code", "words")
    counted = found.annotate(takes=Count("pk")).order_by("-takes")
    return [(outcome, code, text or "", takes) for outcome, code, text, takes in counted[:500]]


def spent_on_failures(span: Span) -> tuple[dict[str, int], int]:
    """Money that was billed for failures, by currency, and the seconds that were asked for."""
    rows = failures(span).order_by().values_list("currency")
    found = rows.annotate(money=MEASURES["micros"], seconds_asked=Sum("seconds"))
    money = {currency: int(micros) for currency, micros, _seconds in found if micros}
    return money, sum(int(seconds or 0) for _currency, _micros, seconds in found)


@dataclass(frozen=True, kw_only=True)
class Used:
    """Successes, and those of them that anyone has starred: a first measure of what was used."""

    succeeded: int
    starred: int
    money: dict[str, int]  # billed for all of them, by currency

    @property
    def takes_each(self) -> float | None:
        """Takes for one that was starred."""
        return self.succeeded / self.starred if self.starred else None


def used(span: Span) -> Used:
    """Count the successes that were starred; nobody learns by whom. One query."""
    rows = made_here(span).filter(outcome=Outcome.SUCCEEDED).order_by()
    rows = rows.annotate(is_starred=Exists(Star.objects.filter(task=OuterRef("task"))))
    found = rows.values_list("currency").annotate(
        takes=Count("pk"), stars=Count("pk", filter=Q(is_starred=True)), money=MEASURES["micros"]
    )
    rows_found = list(found)
    return Used(
        succeeded=sum(row[1] for row in rows_found),
        starred=sum(row[2] for row in rows_found),
        money={row[0]: int(row[3]) for row in rows_found if row[3]},
    )


@dataclass(frozen=True, kw_only=True)
class Times:
    """The median and the 95th percentile of some takes' seconds, and how many takes they are of."""

    takes: int
    finish: tuple[int, int]
    queue: tuple[int, int] | None  # None where nobody saw them begin


def times(span: Span, name: str) -> dict[Any, Times]:
    """Seconds until takes were finished and until they ran, by model, resolution or hour.

    Asked of the newest successes, so a year costs no more than a month. One query.
    """
    rows = made_here(span).filter(outcome=Outcome.SUCCEEDED, finish_seconds__isnull=False)
    by_hour = name == "hour"
    column = "placed_at" if by_hour else name
    newest = rows.order_by("-day", "-id").values_list(column, "finish_seconds", "queue_seconds")
    finish: defaultdict[Any, list[int]] = defaultdict(list)
    queue: defaultdict[Any, list[int]] = defaultdict(list)
    for value, finished, queued in newest[:NEWEST]:
        key = hour_of(value) if by_hour else value
        finish[key].append(finished)
        if queued is not None:
            queue[key].append(queued)
    return {
        key: Times(
            takes=len(each),
            finish=_p50_p95(each),
            queue=_p50_p95(queue[key]) if queue[key] else None,
        )
        for key, each in finish.items()
    }


def hour_of(at: datetime) -> int:
    """The hour of the day in the site's time zone."""
    return timezone.localtime(at, timezone.get_default_timezone()).hour


def _p50_p95(seconds: Sequence[int]) -> tuple[int, int]:
    """The smallest number that half of these, and 95 of 100, do not exceed."""
    ranked = sorted(seconds)
    last = len(ranked) - 1
    return ranked[last // 2], ranked[-(-last * 95 // 100)]
