"""The text of the prompt box: several prompts, their variables, their length."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.providers.catalog.models import MODELS, PromptAdvice
from tasks.web.compose import prompts

ADVICE = PromptAdvice(characters=500, words=1_000)

a_name = st.from_regex(r"[a-z颜色0-9_-]{1,6}", fullmatch=True)
some_words = st.text(st.characters(exclude_characters="{}", codec="utf-8"), max_size=12)
some_values = st.dictionaries(
    a_name, st.lists(some_words.filter(bool), min_size=1, max_size=4, unique=True), max_size=4
)


@given(some_values, some_words)
def test_each_value_makes_a_prompt_with_each_of_the_others(
    values: dict[str, list[str]], end: str
) -> None:
    text = " | ".join(f"{name} {{{{ {name} }}}}" for name in values) + end
    texts = prompts.filled([text], values)
    number = prod(len(each) for each in values.values())
    assert prompts.count([text], values) == number
    assert len(texts) <= number and len(set(texts)) == len(texts)
    assert not any("{{" in each for each in texts)
    assert {prompts.fill(text, {n: v[0] for n, v in values.items()})} <= set(texts)


@given(st.text(max_size=60), some_values)
def test_any_text_can_be_parsed(text: str, values: dict[str, list[str]]) -> None:
    whole = prompts.divided(text)
    assert whole and len(prompts.filled(whole, values)) <= prompts.count(whole, values)
    prompts.has_stray_braces(text)
    prompts.longest(whole, values, ADVICE)


def test_a_variable_multiplies_only_the_prompts_that_have_it() -> None:
    typed = prompts.divided("A {{boat}} at dusk\r\n---\r\nA {{colour}} {{boat}}\n -----\n\nNone")
    values = {"boat": ["junk", "raft"], "colour": ["red", "blue", "green"]}
    assert prompts.count(typed, values) == 2 + 6 + 1
    assert prompts.filled(typed, values)[:3] == ["A junk at dusk", "A raft at dusk", "A red junk"]


def test_values_are_never_searched_for_variables() -> None:
    filled = prompts.filled(["{{a}} {{b}}"], {"a": ["{{b}}", "{% now %}"], "b": [r"\1 {{a}}"]})
    assert filled == [r"{{b}} \1 {{a}}", r"{% now %} \1 {{a}}"]


def test_a_variable_without_a_value_is_left_as_it_stands() -> None:
    assert prompts.filled(["A {{boat}} in {{ 城市 }}"], {"boat": []}) == [
        "A {{boat}} in {{ 城市 }}"
    ]
    assert prompts.names("A {{boat}} in {{ 城市 }}, {{boat}}") == ["boat", "城市"]


@pytest.mark.parametrize(
    "text", ["{{}}", "{{a b}}", "{{a.b}}", "{{a", "a}}", "{{" + "x" * 41 + "}}"]
)
def test_braces_that_form_no_variable_are_detected(text: str) -> None:
    assert prompts.has_stray_braces(text)
    assert not prompts.has_stray_braces("{a} {{ok}} }")


def test_equal_prompts_count_once() -> None:
    assert prompts.divided("A boat\n---\nA boat\n---\n") == ["A boat"]
    assert prompts.divided("") == [""]
    assert prompts.divided("half-size --- of it") == ["half-size --- of it"]


@pytest.mark.parametrize(
    ("text", "characters", "words"),
    [
        ("", 0, 0),
        ("纸船漂过运河，黄昏。", 8, 0),
        ("A paper boat, it's half-sunk", 0, 5),
        ("镜头 slow push-in 推进 35mm", 4, 3),
        ("かもめ 갈매기 𠀀", 7, 0),
    ],
)
def test_chinese_is_counted_in_characters_and_english_in_words(
    text: str, characters: int, words: int
) -> None:
    assert prompts.length(text) == prompts.Length(characters=characters, words=words)


def test_a_prompt_in_two_languages_has_a_share_of_both() -> None:
    assert not prompts.length("船" * 500).is_long(ADVICE)
    assert prompts.length("船" * 501).is_long(ADVICE)
    assert not prompts.length("boat " * 1_000).is_long(ADVICE)
    assert prompts.length("船" * 260 + "boat " * 500).is_long(ADVICE)


def test_the_longest_prompt_to_send_is_measured() -> None:
    typed = ["A {{boat}}", "One two three"]
    is_longest = prompts.longest(typed, {"boat": ["x", "very large old paper boat"]}, ADVICE)
    assert is_longest.words == 6


def test_every_model_has_its_makers_advice() -> None:
    assert {model.prompt for model in MODELS} == {ADVICE}
