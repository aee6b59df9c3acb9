"""docs/promises.md names a test for each promise, and each test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PROMISES = re.split(r"^(\d+)\. ", (ROOT / "docs/promises.md").read_text(), flags=re.M)[1:]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def functions_of(path: str) -> frozenset[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module(body=[], type_ignores=[])
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


def test_promises_are_numbered_without_a_gap() -> None:
    numbers = [int(number) for number in PROMISES[::2]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_promise_names_a_test() -> None:
    promises = zip(PROMISES[::2], PROMISES[1::2], strict=True)
    assert not [number for number, text in promises if not NAMED.search(text)]


def test_every_named_test_exists() -> None:
    named = NAMED.findall("".join(PROMISES))
    assert not [f"{path}::{name}" for path, name in named if name not in functions_of(path)]
