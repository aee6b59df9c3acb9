"""The list of a person's sessions, and ending them."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.web.conftest import ClientOf
from tests.web.entering import link_for, sign_in

pytestmark = pytest.mark.usefixtures("fresh_counts")

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def browser(name: str, agent: str = FIREFOX, address: str = "198.51.100.7") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    sign_in(client, name)
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("track")).status_code == 200


def listed(client: Client) -> list[Any]:
    return list(client.get(reverse("usersessions_list")).context["sessions"])


def test_the_list_tells_device_and_address_and_which_is_this_one(member: User) -> None:
    desk, telephone = browser("member"), browser("member", IPHONE, "203.0.113.9")
    page = desk.get(reverse("usersessions_list"))
    first, second = page.context["sessions"]
    assert (first.browser, first.ip) == ("Firefox · Linux", "198.51.100.7")
    assert (second.browser, second.ip) == ("Safari · iPhone", "203.0.113.9")
    assert page.content.decode().count("this device") == 1
    assert is_in(telephone)


def test_one_session_is_ended_and_its_row_is_gone(member: User) -> None:
    desk, telephone, other = browser("member"), browser("member", IPHONE), browser("member")
    row = UserSession.objects.get(session_key=telephone.session.session_key)
    desk.post(reverse("usersessions_list"), {"session": row.pk})
    assert (is_in(desk), is_in(telephone), is_in(other)) == (True, False, True)
    assert not Session.objects.filter(session_key=row.session_key).exists()


def test_all_others_are_ended_at_once(member: User) -> None:
    desk, telephone, other = browser("member"), browser("member", IPHONE), browser("member")
    desk.post(reverse("usersessions_list"))
    assert (is_in(desk), is_in(telephone), is_in(other)) == (True, False, False)
    assert len(listed(desk)) == 1


def test_nobody_ends_the_session_of_another(member: User, viewer: User) -> None:
    mine, theirs = browser("member"), browser("viewer")
    row = UserSession.objects.get(user=viewer)
    mine.post(reverse("usersessions_list"), {"session": row.pk})
    mine.post(reverse("usersessions_list"))
    assert theirs.get("/").status_code == 200


def test_a_link_and_a_changed_password_leave_one_row_each(member: User) -> None:
    client = Client(headers={"user-agent": FIREFOX})
    client.post(link_for(member))
    new = {"password1": "tall-orange-7", "password2": "tall-orange-7"}
    client.post(reverse("password"), {"oldpassword": "a password of the tests", **new})
    [row] = listed(client)
    assert row.session_key == client.session.session_key


def test_what_has_ended_is_not_listed(member: User) -> None:
    desk, telephone = browser("member"), browser("member", IPHONE)
    telephone.post(reverse("sign_out"))
    assert len(listed(desk)) == 1


def test_a_strange_browser_and_an_address_that_is_none_do_no_harm(
    member: User, settings: Any
) -> None:
    settings.PROXIES = 1
    client = Client(headers={"user-agent": "<b>x</b>" * 400, "x-forwarded-for": "unknown"})
    sign_in(client, "member")
    page = client.get(reverse("usersessions_list"))
    assert "Unknown browser" in page.content.decode()
    assert "<b>x" not in page.content.decode()


# Closed accounts


def close(member: User, how: str, *, is_active: bool) -> None:
    if how == "save":
        person = User.objects.get(pk=member.pk)
        person.is_active = is_active
        person.save()
    else:
        User.objects.filter(pk=member.pk).update(is_active=is_active)


@pytest.mark.parametrize("opening", ["save", "update"])
def test_a_closed_account_has_no_session_left_when_it_is_opened_again(
    member: User, opening: str
) -> None:
    desk, telephone = browser("member"), browser("member", IPHONE)
    close(member, "save", is_active=False)
    assert not UserSession.objects.exists() and not Session.objects.exists()
    close(member, opening, is_active=True)
    assert not is_in(desk) and not is_in(telephone)
    assert is_in(browser("member"))


@pytest.mark.parametrize("opening", ["save", "update"])
def test_an_account_closed_past_us_has_none_left_either(member: User, opening: str) -> None:
    desk, telephone = browser("member"), browser("member", IPHONE)
    close(member, "update", is_active=False)
    if opening == "update":  # one request is enough to notice it
        assert not is_in(desk)
    close(member, opening, is_active=True)
    assert not is_in(desk) and not is_in(telephone)


def test_staff_who_close_an_account_end_its_sessions(client_of: ClientOf, staff: User) -> None:
    member = User.objects.create_user("leaver", password="a password of the tests")
    desk = browser("leaver")
    url = reverse("admin:auth_user_change", args=[member.pk])
    rows = {
        f"{prefix}_set-{name}_FORMS": 0
        for prefix in ("membership", "authenticator")
        for name in ("TOTAL", "INITIAL")
    }
    joined = {"date_joined_0": "2026-11-01", "date_joined_1": "12:00:00"}
    client_of(staff).post(url, {"username": "leaver", "email": "", **rows, **joined})
    assert not User.objects.get(pk=member.pk).is_active
    assert not UserSession.objects.filter(user=member).exists()
    assert desk.get("/").status_code == 302


def test_other_changes_of_an_account_end_no_session(member: User) -> None:
    desk = browser("member")
    member.refresh_from_db()
    member.first_name = "Mei"
    member.save()
    assert is_in(desk)


def test_looking_at_ones_sessions_writes_nothing(member: User) -> None:
    desk, telephone = browser("member"), browser("member", IPHONE)
    telephone.cookies.clear()
    Session.objects.filter(pk=UserSession.objects.latest("pk").session_key).delete()
    with CaptureQueriesContext(connection) as queries:
        for name in ("usersessions_list", "mfa_index"):
            desk.get(reverse(name))
    assert not [each["sql"] for each in queries if each["sql"].startswith(("DELETE", "INSERT"))]
    assert len(listed(desk)) == 1
