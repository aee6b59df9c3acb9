"""The sums that budgets are checked against equal the charges, whatever is done to these."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from tasks.billing import spending
from tasks.billing.sums import between, sums_by
from tasks.management.doctor import database_checks
from tasks.models import Charge, Credential, Project, Spending

FIRST = date(2026, 10, 25)


def some_values(chance: Random, projects: list[Project], accounts: list[Any]) -> dict[str, Any]:
    return {
        "project": chance.choice(projects),
        "credential": chance.choice(accounts),
        "person": chance.randint(0, 2),
        "day": FIRST + timedelta(days=chance.randint(0, 12)),
        "state": chance.choice(["reserved", "billed", "free"]),
        "currency": chance.choice(["", "CNY", "USD"]),
        "tokens": chance.randint(0, 10**9),
        "micros": chance.randint(0, 10**12),
    }


@pytest.mark.parametrize("seed", range(5))
def test_they_equal_the_charges_after_every_change(
    db: None, project: Project, credential: Credential, seed: int
) -> None:
    chance = Random(seed)
    projects = [project, Project.objects.create(name="Other")]
    other = Credential.objects.create(name="Other", provider="newapi", base_url="x")
    accounts = [credential, other, None]
    for _ in range(60):
        values = some_values(chance, projects, accounts)
        known = list(Charge.objects.values_list("pk", flat=True))
        act = chance.choice(["make", "make", "change", "change", "delete"])
        if act == "make" or not known:
            Charge.objects.create(**values)
        elif act == "change":
            names = chance.sample(list(values), k=chance.randint(1, len(values)))
            some = chance.sample(known, k=chance.randint(1, len(known)))
            changed = {name: values[name] for name in names}
            Charge.objects.filter(pk__in=some).update(**changed)
        else:
            Charge.objects.filter(pk=chance.choice(known)).delete()
        assert spending.wrong_sums() == 0
    other.delete()  # its charges stay, with no credential
    assert spending.wrong_sums() == 0
    rebuilt_from = sums(projects)
    spending.rebuild()
    assert (sums(projects), spending.wrong_sums()) == (rebuilt_from, 0)


def sums(projects: list[Project]) -> Any:
    rows = between(FIRST, FIRST + timedelta(days=99), project__in=projects)
    return sums_by("project_id", rows), sums_by("person", rows), sums_by("credential", rows)


def charge(project: Project, **more: Any) -> Charge:
    return Charge.objects.create(project=project, day=FIRST, tokens=7, **more)


@pytest.mark.parametrize("wrong", ["changed", "missing", "made up"])
def test_wrong_sums_are_found_by_doctor_and_mended_by_the_command(
    project: Project, member: User, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    charge(project, person=member.pk)
    charge(project, state="billed")
    [fine] = database_checks.sums_of_spending()
    assert fine.level == "ok"
    if wrong == "changed":
        Spending.objects.filter(person=member.pk).update(reserved_tokens=8)
    elif wrong == "missing":
        Spending.objects.filter(person=member.pk).delete()
    else:
        Spending.objects.create(key="made up", project=project, day=FIRST, person=99, tokens=1)
    assert spending.wrong_sums() == 1
    [broken] = database_checks.sums_of_spending()
    assert broken.level == "broken" and "rebuild_spending" in broken.advice
    call_command("rebuild_spending")
    assert "2 sums counted anew; 1 were wrong." in capsys.readouterr().out
    assert spending.wrong_sums() == 0


def test_triggers_go_on_from_sums_that_were_counted_anew(project: Project) -> None:
    row = charge(project)
    spending.rebuild()
    Charge.objects.filter(pk=row.pk).update(state="billed", tokens=9)
    [kept] = Spending.objects.all()
    assert (kept.takes, kept.tokens, kept.reserved_tokens) == (1, 9, 0)
    charge(project, person=5, currency="CNY")
    assert Spending.objects.count() == 2 and spending.wrong_sums() == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by its statistics")
@pytest.mark.parametrize("column", ["project_id", "person", "credential"])
def test_sums_of_a_period_are_found_by_an_index(db: None, column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN QUERY PLAN SELECT sum(tokens) FROM tasks_spending WHERE {column} = 1"
            " AND day >= '2026-11-01' AND day < '2026-12-01'"
        )
        plan = str(cursor.fetchall())
    assert "SEARCH tasks_spending USING INDEX spending_" in plan
