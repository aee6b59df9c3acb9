"""The composer: its price, its dock on the list, and the latest results beside it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import AvailableModel, Credential, Price, Project, Task
from tasks.providers.dialects.model_list import ListedModel
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.web.composing import PRO, ark, desk, filled, preview
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import line_of, uploaded

__all__ = ["ark", "desk", "save_copy"]


def price_in(page: Any) -> str:
    """The words of the price on the button."""
    found = re.search(r'id="compose-price"[^>]*>(.*?)</span>', page.content.decode(), re.DOTALL)
    assert found
    return " ".join(found[1].split())


@pytest.fixture
def priced(ark: Credential) -> Price:
    return Price.objects.create(
        credential=ark,
        model="seedance-2-0-260128",
        unit="video",
        amount=3,
        currency="CNY",
        valid_from=date(2026, 1, 1),
    )


# The price on the button


def test_the_button_has_the_price_in_money_where_there_is_one(desk: Client, priced: Price) -> None:
    assert price_in(desk.get("/tasks/new/")) == "about ¥3.00"
    assert price_in(preview(desk, takes="4")) == "about ¥12.00"


def test_a_range_is_told_with_both_ends(desk: Client, ark: Credential) -> None:
    assert price_in(preview(desk)) == "about 108,900 tokens"
    assert price_in(preview(desk, ratio="adaptive")) == "108,900 tokens to 109,586 tokens"
    Price.objects.create(
        credential=ark,
        model="seedance-2-0-260128",
        amount=46,
        currency="CNY",
        valid_from=date(2026, 1, 1),
    )
    assert re.fullmatch(r"¥[\d.]+ to ¥[\d.]+", price_in(preview(desk, ratio="adaptive")))


def test_takes_without_a_price_make_the_sum_the_least(desk: Client, priced: Price) -> None:
    both = ["doubao-seedance-2-0-260128", PRO]
    page = preview(desk, several="on", model=both, resolution=["720p"])
    assert price_in(page) == "at least ¥3.00"


def test_a_new_model_has_an_unknown_price(desk: Client, ark: Credential) -> None:
    new = "doubao-seedance-3-0-270115"
    AvailableModel.objects.replace(ark, [ListedModel(name=new, status="Active")], timezone.now())
    assert price_in(preview(desk, model=new)) == "price unknown"


# Pictures


@pytest.mark.usefixtures("save_copy")
def test_pictures_follow_where_another_mode_is_chosen(desk: Client) -> None:
    one, two = uploaded(desk), uploaded(desk, png(640, 400))
    page = preview(desk, mode="first_and_last_frame", first_frame=[line_of(one), line_of(two)])
    page = preview(desk, mode="reference", first_frame=line_of(one), last_frame=line_of(two))
    field = page.context["form"]["reference_image"]
    assert [each.line for each in field.given] == [one.line, two.line]
    page = preview(desk, mode="first_frame", reference_image=[line_of(one), line_of(two)])
    assert [each.line for each in page.context["form"]["first_frame"].given] == [one.line]


@pytest.mark.usefixtures("save_copy")
def test_a_form_that_is_sent_never_moves_pictures(desk: Client) -> None:
    one = uploaded(desk)
    desk.post("/tasks/new/", filled(mode="first_frame", reference_image=line_of(one)))
    assert not Task.objects.exists()


# The dock


def test_the_list_has_a_dock_for_those_who_may_make_videos(
    client_of: ClientOf, member: User, viewer: User, ark: Credential
) -> None:
    page = client_of(member).get("/").content.decode()
    assert 'id="dock"' in page
    assert 'id="compose"' not in page  # it comes when somebody begins to write
    assert 'id="dock"' not in client_of(viewer).get("/").content.decode()


def test_the_docks_form_is_the_pages_form_alone(desk: Client, project: Project) -> None:
    page = desk.get("/?project=" + str(project.pk)).content.decode()
    [address] = re.findall(r'data-form="([^"]+)"', page)
    assert address == f"/tasks/new/?dock=1&amp;project={project.pk}"
    dock = desk.get(address.replace("&amp;", "&")).content.decode()
    assert "<html" not in dock and "compose-results" not in dock
    whole = desk.get("/tasks/new/").content.decode()
    fields = [set(re.findall(r' name="([a-z_]+)"', each)) for each in (dock, whole)]
    assert fields[0] <= fields[1] and {"prompt", "key", "takes"} <= fields[0]
    assert f'data-project="{project.pk}"' in dock and 'id="generate"' in dock


def test_what_was_begun_in_a_dock_without_scripts_is_in_the_form(desk: Client) -> None:
    page = desk.get("/tasks/new/?text=A+boat+<i>")
    assert page.context["form"]["prompt"].value() == "A boat <i>"
    assert "A boat &lt;i&gt;</textarea>" in page.content.decode()


# The latest results


def test_the_page_shows_ones_own_latest_tasks_of_the_project(
    desk: Client, make_task: MakeTask, member: User, manager: User
) -> None:
    elsewhere = Project.objects.create(name="Elsewhere")
    make_task(created_by=manager, prompt="A manager's")
    make_task(created_by=member, prompt="Of another project", project=elsewhere)
    own = [make_task(created_by=member, prompt=f"No. {n}") for n in range(10)]
    page = desk.get("/tasks/new/")
    shown = [each.task.pk for each in page.context["results"]]
    assert shown == [task.pk for task in reversed(own[2:])]
    assert "A manager" not in page.content.decode()


def test_the_results_are_live_without_the_lists_counts(
    desk: Client, make_task: MakeTask, member: User
) -> None:
    task = make_task(created_by=member)
    page = desk.get("/tasks/new/").content.decode()
    [address] = re.findall(r'hx-get="(/live/[^"]+)"', page)
    address = address.replace("&amp;", "&")
    assert desk.get(address).status_code == 204
    Task.objects.filter(pk=task.pk).update(status=Status.FAILED)
    Task.objects.filter(pk=task.pk).mark_changed()
    make_task(created_by=member)
    news = desk.get(address).content.decode()
    assert f'id="t{task.pk}-status"' in news and "new-tasks" in news
    assert 'id="statuses"' not in news  # the page has no place for them
    assert "tally=" not in re.findall(r'hx-get="(/live/[^"]+)"', news)[0]
