"""Every prompt with every setting that is tried: as many as the product, all within the rules."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.making.matrix import MOST_COMBINED, Axes, Plan, Takes
from tasks.providers import provider
from tasks.providers.catalog import ADAPTIVE, MODELS, RATIOS
from tasks.providers.rules import Why, objections
from tasks.providers.wish import Mode, Wish

ARK, FLAT = provider("volcengine").dialect, provider("yescale").dialect
NAMED = [(f"doubao-{model.name}", model) for model in MODELS]
BY_NAME = dict(NAMED)
PRO, FAST = "doubao-seedance-1-0-pro-250528", "doubao-seedance-2-0-fast-260128"


def some(*values: Any) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


some_axes = st.builds(
    Axes,
    prompts=some("A boat", "纸船", "A raft", ""),
    models=some(*BY_NAME).map(lambda names: [(name, BY_NAME[name]) for name in names]),
    ratios=some(*RATIOS, ADAPTIVE, None),
    resolutions=some("480p", "720p", "1080p", "4k", None),
    durations=some(-1, 2, 5, 12, 20, None),
    frames=some(None, 57, 58),
)


@given(some_axes, st.sampled_from([ARK, FLAT]), st.sampled_from(Mode), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_all_is_counted_and_what_goes_obeys_the_rules(
    axes: Axes, dialect: Any, mode: Mode, number: int
) -> None:
    plan = Plan(Wish(model="", mode=mode, generate_audio=True), axes, dialect)
    assert plan.number == axes.number == len(plan.possible) + plan.left_out
    assert sum(each.number for each in plan.omissions) == plan.left_out
    takes = Takes(number=number, with_seeds="seed" in dialect.hands_on)
    made = takes.of(plan.wishes, Random(1))
    assert len(made) == len(plan.possible) * number
    if not plan.common:
        for wish in made:
            assert not objections(wish, BY_NAME[wish.model], dialect)


@given(some_axes)
@settings(max_examples=60, deadline=None)
def test_no_two_combinations_are_the_same(axes: Axes) -> None:
    plan = Plan(Wish(model=""), axes, ARK)
    assert len(set(plan.wishes)) == len(plan.wishes)


def plan_of(**axes: Any) -> Plan:
    usual: dict[str, Any] = {"prompts": ["A boat"], "models": [(FAST, BY_NAME[FAST])]}
    return Plan(Wish(model="", generate_audio=True), Axes(**usual | axes), ARK)


def test_what_one_model_cannot_is_left_out_with_its_reason() -> None:
    plan = plan_of(
        models=[(name, BY_NAME[name]) for name in (PRO, FAST)],
        resolutions=["720p", "1080p"],
        ratios=["16:9", "9:16"],
        durations=[2, 5],
    )
    assert (plan.number, len(plan.possible)) == (16, 8 + 2)
    told = [(each.model.label, each.objection.field, each.number) for each in plan.omissions]
    assert sorted(told) == [
        ("Seedance 2.0 fast", "duration", 2),
        ("Seedance 2.0 fast", "resolution", 4),
    ]
    assert plan.lacking("has_audio") == ["Seedance 1.0 pro"]
    assert {(wish.model, wish.generate_audio) for wish in plan.wishes} == {
        (PRO, None),
        (FAST, True),
    }


def test_what_stands_against_all_is_a_fault_of_the_form() -> None:
    plan = plan_of(prompts=[""], resolutions=["720p", "1080p"])
    assert [each.why for each in plan.common] == [Why.NEEDS_PROMPT]
    assert (len(plan.possible), plan.left_out) == (1, 1)


def test_far_too_many_are_only_counted() -> None:
    plan = plan_of(prompts=[str(number) for number in range(MOST_COMBINED + 1)])
    assert plan.is_too_large and plan.number == MOST_COMBINED + 1 and not plan.wishes


@pytest.mark.parametrize(
    ("takes", "number", "seeds"),
    [
        (Takes(number=3), 3, None),
        (Takes(number=3, same=7), 3, {7}),
        (Takes(seeds=(11, 12)), 2, {11, 12}),
        (Takes(number=2, with_seeds=False), 2, {None}),
    ],
)
def test_takes_have_seeds_where_there_are_seeds(takes: Takes, number: int, seeds: Any) -> None:
    wishes = plan_of(models=[(PRO, BY_NAME[PRO])], ratios=["16:9", "1:1"]).wishes
    made = takes.of(wishes, Random(1))
    assert len(made) == prod((number, 2))
    found = {wish.seed for wish in made}
    assert found == seeds if seeds else len(found - {None}) == len(made)
    assert {wish.seed for wish in takes.of(plan_of().wishes, Random(1))} == {None}
