"""Sentences joined, and labels built, in the reader's language."""

import pytest
from django.utils import translation

from tasks import text as module
from tasks.text import prose
from tasks.web.compose.form import ComposeForm


def test_an_empty_sentence_leaves_no_gap() -> None:
    assert prose("One.", "", "Two.", "Three.") == "One. Two. Three."
    assert (prose("", "Two."), prose("One."), prose()) == ("Two.", "One.", "")


def test_the_language_decides_the_space_between_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    chinese = {"%(first)s %(second)s": "%(first)s%(second)s"}
    monkeypatch.setattr(module, "_", chinese.__getitem__)
    assert prose("一。", "二。", "三。") == "一。二。三。"


def test_hours_are_in_the_readers_language() -> None:
    for language, hours in (("en", "48 h"), ("zh-hans", "48 小时")):
        with translation.override(language):
            offered = ComposeForm.base_fields["expires"].choices  # type: ignore[attr-defined]
            assert dict(offered)[48] == hours
