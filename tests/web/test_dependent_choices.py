"""Choices that narrow each other, for every model at providers that forward all or few fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.providers import provider
from tasks.providers.catalog.models import MODELS
from tasks.providers.catalog.request import MediaRole, Mode
from tasks.web.compose.dependent_choices import DependentChoices
from tasks.web.compose.model_options import FROM_THE_DRAFT, SEVERAL, Seeding

ARK, FLAT = provider("volcengine").dialect, provider("yescale").dialect
BY_NAME = {f"doubao-{model.name}": model for model in MODELS}
PRO, OMNI = "doubao-seedance-1-0-pro-250528", "doubao-seedance-2-0-260128"
DRAFTING = "doubao-seedance-1-5-pro-251215"


def narrow(dialect: Any = ARK, *, is_several: bool = False, **answers: Any) -> DependentChoices:
    given = {name: each if isinstance(each, list) else [each] for name, each in answers.items()}
    return DependentChoices(
        lambda name: given.get(name, []), BY_NAME, dialect, is_several=is_several
    )


some_words = st.lists(st.sampled_from(["", "x", "5", "16:9", "720p", "frames", "on", *Mode]))
some_answers = st.fixed_dictionaries(
    {"model": st.lists(st.sampled_from([*BY_NAME, "another"]), max_size=3)}
    | dict.fromkeys(("mode", "ratio", "resolution", "duration", "measure"), some_words)
    | dict.fromkeys(("draft", "seeding", "seeds", "service_tier"), some_words)
)


@pytest.mark.exhaustive
@given(some_answers, st.sampled_from([ARK, FLAT]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_was_answered_only_options_are_chosen(
    answers: dict[str, list[str]], dialect: Any, is_several: bool
) -> None:
    choices = narrow(dialect, is_several=is_several, **answers)
    for name, chosen in choices.chosen.items():
        assert chosen and set(chosen) <= {value for value, _label in choices.options[name]}
        assert len(chosen) == 1 or (is_several and name in SEVERAL)
    assert {"duration", "frames"} & choices.absent, "a length is given in one unit"
    assert {str(part) for part in MediaRole if part not in choices.references} <= choices.absent


def test_a_choice_that_is_no_longer_offered_is_replaced_by_the_usual_one() -> None:
    choices = narrow(model="another", mode="edit", ratio="1:2", duration="99")
    assert choices.chosen["model"] == [OMNI]
    assert choices.chosen["duration"] == [str(BY_NAME[OMNI].default_duration)]
    assert narrow(model=PRO, mode="edit").mode == Mode.TEXT


def test_only_settings_that_the_provider_forwards_are_offered() -> None:
    choices = narrow(FLAT, model=PRO)
    assert {"seeding", "seeds", "priority", "expires", "watermark", "measure"} <= choices.absent
    assert choices.seeding is None


@pytest.mark.parametrize(
    ("seeds", "seeding", "absent"),
    [
        ("", Seeding.CHANCE, {"seeds"}),
        ("7", Seeding.SAME, set()),
        ("7, 8", Seeding.LIST, {"takes"}),
    ],
)
def test_the_number_of_seeds_implies_their_use(
    seeds: str, seeding: Seeding, absent: set[str]
) -> None:
    choices = narrow(model=PRO, seeds=seeds)
    assert choices.seeding == seeding
    assert choices.absent & {"seeds", "takes"} == absent


def test_a_final_video_inherits_from_its_draft() -> None:
    choices = narrow(model=DRAFTING, mode=Mode.FINAL)
    assert set(FROM_THE_DRAFT) <= choices.absent and choices.seeding is None
    assert "draft_task_id" not in choices.absent


def test_several_models_offer_what_any_of_them_can_do() -> None:
    choices = narrow(model=[PRO, OMNI], is_several=True)
    assert choices.models == [BY_NAME[name] for name in choices.chosen["model"]]
    assert not {"generate_audio", "seeding"} & choices.absent
    assert "seeding" in narrow(model=OMNI).absent
    assert "generate_audio" in narrow(model=PRO).absent
