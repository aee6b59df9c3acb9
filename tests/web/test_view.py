"""Grid and list: the same rows, laid out as the person last chose or as the address says."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Profile
from tests.conftest import MakeTask

WALL = '<ol class="takes wall"'


@pytest.fixture
def reader(client: Client, member: User, make_task: MakeTask) -> Client:
    make_task()
    client.force_login(member)
    return client


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_the_address_says_how_tasks_are_laid_out(reader: Client) -> None:
    assert WALL in page(reader, "/?view=grid")
    assert WALL not in page(reader, "/?view=list")


def test_a_new_person_begins_with_the_grid_whatever_else_is_in_the_address(
    reader: Client, member: User
) -> None:
    assert WALL in page(reader, "/")
    assert WALL in page(reader, "/?view=nonsense")


def test_a_person_who_had_the_list_keeps_it(reader: Client, member: User) -> None:
    Profile.objects.remember(member, view="list")
    assert WALL not in page(reader, "/")


def test_the_choice_is_remembered_on_every_device(reader: Client, member: User) -> None:
    answer = reader.post("/view/", {"view": "list", "next": "/?status=queued&view=grid"})
    assert answer["Location"] == "/?status=queued&view=list"
    phone = Client()
    phone.force_login(member)
    assert WALL not in page(phone, "/")
    assert WALL in page(phone, "/?view=grid")


def test_looking_at_an_address_changes_no_choice(reader: Client) -> None:
    reader.get("/?view=list")
    assert WALL in page(reader, "/")


def test_a_layout_that_does_not_exist_is_refused(reader: Client) -> None:
    assert reader.post("/view/", {"view": "spiral"}).status_code == 400


def test_filters_and_pages_keep_the_layout_of_the_address(reader: Client) -> None:
    html = page(reader, "/?view=grid")
    assert 'href="?status=succeeded&amp;view=grid"' in html
    assert '<input type="hidden" name="view" value="grid"' in html


def test_a_layout_alone_is_no_filter(reader: Client) -> None:
    assert 'class="chips"' not in page(reader, "/?view=grid")


def test_days_divide_the_tasks(reader: Client) -> None:
    assert page(reader, "/").count(" data-day>Today</time>") == 1
