"""Costs as CSV: the numbers of the page, a row a take, safe cells, in portions."""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.billing import cost_totals, costs
from tasks.models import AuditAction, AuditEntry, Charge, Profile, Project
from tasks.web.costs import cost_charges, cost_exports
from tests.conftest import MakeTask
from tests.web.cost_pages import NOW, many, november, office

__all__ = ["many", "november", "office"]  # fixtures

YEAR = {"period": "year", "measure": "takes"}

pytestmark = pytest.mark.usefixtures("november")


def table(client: Client, url: str, posted: dict[str, Any]) -> list[dict[str, str]]:
    response: Any = client.post(url, posted)
    assert response.status_code == 200 and response.streaming
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def takes(client: Client, **posted: Any) -> list[dict[str, str]]:
    return table(client, "/costs/charges/export.csv", YEAR | posted)


def test_a_row_a_take_of_the_projects_whose_money_one_sees(many: Project, office: Client) -> None:
    rows = takes(office)
    own = Charge.objects.filter(project=many)
    assert sorted(int(row["charge"]) for row in rows) == sorted(own.values_list("pk", flat=True))
    assert list(rows[0]) == cost_exports.HEADS
    assert {row["project"] for row in rows} == {"Dailies"}


def test_the_columns_add_up_to_the_sums_of_the_page(many: Project, office: Client) -> None:
    rows = takes(office)
    span = costs.Span(first=NOW.date().replace(month=1, day=1), last=NOW.date(),
                      projects=(many.pk,))  # fmt: skip
    found = cost_totals.totals(span)
    for kind, column in {
        "billed": "tokens", "reserved": "reserved_tokens", "estimated": "estimated_tokens",
    }.items():  # fmt: skip
        added = sum(int(row[f"tokens {kind}"] or 0) for row in rows)
        assert added == sum(each[column] for each in found.values()) > 0
    for currency in ("CNY", "USD"):
        paid = [row["money billed"] for row in rows if row["currency"] == currency]
        assert sum(Decimal(each or 0) for each in paid) * 1_000_000 == found[currency]["micros"]
    assert sum(int(row["seconds made"] or 0) for row in rows) == sum(
        each["seconds"] for each in found.values()
    )


def test_sums_are_those_of_the_page(many: Project, office: Client) -> None:
    for by, then in (("model", "outcome"), ("person", "week"), ("batch", "model"), ("month", "")):
        posted = {"period": "year", "by": by, "then": then}
        rows = table(office, "/costs/export.csv", posted)
        own = Charge.objects.filter(project=many)
        own = own.filter(batch__isnull=False) if by == "batch" else own
        assert sum(int(row["takes"]) for row in rows) == own.count(), by
        for currency in ("CNY", "USD", ""):
            billed = own.filter(currency=currency, state="billed", is_counted=True)
            added = sum(int(row["tokens"]) for row in rows if row["currency"] == currency)
            assert added == sum(billed.values_list("tokens", flat=True)), by
        keys = Counter(tuple(row[name] for name in (by, then, "currency") if name) for row in rows)
        assert set(keys.values()) == {1}


def test_chosen_columns_are_remembered_for_the_person(
    many: Project, office: Client, manager: User
) -> None:
    rows = takes(office, column=["outcome", "day", "nonsense"])
    assert list(rows[0]) == ["day", "outcome"]
    assert Profile.objects.get(user=manager).export_columns == "day,outcome"
    columns = office.get("/costs/charges/").context["columns"]
    assert [column.head for column, is_wanted in columns if is_wanted] == ["day", "outcome"]


def test_no_cell_is_a_formula(office: Client, project: Project, make_task: MakeTask) -> None:
    task = make_task(prompt="=HYPERLINK(1)")
    Charge.objects.create(project=project, day=NOW.date(), task=task, model="+1")
    [row] = takes(office)
    assert (row["prompt"], row["model"]) == ("'=HYPERLINK(1)", "'+1")


def test_charges_of_deleted_tasks_are_rows_as_well(office: Client, project: Project) -> None:
    Charge.objects.create(project=project, day=NOW.date(), state="billed", tokens=5,
                          is_counted=True, outcome="succeeded")  # fmt: skip
    [row] = takes(office)
    assert (row["task"], row["deleted"], row["tokens billed"]) == ("", "yes", "5")


def test_an_export_is_noted_in_the_audit(many: Project, office: Client) -> None:
    takes(office, column="day", person="2")
    entry = AuditEntry.objects.get(verb=AuditAction.EXPORTED)
    assert entry.changes["person"] == "2"


def test_a_long_export_is_read_in_portions(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Charge.objects.bulk_create(Charge(project=project, day=NOW.date()) for _ in range(25))
    monkeypatch.setattr(cost_charges, "PORTION", 10)
    columns = cost_exports.chosen(["charge", "day"])
    with django_assert_max_num_queries(4):
        rows = list(cost_exports.take_rows(Charge.objects.all(), columns))
    assert len({row[0] for row in rows}) == 25
