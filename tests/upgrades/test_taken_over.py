"""Every row, file, key and trigger of an earlier release is there after an upgrade."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

import psycopg
import pytest

from tests.ops.backups import restore
from tests.ops.homes import Home, Homes
from tests.upgrades.releases import assert_kept, backup_of, contents, renames, schema

#: One worker takes each release over, once.
pytestmark = pytest.mark.xdist_group("taken over")

ASK_THE_CODE = """
import json
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django_q.models import OrmQ
from tasks.models import Credential, Task
from tasks.models.search import searchable
boats = Task.objects.matching("boat").count()
Task.objects.filter(pk=Task.objects.earliest("pk").pk).update(search_text=searchable("a heron"))
print(json.dumps({
    "key": Credential.objects.get(name="Ark").reveal_key(),
    "factor": get_adapter().decrypt(Authenticator.objects.get().data["secret"]),
    "session": Session.objects.get().get_decoded()["said"],
    "job": OrmQ.objects.get().task["func"],
    "password": User.objects.get(username="ben").check_password("a password of the fixture"),
    "found": [boats, *(Task.objects.matching(word).count() for word in ("boat", "heron"))],
}))
"""


def test_the_fixture_has_rows_in_every_table(left: Home) -> None:
    assert {table for table, rows in contents(left).items() if not rows} == set()


def test_every_row_is_kept(waiting: Home, taken_over: Home, release: str) -> None:
    assert_kept(contents(waiting), contents(taken_over), release)


def test_every_budget_of_a_project_is_one_of_its_months(left: Home, taken_over: Home) -> None:
    before = left.ask(
        'SELECT project_id, unit, "limit" FROM tasks_budget WHERE "limit" IS NOT NULL'
    )
    after = taken_over.ask(
        "SELECT project_id, unit, \"limit\" FROM tasks_budget WHERE period = 'month'"
        " AND levels = '80, 100' AND person_id IS NULL AND credential_id IS NULL"
    )
    assert before and sorted(after) == sorted(before)
    assert taken_over.ask("SELECT count(*) FROM tasks_budget") == [(len(before),)]


def test_the_sums_by_day_are_those_by_month(left: Home, taken_over: Home, release: str) -> None:
    reserved = "held" if release == "0.1.0" else "reserved"
    columns = "project_id, {month}, person, currency, sum(takes), sum(tokens), sum({r}_tokens)"
    group = "GROUP BY project_id, {month}, person, currency HAVING sum(takes) > 0"
    sql = f"SELECT {columns}, sum(micros), sum({{r}}_micros) FROM tasks_spending {group}"
    month = "to_char(day, 'YYYY-MM')" if taken_over.database_url else "substr(day, 1, 7)"
    before = left.ask(sql.format(month="month", r=reserved))
    after = taken_over.ask(sql.format(month=month, r="reserved"))
    assert before and sorted(after) == sorted(before)


def test_it_is_built_like_a_new_one(taken_over: Home, homes: Homes) -> None:
    assert schema(taken_over) == schema(homes(is_migrated=True))


def test_every_saved_file_has_its_hash(taken_over: Home, release: str) -> None:
    copies, uploads = (renames(release).table(name) for name in ("tasks_copy", "tasks_upload"))
    saved = taken_over.ask(
        f"SELECT name, sha256 FROM {copies} WHERE state = 'saved'"
        f" UNION SELECT name, sha256 FROM {uploads} WHERE name <> ''"
    )
    assert len(saved) == 4
    for name, sha256 in saved:
        content = (taken_over.folder / "videos" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256


def test_keys_sessions_jobs_and_search_go_on_as_they_were(taken_over: Home, homes: Homes) -> None:
    assert json.loads(homes.copy_of(taken_over).shell(ASK_THE_CODE)) == {
        "key": "sk-of-the-fixture",
        "factor": "JBSWY3DPEHPK3PXP",
        "session": "as it was",
        "job": "tasks.jobs.sweep",
        "password": True,
        "found": [13, 12, 1],
    }


def test_triggers_go_on_adding_up(taken_over: Home, homes: Homes, release: str) -> None:
    home = homes.copy_of(taken_over)
    copies, charges = (renames(release).table(name) for name in ("tasks_copy", "tasks_charge"))
    (files, used), (counted, reserved) = _used(home, release), _spent(home, release)
    home.ask(f"UPDATE {copies} SET size = size + 7 WHERE state = 'saved'")
    home.ask(f"UPDATE {charges} SET tokens = tokens + 5 WHERE state = 'billed'")
    billed = home.ask(f"SELECT count(*) FROM {charges} WHERE state = 'billed'")[0][0]
    assert _used(home, release) == (files, used + 7 * files)
    assert _spent(home, release) == (counted + 5 * billed, reserved)
    home.ask(f"UPDATE {copies} SET state = 'gone' WHERE state = 'saved'")
    home.ask(f"DELETE FROM {charges} WHERE state <> 'free'")
    assert _used(home, release) == _spent(home, release) == (0, 0)


def test_charges_carry_what_costs_are_grouped_by(taken_over: Home, homes: Homes) -> None:
    home = homes.copy_of(taken_over)
    unlike = home.ask(
        "SELECT count(*) FROM tasks_charge c JOIN tasks_task t ON t.id = c.task_id"
        " LEFT JOIN tasks_submission s ON s.task_id = t.id WHERE c.provider <> t.provider"
        " OR c.batch IS NULL AND s.id IS NOT NULL OR s.batch_id <> c.batch"
        " OR (t.status = 'succeeded') <> (c.outcome = 'succeeded')"
        " OR (c.mode = '') <> (s.id IS NULL)"
    )
    assert unlike == [(0,)]
    assert home.ask("SELECT count(*) FROM tasks_charge WHERE outcome = 'succeeded'") != [(0,)]
    script = "from tasks.billing import cost_sums; print(cost_sums.days_that_differ())"
    assert home.shell(script).strip() == "[]"
    home.ask("UPDATE tasks_charge SET tokens = tokens + 5, outcome = 'failed'")
    assert home.shell(script).strip() == "[]"
    home.ask("DELETE FROM tasks_charge")
    for table in ("tasks_costsum", "tasks_batchsum"):
        assert home.ask(f"SELECT count(*) FROM {table}") == [(0,)]


def test_the_record_still_refuses_changes(taken_over: Home, release: str) -> None:
    audit = renames(release).table("tasks_auditentry")
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.IntegrityError)):
        taken_over.ask(f"UPDATE {audit} SET actor = 'nobody'")


def test_a_backup_is_taken_over_as_well(homes: Homes, left: Home, release: str) -> None:
    other = homes()
    output = restore(other, backup_of(release, other))
    assert "Of 4 saved files, 4 are here, byte for byte." in output
    assert "Type the keys" not in output
    assert_kept(contents(left), contents(other), release)


def _used(home: Home, release: str) -> tuple[int, int]:
    """Files and bytes, as the triggers added them up."""
    table = renames(release).table("tasks_storageuse")
    return _whole(home.ask(f"SELECT sum(files), sum(bytes) FROM {table}"))


def _spent(home: Home, release: str) -> tuple[int, int]:
    """Tokens counted and reserved, as the triggers added them up."""
    table = renames(release).table("tasks_spending")
    return _whole(home.ask(f"SELECT sum(tokens), sum(reserved_tokens) FROM {table}"))


def _whole(rows: list[tuple[Any, ...]]) -> tuple[int, int]:
    [(first, second)] = rows
    return int(first), int(second)
