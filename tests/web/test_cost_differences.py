"""The page of differing bills: by credential, more and less apart, each number with its takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tasks.billing import differences
from tasks.billing.costs import Span
from tasks.billing.differences import Differing
from tasks.models import Charge, Credential, Project, Task
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.cost_pages import NOW, behind, november, numbers, office, page
from tests.web.test_cost_exports import takes

__all__ = ["november", "office"]  # fixtures

NOVEMBER = Span(first=date(2026, 11, 1), last=date(2026, 11, 30))
URL = "/costs/differences/"
MakeCharge = Callable[..., Charge]

pytestmark = pytest.mark.usefixtures("november")


@pytest.fixture
def charge(project: Project, credential: Credential) -> MakeCharge:
    """charge(2_000): a success that was billed so many tokens more than the formula's 100,000."""

    def charge(beyond: int = 0, **fields: Any) -> Charge:
        check = "equal" if not beyond else "more" if beyond > 0 else "less"
        usual: dict[str, Any] = {
            "project": project, "credential": credential, "day": NOW.date(), "mode": "text",
            "outcome": "succeeded", "state": "billed", "is_counted": True,
            "tokens": 100_000 + beyond, "formula_least": 100_000, "formula_tokens": 100_000,
            "token_check": check, "token_difference": beyond or None,
        }  # fmt: skip
        return Charge.objects.create(**usual | fields)

    return charge


def test_more_and_less_are_never_netted_and_currencies_stay_apart(
    charge: MakeCharge, credential: Credential, make_task: MakeTask
) -> None:
    charge(100_000, currency="CNY", micros=8_000_000, task=make_task(quota=500))
    charge(50_000, currency="USD", micros=3_000_000)
    charge(-20_000, currency="CNY", micros=800_000)
    charge(7, currency="")
    charge(0, currency="CNY", micros=4_000_000)
    assert differences.differing(NOVEMBER) == {
        credential.pk: {
            "more": Differing(
                takes=3, tokens=150_007, units=500, money={"CNY": 4_000_000, "USD": 1_000_000}
            ),
            "less": Differing(takes=1, tokens=20_000, money={"CNY": 200_000}),
        }
    }


def test_every_number_leads_to_the_takes_it_counts(
    charge: MakeCharge, office: Client, project: Project
) -> None:
    for beyond in (5, 6, -7, 0, 0, 0):
        charge(beyond)
    charge(9, credential=None)
    charge(token_check="unknown", token_doubt="no_file", formula_least=None, formula_tokens=None)
    found = numbers(page(office, URL))
    assert {(part, value) for _url, part, value in found} == {
        *(("more", number) for number in (3, 2, 1)),
        ("less", 1),
        ("equal", 3),
        ("unknown", 1),
    }
    for url, part, value in found:
        assert behind(url, (project.pk,))[1] == value, (url, part)


def test_every_reason_leads_to_the_takes_it_counts(
    charge: MakeCharge, office: Client, project: Project
) -> None:
    reasons = ["no_file", "no_file", "no_file", "draft", "draft", "not_tokens"]
    for doubt in reasons:
        charge(token_check="unknown", token_doubt=doubt, formula_least=None, formula_tokens=None)
    charge(3)
    shown = office.get(URL).context["page"].doubts
    assert [cell.value for _sentence, cell in shown] == [3, 2, 1]
    for sentence, cell in shown:
        assert behind(cell.url, (project.pk,)) == (cell.value, cell.value)
        response = office.get(cell.url)
        assert response.context["takes"] == cell.value
        assert {row.doubt for row in response.context["rows"]} == {sentence}
        whole = response.context["chips"][-1].url
        assert office.get(f"/costs/charges/{whole}").context["takes"] == len(reasons)


def test_a_list_says_what_the_formula_gives_and_why_it_cannot(
    charge: MakeCharge, office: Client, make_task: MakeTask
) -> None:
    charge(2_000, task=make_task(quota=1_150_000))
    charge(token_check="unknown", token_doubt="draft", formula_least=None, formula_tokens=None)
    more = page(office, "/costs/charges/?measure=takes&check=more")
    assert "2,000 more" in more
    assert "by the formula 100,000" in more
    assert "1,150,000 units" in more
    unknown = page(office, "/costs/charges/?measure=takes&check=unknown")
    assert "2,000 more" not in unknown
    assert "drafts of this model" in unknown


def test_an_unreadable_comparison_in_an_address_is_none(office: Client, charge: MakeCharge) -> None:
    charge(5)
    for query in ("check=nonsense", "doubt=no_file", "check=nonsense&doubt=no_file"):
        response = office.get(f"/costs/charges/?measure=takes&{query}")
        assert (response.context["takes"], response.context["chips"]) == (1, [])


def test_a_manager_sees_no_difference_of_another_project(
    charge: MakeCharge, office: Client
) -> None:
    charge(5, project=Project.objects.create(name="Other"))
    shown = office.get(URL).context["page"]
    assert (shown.rows, shown.more.takes.value, shown.is_empty) == ([], 0, True)


def test_a_page_asks_as_much_however_many_takes_differ(charge: MakeCharge, office: Client) -> None:
    counts = []
    for _round in range(2):
        for beyond in (1, -1, 0):
            charge(beyond)
        with CaptureQueriesContext(connection) as queries:
            page(office, URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans a table of few rows")
def test_the_differing_ones_and_the_numbers_are_read_from_their_indexes(
    charge: MakeCharge,
) -> None:
    charge(5)
    with CaptureQueriesContext(connection) as queries:
        differences.differing(NOVEMBER)
        differences.compared(NOVEMBER)
    plans = [_plan(query["sql"]) for query in queries]
    assert "charge_differing" in plans[0]
    assert "COVERING INDEX charge_compared" in plans[1]


def _plan(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + statement)
        return " ".join(str(row[-1]) for row in cursor.fetchall())


def test_an_export_has_the_comparison(charge: MakeCharge, office: Client) -> None:
    charge(2_000)
    heads = ("tokens billed", "tokens by formula", "tokens compared", "tokens beyond formula")
    charge()
    [row] = takes(office, column=heads, check="more")
    assert [row[head] for head in heads] == ["102000", "100000", "more", "2000"]


@pytest.mark.parametrize(
    ("beyond", "words"),
    [
        (0, "Billed 100,000 tokens; by the formula 100,000"),
        (2_000, "Billed 102,000 tokens; by the formula 100,000: 2,000 more"),
        (-2_000, "Billed 98,000 tokens; by the formula 100,000: 2,000 fewer"),
    ],
)
def test_a_tasks_page_says_how_its_bill_compares(
    charge: MakeCharge, office: Client, make_task: MakeTask, beyond: int, words: str
) -> None:
    task = make_task(status="succeeded")
    charge(beyond, task=task)
    assert words in _page_of(office, task)


def test_a_viewer_without_details_sees_no_comparison(
    charge: MakeCharge, client_of: ClientOf, viewer: User, make_task: MakeTask
) -> None:
    task = make_task(status="succeeded")
    charge(2_000, task=task)
    assert "by the formula" not in _page_of(client_of(viewer), task)


def _page_of(client: Client, task: Task) -> str:
    return " ".join(page(client, task.get_absolute_url()).split())
