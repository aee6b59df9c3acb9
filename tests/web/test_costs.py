"""The Costs page: every number leads to the charges it is made of, and they add up to it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tasks.billing.costs import DIMENSIONS
from tasks.models import Charge, Credential, Membership, Price, Project, Recalculation, Role
from tests.billing.charges import charges
from tests.billing.conftest import V20
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.cost_pages import NOW, behind, many, november, numbers, office, page

__all__ = ["many", "november", "office"]  # fixtures

SUM, TAKES = re.compile(r'data-sum="(\d+)"'), re.compile(r'data-takes="(\d+)"')
BARS = re.compile(r'<a href="([^"]+)" tabindex="-1">')

pytestmark = pytest.mark.usefixtures("november")


def whole_of(text: str) -> int:
    """The sum that was billed in all."""
    return next(value for _url, part, value in numbers(text) if part == "billed")


def assert_lists_add_up(text: str, projects: tuple[int, ...]) -> int:
    """Every number of the page is the sum of the charges behind it; returns how many there are."""
    found = set(numbers(text))
    for url, part, value in found:
        assert behind(url, projects)[part == "takes"] == value, url
    return len(found)


def test_a_list_shows_the_sum_of_its_charges(many: Project, office: Client) -> None:
    for url, part, value in numbers(page(office, "/costs/?by=model&then=outcome"))[::9]:
        text = page(office, url)
        assert int((TAKES if part == "takes" else SUM).findall(text)[0]) == value, url
        found = int(SUM.findall(text)[0]), int(TAKES.findall(text)[0])
        assert behind(url, (many.pk,)) == found


@pytest.mark.each_case
@pytest.mark.parametrize("measure", ["CNY", "USD", "tokens", "takes", "seconds"])
def test_every_number_is_the_sum_of_the_list_it_leads_to(
    many: Project, office: Client, measure: str
) -> None:
    for by in ("by=model&then=person", "by=credential&then=week", "by=batch"):
        assert assert_lists_add_up(page(office, f"/costs/?measure={measure}&{by}"), (many.pk,)) > 9


@pytest.mark.each_case
@pytest.mark.exhaustive
@pytest.mark.parametrize("by", DIMENSIONS)
def test_all_numbers_of_all_groupings_are_the_sums_of_their_lists(
    many: Project, office: Client, by: str
) -> None:
    for then in ("", "model", "month", "person", "credential"):
        assert_lists_add_up(page(office, f"/costs/?by={by}&then={then}&all=1"), (many.pk,))


def test_every_bar_leads_to_its_charges_and_all_of_them_to_the_whole(
    many: Project, office: Client
) -> None:
    text = page(office, "/costs/?measure=tokens&by=person&then=model")
    whole = whole_of(text)
    bars = [url.replace("&amp;", "&") for url in BARS.findall(text)]
    assert sum(behind(url, (many.pk,))[0] for url in bars) == whole > 0


def test_bars_of_what_has_no_pattern_of_its_own_lead_to_the_rest(
    project: Project, office: Client, credential: Credential
) -> None:
    for number in range(9):
        Charge.objects.create(
            project=project, person=number, day=date(2026, 11, 3), state="billed",
            outcome="succeeded", is_counted=True, tokens=100 - number,
        )  # fmt: skip
    text = page(office, "/costs/?measure=tokens&by=person")
    bars = [url.replace("&amp;", "&") for url in BARS.findall(text)]
    assert [behind(url, (project.pk,))[0] for url in bars] == [
        *(100, 99, 98, 97, 96, 95),
        94 + 93 + 92,
    ]


def test_only_projects_whose_money_one_sees_are_counted(
    many: Project, office: Client, viewer: User, client_of: ClientOf
) -> None:
    text = page(office, "/costs/?measure=takes&period=year")
    assert whole_of(text) == Charge.objects.filter(project=many).count()
    other = Project.objects.get(name="Other")
    assert "Other" not in text
    assert numbers(page(office, f"/costs/?measure=takes&period=year&project={other.pk}")) == []
    url = f"/costs/charges/?measure=takes&period=year&project={other.pk}"
    assert SUM.findall(page(office, url)) == ["0"]
    reader = client_of(viewer)
    assert reader.get("/costs/").status_code == reader.get("/costs/charges/").status_code == 403
    Project.objects.filter(pk=many.pk).update(viewers_see_details=True)
    assert numbers(page(reader, "/costs/?measure=takes&period=year"))


def test_staff_see_all_projects(many: Project, client_of: ClientOf, staff: User) -> None:
    text = page(client_of(staff), "/costs/?measure=takes&period=year")
    assert whole_of(text) == Charge.objects.count()


def test_somebody_in_no_project_is_told_so(client_of: ClientOf, django_user_model: Any) -> None:
    response = client_of(django_user_model.objects.create_user("new")).get("/costs/")
    assert response.status_code == 200
    assert b"cost-measures" not in response.content


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", "2026-11-01", "2026-11-30"),
        ("period=day", "2026-11-28", "2026-11-28"),
        ("period=week&on=2026-11-01", "2026-10-26", "2026-11-01"),
        ("period=year&on=2025-02-03", "2025-01-01", "2025-12-31"),
        ("since=2026-11-09&until=2026-11-03", "2026-11-03", "2026-11-09"),
        ("period=nonsense&since=nonsense&by=nonsense&measure=nonsense", "2026-11-01", "2026-11-30"),
        ("since=2026-11-27", "2026-11-27", "2026-11-28"),
    ],
)
def test_the_period_is_in_the_address(
    many: Project, office: Client, query: str, first: str, last: str
) -> None:
    period = office.get(f"/costs/?{query}").context["period"]
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


def test_a_row_is_compared_with_the_period_before(project: Project, office: Client) -> None:
    common = {"project": project, "state": "billed", "outcome": "succeeded", "is_counted": True}
    Charge.objects.create(**common, day=date(2026, 10, 5), tokens=100, model="old")
    Charge.objects.create(**common, day=date(2026, 11, 5), tokens=150, model="old")
    Charge.objects.create(**common, day=date(2026, 11, 5), tokens=50, model="new")
    table = office.get("/costs/?measure=tokens&by=model").context["table"]
    rows = {row.label: (row.share, row.change, row.is_new) for row in table.rows}
    assert rows == {"old": (75, 50, False), "new": (25, None, True)}


def test_a_price_that_is_missing_can_be_entered_after_the_fact(
    project: Project, office: Client, credential: Credential
) -> None:
    common = {"project": project, "credential": credential, "model": V20, "tier": "720p"}
    for day in (3, 9):
        Charge.objects.create(
            **common, day=date(2026, 11, day), state="billed", outcome="succeeded",
            is_counted=True, tokens=1_000_000,
        )  # fmt: skip
    text = page(office, "/costs/")
    [(url, _part, number)] = [each for each in numbers(text) if each[1] == "unpriced"]
    assert number == 2
    response = office.get(url)
    [missing] = response.context["missing"]
    assert (missing.takes, missing.since) == (2, date(2026, 11, 3))
    assert missing.url.replace("&", "&amp;") in response.content.decode()
    form = office.get(missing.url.partition("#")[0]).context["form"]
    assert form.initial["model"] == V20 and form.initial["tier"] == "720p"
    posted = {"model": V20, "unit": "tokens", "amount": "46", "currency": "CNY", "tier": "720p"}
    posted |= {"flex_percent": "50", "valid_from": "2026-11-03"}
    assert office.post(f"/credentials/{credential.pk}/prices/", posted).status_code == 302
    assert Price.objects.get().valid_from == date(2026, 11, 3)
    again = Recalculation.objects.get()
    assert (again.before, again.after) == ({"": [2, 0]}, {"CNY": [2, 92_000_000]})
    [shown] = office.get("/costs/").context["recalculations"]
    assert (shown.before, shown.after) == ("2 takes without a price", "¥92.00")
    assert whole_of(page(office, "/costs/")) == 92_000_000


def test_a_recalculation_is_told_to_those_who_manage_the_credential(
    project: Project, office: Client, client_of: ClientOf, member: User, credential: Credential
) -> None:
    Recalculation.objects.create(
        at=NOW, credential=credential, model=V20, since=NOW.date(), before={}, after={"CNY": [1, 2]}
    )
    Membership.objects.update_or_create(
        user=member, project=project, defaults={"role": Role.MEMBER}
    )
    assert client_of(member).get("/costs/").context["recalculations"] == []
    assert len(office.get("/costs/").context["recalculations"]) == 1


def test_charges_of_deleted_tasks_are_in_the_list(
    office: Client, project: Project, make_task: MakeTask
) -> None:
    kept, in_trash = make_task(prompt="A heron"), make_task(prompt="A boat", deleted_at=NOW)
    common = {"project": project, "day": NOW.date()}
    for task in (kept, in_trash, None):
        Charge.objects.create(**common, task=task)
    response = office.get("/costs/charges/?measure=takes")
    assert [row.url for row in response.context["rows"]] == ["", "", f"/tasks/{kept.pk}/"]
    assert response.context["takes"] == 3


def test_a_long_list_is_paged_by_day(office: Client, project: Project) -> None:
    Charge.objects.bulk_create(
        Charge(project=project, day=date(2026, 11, 1) + timedelta(days=n % 20)) for n in range(230)
    )
    url: str | None = "/costs/charges/?measure=takes"
    seen: list[Any] = []
    while url:
        context = office.get(url).context
        seen += [(row.charge.day, row.charge.pk) for row in context["rows"]]
        url = f"/costs/charges/{context['older_url']}" if context["page"].older else None
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 230


def test_the_page_costs_as_many_queries_with_many_charges(
    many: Project, office: Client, credential: Credential
) -> None:
    def asked(url: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            office.get(url)
        return len(found)

    urls = ("/costs/?by=person&then=model", "/costs/?by=batch", "/costs/charges/?measure=takes")
    office.get("/costs/")
    few = [asked(url) for url in urls]
    charges(200, [many], [credential], seed=8)
    assert [asked(url) for url in urls] == few
    assert max(few) <= 24
