"""The dock at rest names the price of what it would make, and costs the wall one query."""

from __future__ import annotations

import re

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Credential, Membership, Price, Project
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf

__all__ = ["ark", "desk"]

OMNI = "seedance-2-0-260128"


def price_at_rest(client: Client, path: str = "/", language: str = "en") -> str:
    html = client.get(path, headers={"accept-language": language}).content.decode()
    [found] = re.findall(r'class="compose-price">(.*?)</span>', html, re.DOTALL)
    return " ".join(found.split())


def price_when_open(client: Client, query: str = "") -> str:
    html = client.get(f"/tasks/new/?dock=1{query}").content.decode()
    [found] = re.findall(r'id="compose-price" class="compose-price">(.*?)</span>', html, re.DOTALL)
    return " ".join(found.split())


def put_a_price(ark: Credential, amount: int = 46) -> None:
    Price.objects.create(credential=ark, model=OMNI, amount=amount, valid_from=timezone.localdate())


def test_it_is_the_price_that_the_open_form_begins_with(desk: Client, ark: Credential) -> None:
    put_a_price(ark)
    settings = {"credential": str(ark.pk), "duration": "10", "takes": "2"}
    assert desk.post("/tasks/new/", filled(**settings)).status_code == 302
    assert price_at_rest(desk) == price_when_open(desk) == "about ¥19.95"


def test_the_next_press_changes_it_at_once(desk: Client, ark: Credential) -> None:
    put_a_price(ark)
    desk.post("/tasks/new/", filled(credential=str(ark.pk)))
    assert price_at_rest(desk) == "about ¥5.01"
    desk.post("/tasks/new/", filled(credential=str(ark.pk), takes="3"))
    assert price_at_rest(desk) == "about ¥15.03"


def test_without_a_price_list_it_names_the_tokens(desk: Client, ark: Credential) -> None:
    desk.post("/tasks/new/", filled(credential=str(ark.pk)))
    assert price_at_rest(desk) == "about 108,900 tokens"


def test_it_is_each_persons_own_and_each_projects(
    desk: Client, ark: Credential, client_of: ClientOf, manager: User, member: User
) -> None:
    put_a_price(ark)
    other = Project.objects.create(name="Another")
    Membership.objects.create(project=other, user=member, role="member")
    first = Project.objects.exclude(pk=other.pk).get()
    for project, takes in ((first, "2"), (other, "4")):
        settings = {"project": str(project.pk), "credential": str(ark.pk), "takes": takes}
        assert desk.post("/tasks/new/", filled(**settings)).status_code == 302
    for project in (first, other):
        query = f"project={project.pk}"
        assert price_at_rest(desk, f"/?{query}") == price_when_open(desk, f"&{query}")
    assert price_at_rest(desk, f"/?project={first.pk}") == "about ¥10.02"
    assert price_at_rest(desk, f"/?project={other.pk}") == "about ¥20.04"
    assert price_at_rest(client_of(manager)) == price_when_open(client_of(manager))


def test_it_speaks_the_readers_language(desk: Client, ark: Credential) -> None:
    put_a_price(ark)
    assert price_at_rest(desk) != price_at_rest(desk, language="zh-hans")


def test_a_viewer_sees_no_dock_and_no_price(client_of: ClientOf, viewer: User) -> None:
    assert "compose-price" not in client_of(viewer).get("/").content.decode()


def test_somebody_without_an_account_sees_no_price(client_of: ClientOf, member: User) -> None:
    Credential.objects.update(active=False)
    assert price_at_rest(client_of(member)) == ""


def test_it_costs_the_wall_one_query(
    desk: Client, ark: Credential, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    desk.post("/tasks/new/", filled(credential=str(ark.pk)))
    price_at_rest(desk)
    with django_assert_num_queries(18):
        price_at_rest(desk)
