"""Sentences one after the other, and words that are put together for each reader anew."""

import pytest
from django.utils import translation

from seedance_site import prose as module
from seedance_site.prose import prose
from tasks.making.fields import MakeFields


def test_what_is_empty_leaves_no_gap() -> None:
    assert prose("One.", "", "Two.", "Three.") == "One. Two. Three."
    assert (prose("", "Two."), prose("One."), prose()) == ("Two.", "One.", "")


def test_the_language_says_what_stands_between_two(monkeypatch: pytest.MonkeyPatch) -> None:
    chinese = {"%(first)s %(second)s": "%(first)s%(second)s"}
    monkeypatch.setattr(module, "_", chinese.__getitem__)
    assert prose("一。", "二。", "三。") == "一。二。三。"


def test_hours_are_said_in_the_language_of_the_reader() -> None:
    for language, hours in (("en", "48 h"), ("zh-hans", "48 小时")):
        with translation.override(language):
            offered = MakeFields()["expires"].field.choices  # type: ignore[attr-defined]
            assert dict(offered)[48] == hours
