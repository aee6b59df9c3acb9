"""Docstrings begin with a verb, a noun phrase or "Whether", and can be read alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("tasks", "seedance_site", "tests", "benchmarks")

FUNCTION_WORDS = """
    about above across after again against along although among and anything apart around as at
    because before behind below beneath beside besides between beyond but by down during each either
    else every except far for from hence here how however if in inside instead into just least less
    like more most much near neither never next none nor not now of off often on once only onto or
    otherwise out outside over past per perhaps rather same seldom since so some somewhere still
    such than that the then there therefore these this those though through throughout thus till
    to together too toward towards under unless until unto up upon very via what whatever when
    whence whenever where whereas wherever which whichever while who whoever whom whose why with
    within without yet
"""
PRONOUNS = """
    i you he she it we they me him her us them my your his its our their mine yours hers ours theirs
    myself itself ourselves themselves anybody anyone everybody everyone everything nobody nothing
    somebody someone something one both others another all any many few
"""
#: Words of the lists that may begin a noun phrase: "The longest …", "All rows", "One row per task".
ALLOWED = {"the", "each", "every", "some", "all", "any", "many", "few", "one", "another", "both"}
ALLOWED |= {"most", "more", "least", "only", "no", "same", "next", "past"}
FORBIDDEN = {*FUNCTION_WORDS.split(), *PRONOUNS.split()} - ALLOWED


@pytest.mark.exhaustive
def test_every_docstring_begins_with_a_verb_a_noun_phrase_or_whether() -> None:
    wrong = [line for path in python_files() for line in faults_of(path)]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_check_sees_what_it_forbids() -> None:
    assert [is_fine(first) for first in ("Of lost ones", "they say", "“quoted”", "")] == [False] * 4
    assert is_fine("Whether it is due.") and is_fine("Claim the row.") and is_fine("A row.")


def python_files() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def faults_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        docstring = ast.get_docstring(node)
        if docstring is not None and not is_fine(docstring):
            line = node.body[0].lineno
            yield f"{path.relative_to(ROOT)}:{line}: {docstring.splitlines()[0][:70]}"


def is_fine(docstring: str) -> bool:
    """Whether it begins with a word that may stand first."""
    first = docstring.split(maxsplit=1)[:1]
    if not first:
        return False
    if first[0][:1] in "`\"'" or is_name(first[0]):
        return True
    word = re.match(r"[^\W\d_]+|\d", first[0])
    if word is None:
        return False
    return not word[0][0].islower() and word[0].lower() not in FORBIDDEN


def is_name(word: str) -> bool:
    """Whether it is a name of code or a command: manage.py, GET, htmx's, furnish(folder)."""
    plain = word.strip(":,.;").removesuffix("'s")
    looks_so = re.match(r"\w+\(", plain) or re.search(r"[._/=%-]", plain)
    return bool(looks_so) or plain.isupper() or plain in NAMES


#: Lower-case names that may begin a docstring.
NAMES = set("allauth boto3 django fsync granian h11 htmx httpx kill nginx python".split())
