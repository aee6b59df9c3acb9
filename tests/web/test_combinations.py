"""The combinations of a composition: as many as the product, all within the rules."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.providers import provider
from tasks.providers.catalog.models import ADAPTIVE, MODELS, RATIOS
from tasks.providers.catalog.request import GenerationRequest, Mode
from tasks.providers.catalog.rules import Rule, violations
from tasks.web.compose.composition import MOST_COMBINATIONS, Composition
from tasks.web.compose.model_options import Seeding
from tasks.web.compose.plan import Plan

ARK, FLAT = provider("volcengine").dialect, provider("yescale").dialect
BY_NAME = {f"doubao-{model.name}": model for model in MODELS}
PRO, FAST = "doubao-seedance-1-0-pro-250528", "doubao-seedance-2-0-fast-260128"


def some(*values: Any) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def some_compositions(draw: st.DrawFn, dialects: Any = (ARK,)) -> Composition:
    axes = {
        "prompts": some("A boat", "纸船", "A raft", ""),
        "models": some(*BY_NAME).map(lambda names: {name: BY_NAME[name] for name in names}),
        "ratios": some(*RATIOS, ADAPTIVE, None),
        "resolutions": some("480p", "720p", "1080p", "4k", None),
        "durations": some(-1, 2, 5, 12, 20, None),
        "frames": some(None, 57, 58),
    }
    drawn = {name: draw(values) for name, values in axes.items()}
    dialect, mode = draw(st.sampled_from(dialects)), draw(st.sampled_from(Mode))
    return Composition(
        dialect=dialect,
        shared=GenerationRequest(model="", mode=mode, generate_audio=True),
        number_of_prompts=len(drawn["prompts"]),
        takes=draw(st.integers(1, 4)),
        seeding=Seeding.CHANCE if "seed" in dialect.forwarded_fields else None,
        **drawn,
    )


@pytest.mark.exhaustive
@given(some_compositions(dialects=(ARK, FLAT)))
@settings(max_examples=150, deadline=None)
def test_all_combinations_are_counted_and_requests_obey_the_rules(composition: Composition) -> None:
    plan = Plan.of(composition)
    assert composition.number == len(plan.combinations) == len(plan.possible) + plan.left_out
    assert sum(each.number for each in plan.omissions) == plan.left_out
    requests = plan.requests(Random(1))
    assert plan.number == len(plan.possible) * composition.takes
    assert len(requests) == (plan.number if plan.number <= MOST_COMBINATIONS else 0)
    if not plan.violations_of_all:
        for request in requests:
            assert not violations(request, BY_NAME[request.model], composition.dialect)


@pytest.mark.exhaustive
@given(some_compositions())
@settings(max_examples=60, deadline=None)
def test_no_two_combinations_are_the_same(composition: Composition) -> None:
    requests = [each.request for each in Plan.of(composition).combinations]
    assert len(set(requests)) == len(requests)


def plan_of(**fields: Any) -> Plan:
    usual: dict[str, Any] = {
        "dialect": ARK,
        "shared": GenerationRequest(model="", generate_audio=True),
        "prompts": ["A boat"],
        "models": {FAST: BY_NAME[FAST]},
    }
    usual |= fields
    usual.setdefault("number_of_prompts", len(usual["prompts"]))
    return Plan.of(Composition(**usual))


def test_combinations_that_one_model_cannot_make_are_omitted_with_the_reason() -> None:
    plan = plan_of(
        models={name: BY_NAME[name] for name in (PRO, FAST)},
        resolutions=["720p", "1080p"],
        ratios=["16:9", "9:16"],
        durations=[2, 5],
    )
    assert (plan.composition.number, len(plan.possible)) == (16, 8 + 2)
    omitted = [(each.model.label, each.violation.field, each.number) for each in plan.omissions]
    assert sorted(omitted) == [
        ("Seedance 2.0 fast", "duration", 2),
        ("Seedance 2.0 fast", "resolution", 4),
    ]
    assert plan.models_without("has_audio") == ["Seedance 1.0 pro"]
    requests = [each.request for each in plan.possible]
    assert {(request.model, request.generate_audio) for request in requests} == {
        (PRO, None),
        (FAST, True),
    }


def test_an_objection_to_all_combinations_is_an_error_of_the_form() -> None:
    plan = plan_of(prompts=[""], resolutions=["720p", "1080p"])
    assert [each.rule for each in plan.violations_of_all] == [Rule.NEEDS_PROMPT]
    assert (len(plan.possible), plan.left_out) == (1, 1)


def test_far_too_many_combinations_are_only_counted() -> None:
    plan = plan_of(prompts=[str(number) for number in range(MOST_COMBINATIONS + 1)])
    assert plan.is_too_large and plan.number == MOST_COMBINATIONS + 1
    assert not plan.combinations and not plan.requests(Random(1))


def test_far_too_many_takes_are_only_counted() -> None:
    plan = plan_of(takes=MOST_COMBINATIONS + 1)
    assert plan.number == MOST_COMBINATIONS + 1 and not plan.requests(Random(1))


@pytest.mark.parametrize(
    ("seeds", "number", "seen"),
    [
        ({"takes": 3}, 3, None),
        ({"takes": 3, "seeding": Seeding.SAME, "seeds": (7,)}, 3, {7}),
        ({"seeding": Seeding.LIST, "seeds": (11, 12)}, 2, {11, 12}),
        ({"takes": 2, "seeding": None}, 2, {None}),
    ],
)
def test_takes_have_seeds_where_the_model_takes_them(
    seeds: dict[str, Any], number: int, seen: Any
) -> None:
    plan = plan_of(models={PRO: BY_NAME[PRO]}, ratios=["16:9", "1:1"], **seeds)
    requests = plan.requests(Random(1))
    assert len(requests) == plan.number == 2 * number
    used = {request.seed for request in requests}
    assert used == seen if seen else len(used - {None}) == len(requests)
    assert {request.seed for request in plan_of(**seeds).requests(Random(1))} == {None}


def test_one_seed_for_all_is_chosen_by_chance_where_none_is_given() -> None:
    plan = plan_of(models={PRO: BY_NAME[PRO]}, takes=3, seeding=Seeding.SAME)
    [seed] = {request.seed for request in plan.requests(Random(1))}
    assert seed is not None
