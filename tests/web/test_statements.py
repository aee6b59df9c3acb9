"""The statement of a project's month: the page's numbers, kinds and currencies apart, printable."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tasks.billing import cost_totals, costs
from tasks.models import Charge, Credential, Project
from tasks.web.costs import statements
from tasks.web.costs.statements import Statement
from tests.billing.charges import charges
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.cost_pages import NOW, many, november, office

__all__ = ["many", "november", "office"]  # fixtures

pytestmark = pytest.mark.usefixtures("november")


def read(client: Client, project: Project, tail: str = "", month: str = "2026-11") -> Any:
    response = client.get(f"/costs/statement/{project.pk}/{month}/{tail}")
    assert response.status_code == 200
    return response


def test_its_sums_are_those_of_the_costs_page(many: Project, office: Client) -> None:
    found: Statement = read(office, many).context["statement"]
    span = costs.Span(first=date(2026, 11, 1), last=date(2026, 11, 30), projects=(many.pk,))
    assert {each.currency: each.total.sums for each in found.accounts} == cost_totals.totals(span)
    page = office.get(f"/costs/?period=month&measure=CNY&project={many.pk}").context["page"]
    [account] = [each for each in found.accounts if each.currency == "CNY"]
    shown = {cell.part: cell.text for cell in page.cells}
    assert [account.total.money(kind) for kind in statements.KINDS] == [
        shown[kind] for kind in statements.KINDS
    ]


def test_people_come_to_the_same_as_models(many: Project, office: Client) -> None:
    found: Statement = read(office, many).context["statement"]
    for account in found.accounts:
        own = [line for line in found.people if line.currency == account.currency]
        for name, total in account.total.sums.items():
            assert sum(line.sums[name] for line in own) == total


def test_kinds_and_currencies_stand_apart(project: Project, office: Client) -> None:
    common = {"project": project, "day": date(2026, 11, 3), "tokens": 10, "outcome": "succeeded"}
    billed = {"state": "billed", "is_counted": True}
    Charge.objects.create(**common, **billed, currency="CNY", micros=1_500_000)
    Charge.objects.create(**common, **billed, currency="USD", micros=2_500_000)
    Charge.objects.create(**common, state="reserved", currency="CNY", micros=3_500_000)
    Charge.objects.create(
        **common | {"outcome": "open"}, state="reserved", currency="CNY", micros=4_500_000
    )
    Charge.objects.create(**common, **billed)
    response = read(office, project)
    found: Statement = response.context["statement"]
    assert [(row.kind, row.money) for row in found.summary] == [
        ("billed", [("CNY", "¥1.50"), ("USD", "$2.50")]),
        ("reserved", [("CNY", "¥4.50"), ("USD", "–")]),
        ("estimated", [("CNY", "¥3.50"), ("USD", "–")]),
    ]
    assert found.sums["unpriced_takes"] == 1
    assert "They are in no sum of money." in response.content.decode()


def test_people_can_be_left_out(
    office: Client, project: Project, manager: User, make_task: MakeTask
) -> None:
    User.objects.filter(pk=manager.pk).update(first_name="Recognisable", last_name="Person")
    task = make_task(prompt="A heron")
    Charge.objects.create(project=project, day=NOW.date(), person=manager.pk, task=task)
    for tail, is_named in (("?takes=1", True), ("?takes=1&people=0", False)):
        text = read(office, project, tail).content.decode()
        assert "A heron" in text
        assert ("Recognisable Person" in text) is is_named


def test_takes_are_listed_up_to_a_number(
    many: Project, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(office, many).context["statement"].takes == ()
    monkeypatch.setattr(statements, "MOST_TAKES", 5)
    found: Statement = read(office, many, "?takes=1").context["statement"]
    assert len(found.takes) == 5
    assert found.hidden_takes == found.sums["takes"] - 5 > 0


def test_only_who_sees_the_money_of_the_project_may_have_it(
    project: Project, client_of: ClientOf, viewer: User, stranger: User
) -> None:
    url = f"/costs/statement/{project.pk}/2026-11/"
    assert client_of(stranger).get(url).status_code == 404
    assert client_of(viewer).get(url).status_code == 404
    Project.objects.filter(pk=project.pk).update(viewers_see_details=True)
    assert client_of(viewer).get(url).status_code == 200


@pytest.mark.parametrize("month", ["2026-12", "2019-12", "2026-13", "2026-1", "2026-00", "x"])
def test_a_month_that_is_none_or_not_yet_is_not_found(
    office: Client, project: Project, month: str
) -> None:
    assert office.get(f"/costs/statement/{project.pk}/{month}/").status_code == 404


def test_a_month_without_takes_says_so(office: Client, project: Project) -> None:
    text = read(office, project, month="2026-02").content.decode()
    assert "No takes in this month." in text
    assert "still change" not in text
    assert "still change" in read(office, project).content.decode()


def test_it_is_light_in_the_readers_language_and_prints_without_the_site(
    many: Project, office: Client
) -> None:
    office.cookies["theme"] = "dark"
    office.cookies["django_language"] = "zh-hans"
    text = read(office, many).content.decode()
    assert '<html lang="zh-hans" data-theme="light">' in text
    assert "<script" not in text and 'class="rail' not in text
    css = (Path(settings.BASE_DIR) / "static/statement.css").read_text()
    printed = css.partition("@media print")[2]
    assert ".statement-tools { display: none; }" in printed
    assert ".statement tr" in printed and "table-header-group" in printed


def test_costs_and_budget_lead_to_it(many: Project, office: Client) -> None:
    url = f"/costs/statement/{many.pk}/2026-11/"
    for page in ("/costs/", f"/costs/?period=year&project={many.pk}", f"/budgets/{many.pk}/"):
        assert url in office.get(page).content.decode()
    earlier = office.get("/costs/?period=month&on=2026-10-05").content.decode()
    assert f"/costs/statement/{many.pk}/2026-10/" in earlier


def test_it_costs_as_many_queries_with_many_charges(
    many: Project, office: Client, credential: Credential
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            read(office, many, "?takes=1")
        return len(found)

    few = asked()
    charges(200, [many], [credential], seed=8)
    assert asked() == few <= 14
