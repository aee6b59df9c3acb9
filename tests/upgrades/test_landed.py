"""A migration that has landed never changes, and stands by itself."""

from __future__ import annotations

import ast
import hashlib
import sys
from pathlib import Path

import pytest

from tasks import migrations

LANDED = Path(__file__).with_name("landed_migrations.txt")
FILES = sorted(Path(migrations.__path__[0]).glob("0*.py"))


def test_no_landed_migration_was_changed_or_renamed() -> None:
    landed = dict(line.split()[::-1] for line in LANDED.read_text().splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FILES}
    assert found == landed, (
        "A migration that has landed is never changed: write another one after it. A new one is "
        "added to landed_migrations.txt: sha256sum 0*.py, in tasks/migrations."
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_but_django_and_the_standard_library(path: Path) -> None:
    allowed = {"django", *sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in _imported(path)} <= allowed


def _imported(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module if node.module and not node.level else "tasks")
    return found
