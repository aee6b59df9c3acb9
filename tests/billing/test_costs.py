"""Costs by anything: the same as the charges, added up one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import astuple
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tasks.billing import cost_totals, costs
from tasks.billing.costs import Amounts, Measure, Span
from tasks.models import Charge, Credential, Project
from tests.billing.charges import charges

MONTH = Span(first=date(2026, 11, 1), last=date(2026, 11, 30))
MEASURES = [costs.TOKENS, costs.TAKES, costs.SECONDS, costs.money_in("CNY"), costs.money_in("USD")]


@pytest.fixture
def projects(project: Project) -> list[Project]:
    return [project, Project.objects.create(name="Other"), Project.objects.create(name="Third")]


@pytest.fixture
def many(projects: list[Project], credential: Credential) -> list[Charge]:
    fields = {"provider": "dataeyes", "base_url": "https://other.example"}
    other = Credential(name="Other", **fields)
    other.replace_key("sk-of-the-tests-0123456789")
    other.save()
    charges(400, projects, [credential, other])
    return list(Charge.objects.all())


def parts(charge: Charge, measure: Measure) -> Amounts:
    """The parts that one charge adds, as a person would count."""
    is_open, is_done = charge.outcome == "open", charge.outcome == "succeeded"
    is_reserved = charge.state == "reserved" and is_open
    is_estimated = charge.state == "reserved" and not is_open
    is_billed = charge.state == "billed"
    if measure.name == "tokens":
        guess = is_estimated or (is_billed and not charge.is_counted)
        numbers = (
            charge.tokens * (is_billed and charge.is_counted),
            charge.tokens * is_reserved,
            charge.tokens * guess,
            int(is_done and not charge.is_counted),
        )
    elif measure.name == "takes":
        numbers = (1, 0, 0, 0)
    elif measure.name == "seconds":
        numbers = (charge.made_seconds or 0, 0, 0, int(is_done and charge.made_seconds is None))
    else:
        own = charge.micros if charge.currency == measure.currency else 0
        is_unpriced = charge.state != "free" and not charge.currency
        numbers = (own * is_billed, own * is_reserved, own * is_estimated, int(is_unpriced))
    return Amounts(*numbers, takes=1)


READ: dict[str, Callable[[Charge], Any]] = {
    "project": lambda charge: charge.project_id,
    "credential": lambda charge: charge.credential_id or 0,
    "week": lambda charge: charge.day - timedelta(days=charge.day.weekday()),
    "month": lambda charge: charge.day.replace(day=1),
}


def counted(rows: list[Charge], names: tuple[str, ...], measure: Measure) -> dict[Any, Amounts]:
    groups: defaultdict[Any, list[Charge]] = defaultdict(list)
    for charge in rows:
        if "batch" not in names or charge.batch is not None:
            values = [READ[n](charge) if n in READ else getattr(charge, n) for n in names]
            groups[tuple(values)].append(charge)
    return {key: added([parts(each, measure) for each in group]) for key, group in groups.items()}


def added(amounts: list[Amounts]) -> Amounts:
    columns = zip(*(astuple(each) for each in amounts), strict=True)
    return Amounts(*map(sum, columns))


def within(rows: list[Charge], span: Span) -> list[Charge]:
    return [charge for charge in rows if span.first <= charge.day <= span.last]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_every_grouping_is_the_sum_of_its_charges(
    many: list[Charge], monkeypatch: pytest.MonkeyPatch, measure: Measure
) -> None:
    monkeypatch.setattr(costs, "MOST_BATCHES", 10_000)
    rows = within(many, MONTH)
    pairs = list(permutations(costs.DIMENSIONS, 2))[:: 1 if measure.name == "CNY" else 11]
    for names in [(name,) for name in costs.DIMENSIONS] + pairs:
        assert costs.grouped(MONTH, names, measure) == counted(rows, names, measure), names


def test_the_whole_is_the_sum_of_any_grouping(many: list[Charge]) -> None:
    found = cost_totals.totals(MONTH)
    for measure in MEASURES:
        expected = sum((parts(each, measure) for each in within(many, MONTH)), Amounts())
        assert cost_totals.amounts_in(found, measure) == expected


def test_only_the_projects_of_the_span_count(many: list[Charge], projects: list[Project]) -> None:
    own = Span(first=MONTH.first, last=MONTH.last, projects=(projects[1].pk,))
    for measure in MEASURES:
        found = costs.grouped(own, ("project",), measure)
        assert set(found) == {(projects[1].pk,)}
    nobody = Span(first=MONTH.first, last=MONTH.last, projects=())
    assert cost_totals.totals(nobody) == {}


def test_conditions_and_exceptions_leave_the_rest(
    many: list[Charge], credential: Credential
) -> None:
    for name, value in {"credential": 0, "person": 2, "mode": "", "outcome": "failed"}.items():
        only = Span(first=MONTH.first, last=MONTH.last, where={name: value})
        rest = Span(first=MONTH.first, last=MONTH.last, excluded={name: (value,)})
        for measure in MEASURES:
            [(whole, one, other)] = [
                [
                    cost_totals.amounts_in(cost_totals.totals(each), measure)
                    for each in (MONTH, only, rest)
                ]
            ]
            assert one and other and one + other == whole
            for part in measure.parts:
                for span, amounts in ((only, one), (rest, other)):
                    found = costs.charges_of(span, measure, part)
                    number, _takes = costs.sum_of_charges(found, measure, part)
                    assert number == getattr(amounts, part), (name, measure.name, part)


def test_the_batches_with_the_most_come_first(
    many: list[Charge], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "MOST_BATCHES", 5)
    for measure in (costs.money_in("CNY"), costs.TOKENS):
        whole = counted(within(many, MONTH), ("batch",), measure)
        best = sorted((each.billed for each in whole.values()), reverse=True)[:5]
        found = costs.grouped(MONTH, ("batch",), measure)
        assert sorted((each.billed for each in found.values()), reverse=True) == best
    pairs = costs.grouped(MONTH, ("batch", "model"), costs.TOKENS)
    assert {key[0] for key in pairs} == {key[0] for key in found}


def test_a_chart_has_each_day_and_what_it_is_stacked_by(many: list[Charge]) -> None:
    for measure in MEASURES:
        whole = counted(within(many, MONTH), ("day",), measure)
        found = costs.by_day(MONTH, measure)
        assert {day: n for (day, _none), n in found.items() if n} == {
            day: each.billed for (day,), each in whole.items() if each.billed
        }
        for name, among in (("model", ["", "a new one"]), ("batch", [3, 4, 5])):
            some = costs.by_day(MONTH, measure, name, among)
            for day in {key[0] for key in some}:
                assert sum(n for key, n in some.items() if key[0] == day) == found[day, None]
            by_value = counted(within(many, MONTH), ("day", name), measure)
            assert {key: n for key, n in some.items() if n and key[1] is not None} == {
                key: each.billed
                for key, each in by_value.items()
                if each.billed and key[1] in among
            }


def test_a_grouping_costs_one_query(
    many: list[Charge], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        costs.grouped(MONTH, ("person", "model"), costs.TOKENS)
    with django_assert_num_queries(2):
        costs.grouped(MONTH, ("batch", "model"), costs.TOKENS)


def test_a_question_for_totals_brings_the_groups_along(
    many: list[Charge], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for names in (("person", "model"), ("outcome",), ("batch",), ("project", "week")):
        with django_assert_num_queries(1):
            found, sums = cost_totals.totals_and_sums(MONTH, names)
        assert found == cost_totals.totals(MONTH)
        assert (sums is None) == bool({"batch", "week"} & {*names})
        if sums is not None:
            for measure in MEASURES:
                groups = cost_totals.amounts_of(sums, measure)
                assert groups == costs.grouped(MONTH, names, measure)
