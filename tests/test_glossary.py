"""One word for one thing: no text of the catalog holds a word that locale/glossary.toml forbids."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_translations import ENTRIES, Entry

GLOSSARY = Path(__file__).parent.parent / "locale" / "glossary.toml"
KEYS = {"about", "en", "zh", "not_en", "not_zh", "but", "except"}
Term = dict[str, Any]
TERMS: list[Term] = tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["term"]


def english(entry: Entry) -> str:
    return " ".join((entry["msgid"], entry.get("msgid_plural", "")))


def found_in(term: Term, entry: Entry) -> list[str]:
    """The words that a term forbids and this text holds, English and Chinese."""
    texts = {"en": english(entry), "zh": entry["msgstr"]}
    for allowed in term.get("but", ()):
        texts = {language: text.replace(allowed, "") for language, text in texts.items()}
    small = texts["en"].lower()
    near = [word for word in term.get("not_en", ()) if word.lower() in small]
    whole = [rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in near]
    return [
        *(match[0] for each in whole for match in re.finditer(each, texts["en"], re.IGNORECASE)),
        *(word for word in term.get("not_zh", ()) if word in texts["zh"]),
    ]


def faults(term: Term, entries: list[Entry]) -> Iterator[tuple[str, list[str]]]:
    for entry in entries:
        if entry["msgid"] not in term.get("except", ()) and (words := found_in(term, entry)):
            yield entry["msgid"], words


def needless(term: Term, entries: list[Entry]) -> list[str]:
    """The exceptions that are in no text any more, or not for a forbidden word."""
    needed = {entry["msgid"] for entry in entries if found_in(term, entry)}
    return [msgid for msgid in term.get("except", ()) if msgid not in needed]


def test_no_text_holds_a_forbidden_word() -> None:
    assert [fault for term in TERMS for fault in faults(term, ENTRIES)] == []


def test_no_exception_is_needless() -> None:
    assert [msgid for term in TERMS for msgid in needless(term, ENTRIES)] == []


def test_every_term_has_its_words_and_no_key_is_misspelled() -> None:
    for term in TERMS:
        assert {"en", "zh"} <= set(term) <= KEYS, term
        assert term["en"] or term.get("about")


def test_the_chosen_words_are_not_forbidden_themselves() -> None:
    for term in TERMS:
        chosen = {"msgid": term["en"], "msgstr": term["zh"], "flags": ""}
        assert [word for each in TERMS for word in found_in(each, chosen)] == [], term["en"]


DRAFT = {
    "en": "answer",
    "zh": "响应",
    "not_en": ["reply"],
    "not_zh": ["种子"],
    "but": ["随机种子"],
    "except": ["Reply to all"],
}


@pytest.mark.parametrize(
    "msgid, msgstr, words",
    [
        ("The Reply was lost", "响应丢失", ["Reply"]),
        ("Replying", "正在响应", []),
        ("Seed", "种子", ["种子"]),
        ("Seed", "随机种子", []),
    ],
    ids="word part character longer".split(),
)
def test_a_forbidden_word_is_found_whole(msgid: str, msgstr: str, words: list[str]) -> None:
    entry = {"msgid": msgid, "msgstr": msgstr, "flags": ""}
    assert found_in(DRAFT, entry) == words
    assert [each for _, each in faults(DRAFT, [entry])] == ([words] if words else [])


def test_an_exception_counts_for_its_own_text_while_it_needs_one() -> None:
    entry = {"msgid": "Reply to all", "msgstr": "全部", "flags": ""}
    assert list(faults(DRAFT, [entry])) == [] and needless(DRAFT, [entry]) == []
    assert needless(DRAFT, [{**entry, "msgid": "Answer all"}]) == ["Reply to all"]


def test_a_plural_is_looked_at_too() -> None:
    entry = {"msgid": "One", "msgid_plural": "%(n)s, reply", "msgstr": "", "flags": ""}
    assert found_in(DRAFT, entry) == ["reply"]
