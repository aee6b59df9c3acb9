"""A drop-down of credentials stays short; the rest of them is one click away."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Credential
from tasks.providers import PROVIDERS
from tasks.simulator.shots import SHOTS
from tasks.web.forms.long_choices import MOST_OFFERED
from tests.conftest import MakeTask
from tests.web.composing import filled
from tests.web.conftest import ClientOf

NAMES = [f"Account {letter}" for letter in "ABCDEFGHIJ"]


@pytest.fixture
def accounts(db: None, make_task: MakeTask) -> list[Credential]:
    """Ten beside that of the tests, of which the first two have never been used."""
    rows = []
    for number, name in enumerate(NAMES):
        row = Credential(
            name=name, provider=PROVIDERS[number].slug, base_url=f"https://p{number}.example"
        )
        row.replace_key("sk-of-the-tests-0123456789")
        row.save()
        rows.append(row)
        if number >= 2:
            make_task(credential=row)
    return rows


@pytest.fixture
def desk(client_of: ClientOf, member: User, accounts: list[Credential]) -> Client:
    return client_of(member)


def options(page: str, name: str) -> list[str]:
    """The options' words of a drop-down."""
    select = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
    assert select
    found = re.findall(r"<option[^>]*>([^<]*)</option>", select[0])
    return [each.strip() for each in found if each.strip()]


@pytest.mark.parametrize(("name", "number"), [("credential", 11), ("provider", 10)])
def test_the_list_offers_those_used_last_and_the_rest_after_one_click(
    desk: Client, name: str, number: int
) -> None:
    every = options(desk.get("/?more=1").content.decode(), name)
    few = options(desk.get("/").content.decode(), name)
    assert len(every) == 1 + number and len(few) == 1 + MOST_OFFERED + 1
    assert options(desk.get(f"/?{name}=…").content.decode(), name) == every


def test_a_credential_that_is_in_use_stays_offered(
    desk: Client, accounts: list[Credential]
) -> None:
    assert "Account A" not in options(desk.get("/").content.decode(), "credential")
    page = desk.get(f"/?credential={accounts[0].pk}").content.decode()
    assert "Account A" in options(page, "credential")


def test_asking_for_all_is_no_filter(desk: Client) -> None:
    assert not desk.get("/?credential=…").context["filters"].chosen


def test_the_form_offers_those_used_last_and_the_rest_after_one_click(
    desk: Client, accounts: list[Credential]
) -> None:
    few = options(desk.get("/tasks/new/").content.decode(), "credential")
    assert len(few) <= 1 + MOST_OFFERED + 1 and "Account J" in few and "Account B" not in few
    preview = desk.post("/tasks/new/preview/", filled(credential="…")).content.decode()
    assert set(NAMES) <= set(options(preview, "credential"))
    preview = desk.post(
        "/tasks/new/preview/", filled(credential=str(accounts[1].pk))
    ).content.decode()
    assert "Account B" in options(preview, "credential")


def test_the_demonstration_has_tasks_of_every_preset() -> None:
    assert {shot.preset for shot in SHOTS} == {known.slug for known in PROVIDERS}
