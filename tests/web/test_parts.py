"""Parts of a page that one makes for all, and statements that are put together once a person."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.template import Context, Template
from django.test import Client
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from tasks.models import Credential, Membership, Profile, Project, Role, Star
from tasks.templatetags import parts
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf


def rail(client: Client) -> str:
    html = client.get("/").content.decode()
    return html[html.index('<nav class="rail"') : html.index("</nav>")]


def choices(client: Client, name: str) -> list[str]:
    html = client.get("/").content.decode()
    found = re.search(rf'<select name="{name}".*?</select>', html, re.DOTALL)
    return re.findall(r">([^<]+)</option>", found[0]) if found else []


def test_everybody_gets_the_rail_of_their_own_rights(
    client_of: ClientOf, staff: User, manager: User, member: User, viewer: User
) -> None:
    links = {
        staff: ("/people/", "/costs/", "/admin/"),
        manager: ("/people/", "/costs/"),
        member: ("/costs/",),
        viewer: (),
    }
    for _again in range(2):  # from the second time on it is taken from others' pages
        for person, theirs in links.items():
            html = rail(client_of(person))
            for link in links[staff]:
                assert (f'href="{link}"' in html) is (link in theirs), (person, link)


def test_the_rail_says_on_which_page_one_is(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    for path in ("/", "/costs/", "/"):
        html = " ".join(client.get(path).content.decode().split())
        current = re.findall(r'<a href="([^"]*)" class="rail-item[^"]*" aria-current="page"', html)
        assert current == [path]


def test_a_part_is_made_once_for_each_language(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    in_english = rail(client)
    Profile.objects.update_or_create(user=member, defaults={"language": "zh-hans"})
    assert rail(client) != in_english
    translation.activate("en")
    Profile.objects.update(language="en")
    assert rail(client) == in_english


def test_a_part_keeps_nothing_of_the_request_that_it_was_made_for() -> None:
    lazy = SimpleLazyObject(lambda: True)
    template = Template('{% load parts %}{% shared_part "_keys.html" shortcuts=lazy %}')
    template.render(Context({"lazy": lazy}))
    [key] = parts.parts._entries
    assert key == ("_keys.html", "en", ("shortcuts", True))
    assert type(key[2][1]) is bool


def test_a_drop_down_escapes_what_people_have_named(
    client_of: ClientOf, staff: User, member: User
) -> None:
    User.objects.filter(pk=member.pk).update(first_name='<b>"', last_name="& Co")
    page = client_of(staff).get("/").content.decode()
    assert f'<option value="{member.pk}">&lt;b&gt;&quot; &amp; Co</option>' in page


@pytest.mark.parametrize("name", ["project", "person", "credential"])
def test_who_leaves_a_project_is_offered_nothing_of_it_any_more(
    client_of: ClientOf, member: User, manager: User, name: str
) -> None:
    other = Project.objects.create(name="The other")
    Membership.objects.create(project=other, user=member, role=Role.MEMBER)
    Membership.objects.create(project=other, user=User.objects.create_user("theirs"))
    account = {"provider": "volcengine", "base_url": "https://one.example"}
    Credential.objects.create(name="all of us", open_to_all=True, **account)
    theirs = Credential.objects.create(name="theirs alone", open_to_all=False, **account)
    theirs.projects.add(other)
    their_names = {"project": "The other", "person": "theirs", "credential": "theirs alone"}
    client = client_of(member)
    assert their_names[name] in choices(client, name)
    Membership.objects.filter(project=other, user=member).delete()
    assert their_names[name] not in choices(client, name)


def test_who_is_made_staff_or_is_no_more_sees_it_at_once(
    client_of: ClientOf, member: User, project: Project
) -> None:
    Project.objects.create(name="The other")
    client = client_of(member)
    for is_staff in (False, True, False):
        User.objects.filter(pk=member.pk).update(is_staff=is_staff)
        assert ("The other" in client.get("/").content.decode()) is is_staff


def test_stars_are_counted_of_everybody_and_one_s_own_are_marked(
    make_task: MakeTask, member: User, manager: User, viewer: User
) -> None:
    by_two, by_one, by_nobody = make_task(), make_task(), make_task()
    for person, task in ((member, by_two), (manager, by_two), (manager, by_one)):
        Star.objects.toggle(person, task)
    tasks = [by_two.pk, by_one.pk, by_nobody.pk]
    assert Star.objects.on(tasks, member) == {by_two.pk: (2, True), by_one.pk: (1, False)}
    assert Star.objects.on(tasks, viewer) == {by_two.pk: (2, False), by_one.pk: (1, False)}
    assert Star.objects.on([], member) == {}
