"""A move from SQLite to PostgreSQL, as docs/operations.md says: counts, sums, credentials stay."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ops.backups import FILL, FOUND, REVEAL, SECRET
from tests.ops.homes import ON_POSTGRES, Homes

pytestmark = pytest.mark.skipif(not ON_POSTGRES, reason="the suite runs on SQLite")

SUMS = """
from django.apps import apps
from django.db.models import Sum
from tasks.models import Task, Copy
print({m._meta.label: m._default_manager.count() for m in apps.get_models()})
print(Task.objects.aggregate(Sum("total_tokens")), Copy.objects.aggregate(Sum("size")))
"""
LEFT = ("contenttypes", "auth.permission", "sessions", "django_q.ormq")  # made anew, or stale
DUMP = ["dumpdata", "--format", "jsonl", "--natural-foreign"]
DUMP += [f"--exclude={label}" for label in LEFT]


def test_a_move_keeps_counts_sums_and_credentials(homes: Homes, tmp_path: Path) -> None:
    lite, postgres = homes(is_migrated=True, postgres=False), homes(postgres=True)
    lite.shell(FILL)
    file = str(tmp_path / "rows.jsonl")
    assert lite.run(*DUMP, "--output", file)[0] == 0, lite.output()

    for part in ("keys", "videos"):
        shutil.copytree(lite.folder / part, postgres.folder / part)
    for command in (["migrate", "-v0"], ["flush", "--no-input"], ["loaddata", file]):
        assert postgres.run(*command)[0] == 0, postgres.output()

    assert postgres.shell(SUMS) == lite.shell(SUMS)
    assert "'total_tokens__sum': 30435" in lite.output()
    assert postgres.shell(REVEAL) == f"{SECRET}\n"
    assert postgres.shell(FOUND) == "30\n"
    new = "from tasks.models import Project; print(Project.objects.create(name='new').pk)"
    assert int(postgres.shell(new)) > 1
    assert postgres.run("backup", str(tmp_path / "moved.tar"))[0] == 0
