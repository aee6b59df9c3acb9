"""The page of failures: rates side by side, reasons, times, and what was used of what was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from tasks.billing import amounts, failures
from tasks.billing.costs import Span
from tasks.billing.failures import Rate, Times, Used
from tasks.models import Outcome
from tasks.providers.status import Status
from tasks.web.costs import cost_names
from tasks.web.costs.cost_chart import Chart, Series, stacked
from tasks.web.costs.cost_filters import CostFilters
from tasks.web.costs.costs import Cell, charges_url
from tasks.web.messages.failures import failure_of
from tasks.web.presenters.badges import PLAIN_MEANINGS

SIDE_BY_SIDE = ("model", "provider", "credential", "person")
MOST_BARS = 8
MOST_REASONS = 12


@dataclass(frozen=True, kw_only=True)
class RateBar:
    """One bar of a small chart: who or what, the rate, the failures behind it."""

    label: str
    percent: str
    width: str  # per cent of the widest bar of all charts
    failed: Cell
    ended: int
    money: str


@dataclass(frozen=True, kw_only=True)
class TimesRow:
    """The times of some takes in words."""

    label: str
    takes: int
    finish: tuple[str, str]
    queue: tuple[str, str] | None


@dataclass
class FailurePage:
    """The page's contents. A query for each thing, and one for each kind of name."""

    filters: CostFilters
    span: Span

    @property
    def of_failures(self) -> CostFilters:
        """The filters of a list of failures of takes that were made here."""
        others = [each.value for each in Outcome if each not in failures.FAILED]
        return self.filters.but("outcome", others).but("mode", [""])

    @cached_property
    def charts(self) -> list[tuple[str, list[RateBar]]]:
        """Bars by model, provider, credential and person, all to one scale."""
        found = {name: failures.rates(self.span, name) for name in SIDE_BY_SIDE}
        worst = max(
            (each.percent for rates in found.values() for each in rates.values()), default=0
        )
        return [
            (str(cost_names.DIMENSIONS[name]), self._bars(name, rates, worst))
            for name, rates in found.items()
        ]

    def _bars(self, name: str, rates: Mapping[Any, Rate], worst: float) -> list[RateBar]:
        named = cost_names.names_of(name, rates)
        ranked = sorted(rates, key=lambda value: (-rates[value].failed, -rates[value].ended))
        return [
            RateBar(
                label=named(value),
                percent=f"{rate.percent:.1f}",
                width=f"{rate.percent * 100 / worst:.1f}" if worst else "0",
                failed=self._failed(rate.failed, self.of_failures.only(**{name: value})),
                ended=rate.ended,
                money=_money(rate.money),
            )
            for value in ranked[:MOST_BARS]
            for rate in [rates[value]]
        ]

    def _failed(self, number: int, filters: CostFilters) -> Cell:
        url = charges_url(filters, "takes")
        return Cell(part="failed", text=cost_names.grouped(number), value=number, url=url)

    @cached_property
    def whole(self) -> Rate:
        rates = failures.rates(self.span, "outcome").values()
        ended, failed = sum(each.ended for each in rates), sum(each.failed for each in rates)
        return Rate(ended=ended, failed=failed)

    @property
    def is_empty(self) -> bool:
        """Whether nothing ended in this period, so that every panel would say only that."""
        return not self.whole.ended and not any(rows for _label, rows in self.times)

    @property
    def failed(self) -> Cell:
        return self._failed(self.whole.failed, self.of_failures)

    @cached_property
    def spent(self) -> tuple[str, int]:
        """Money that was billed for failures, and the seconds of video that they were to be."""
        money, seconds = failures.spent_on_failures(self.span)
        return _money(money), seconds

    @cached_property
    def used(self) -> Used:
        return failures.used(self.span)

    @property
    def used_words(self) -> tuple[str, str]:
        """Takes and money for one take that somebody starred."""
        used = self.used
        if used.takes_each is None:
            return "–", "–"
        each = {currency: micros // used.starred for currency, micros in used.money.items()}
        return f"{used.takes_each:.1f}", _money(each)

    @cached_property
    def reasons(self) -> list[tuple[str, int]]:
        """Families of errors in words, those of the most takes first."""
        counted: dict[str, int] = {}
        for outcome, code, words, takes in failures.error_codes(self.span):
            sentence = _reason(outcome, code, words)
            counted[sentence] = counted.get(sentence, 0) + takes
        return sorted(counted.items(), key=lambda item: -item[1])[:MOST_REASONS]

    @cached_property
    def times(self) -> list[tuple[str, list[TimesRow]]]:
        """Times by model and by resolution."""
        found = []
        for name in ("model", "resolution"):
            by_value = failures.times(self.span, name)
            named = cost_names.names_of(name, by_value)
            ranked = sorted(by_value, key=lambda value: -by_value[value].takes)
            rows = [_times_row(named(value), by_value[value]) for value in ranked[:MOST_BARS]]
            found.append((str(cost_names.DIMENSIONS[name]), rows))
        return found

    @cached_property
    def hours(self) -> Chart:
        """Median and 95th percentile until takes were finished, by the hour they were asked for."""
        found = failures.times(self.span, "hour")
        columns = [f"{hour:02}:00" for hour in range(24)]
        middle = [found[hour].finish[0] if hour in found else 0 for hour in range(24)]
        slow = [found[hour].finish[1] if hour in found else 0 for hour in range(24)]
        more = [top - half for top, half in zip(slow, middle, strict=True)]
        urls = [""] * 24
        series = [
            Series(label=_("Median"), values=middle, urls=urls),
            Series(label=_("up to p95"), values=more, urls=urls),
        ]
        return stacked(columns, series, _span, names=True, in_seconds=True)


def _reason(outcome: str, code: str, words: str) -> str:
    """The reason of a failure: that a take expired or was lost says enough."""
    if outcome != Outcome.FAILED:
        return str(PLAIN_MEANINGS[Status(outcome)])
    family = failure_of(code, words)
    return str(family.sentence) if family else code or _("No reason is known.")


def _times_row(label: str, times: Times) -> TimesRow:
    return TimesRow(
        label=label,
        takes=times.takes,
        finish=_both(times.finish),
        queue=_both(times.queue) if times.queue else None,
    )


def _both(seconds: Sequence[int]) -> tuple[str, str]:
    return _span(seconds[0]), _span(seconds[1])


def _span(seconds: int) -> str:
    """Seconds as a clock has them: 45 s, 3:05, 1:02:10."""
    if seconds < 60:
        return _("%(number)s s") % {"number": seconds}
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _money(found: Mapping[str, int]) -> str:
    """Sums of each currency beside each other, "–" without any."""
    show: Callable[[int, str], str] = amounts.money
    return ", ".join(show(micros, currency) for currency, micros in sorted(found.items())) or "–"
