"""Signing in with a password, and signing out."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.web.conftest import ClientOf
from tests.web.entering import PASSWORD, sign_in

TRIES_BY_NAME, TRIES_BY_ADDRESS = 10, 50  # in a quarter of an hour

pytestmark = pytest.mark.usefixtures("fresh_counts")


def test_signing_in_leads_to_the_requested_page(client: Client, member: User) -> None:
    data = {"login": "member", "password": PASSWORD, "next": "/tasks/track/"}
    assert client.post(reverse("sign_in"), data).headers["Location"] == "/tasks/track/"


@pytest.mark.parametrize(
    "outside", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_never_leads_to_another_site(client: Client, member: User, outside: str) -> None:
    data = {"login": "member", "password": PASSWORD, "next": outside}
    assert client.post(reverse("sign_in"), data).headers["Location"] == reverse("tasks")


def test_the_session_gets_a_new_id_at_sign_in(client: Client, member: User) -> None:
    client.get(reverse("sign_in"))
    session = client.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    client.cookies["dailies_session"] = planted or ""
    client.post(reverse("sign_in"), {"login": "member", "password": PASSWORD})
    assert client.session.session_key != planted


@pytest.mark.parametrize("host", ["testserver", "localhost", "localhost:81", "127.0.0.1:82"])
def test_guessing_is_stopped_even_for_the_right_password(
    client: Client, member: User, host: str
) -> None:
    """Count attempts by any name of the account and through any host name of the site."""
    User.objects.filter(pk=member.pk).update(email="member@example.com")
    names = ("Member", "member@example.com")
    for n in range(TRIES_BY_NAME):
        sign_in(client, names[n % 2], "wrong")
    right = client.post(
        reverse("sign_in"), {"login": "member", "password": PASSWORD}, headers={"host": host}
    )
    assert right.status_code == 200
    assert "Too many wrong passwords" in right.content.decode()


@pytest.mark.exhaustive
def test_guessing_many_names_from_one_address_is_stopped(client: Client, member: User) -> None:
    for n in range(TRIES_BY_ADDRESS):
        data = {"login": f"name{n}", "password": "wrong"}
        client.post(reverse("sign_in"), data, headers={"X-Forwarded-For": f"10.0.0.{n}"})
    assert "Too many wrong passwords" in sign_in(client, "member").content.decode()
    elsewhere = client.post(
        reverse("sign_in"), {"login": "member", "password": PASSWORD}, REMOTE_ADDR="198.51.100.7"
    )
    assert elsewhere.status_code == 302


@pytest.mark.exhaustive
def test_behind_a_proxy_the_address_seen_by_it_counts(
    client: Client, member: User, settings: Any
) -> None:
    settings.PROXIES = 1
    for n in range(TRIES_BY_ADDRESS):
        forged = {"X-Forwarded-For": f"10.0.0.{n}, 198.51.100.7"}
        client.post(reverse("sign_in"), {"login": f"name{n}", "password": "wrong"}, headers=forged)
    right = {"login": "member", "password": PASSWORD}
    for address, expected in (("1.2.3.4, 198.51.100.7", 200), ("198.51.100.7, 1.2.3.4", 302)):
        answer = Client().post(reverse("sign_in"), right, headers={"X-Forwarded-For": address})
        assert answer.status_code == expected, address


def test_a_few_typing_errors_are_forgiven(client: Client, member: User) -> None:
    for _ in range(TRIES_BY_NAME - 1):
        sign_in(client, "member", "wrong")
    assert sign_in(client, "member").status_code == 302
    client.post(reverse("sign_out"))
    assert sign_in(client, "member").status_code == 302


@pytest.mark.parametrize("login", ["member@example.com", "Member@Example.COM", "MEMBER"])
def test_name_and_e_mail_sign_in_regardless_of_case(
    client: Client, member: User, login: str
) -> None:
    member.email = "Member@Example.com"
    member.save()
    assert sign_in(client, login).status_code == 302
    assert client.session["_auth_user_id"] == str(member.pk)


def test_two_accounts_cannot_have_one_e_mail(member: User, viewer: User) -> None:
    member.email, viewer.email = "one@example.com", "ONE@example.com"
    member.save()
    with pytest.raises(IntegrityError):
        viewer.save()


def test_the_admin_says_that_an_e_mail_is_taken(
    client_of: ClientOf, staff: User, member: User, viewer: User
) -> None:
    User.objects.filter(pk=member.pk).update(email="one@example.com")
    url = reverse("admin:auth_user_change", args=[viewer.pk])
    answer = client_of(staff).post(url, {"username": "viewer", "email": "ONE@example.com"})
    assert "Another account has this e-mail." in answer.content.decode()


def test_unknown_names_and_wrong_passwords_get_the_same_answer(
    client: Client, member: User
) -> None:
    def errors_of(name: str) -> list[str]:
        return list(sign_in(client, name, "wrong").context["form"].non_field_errors())

    assert errors_of("member") == errors_of("nobody") == errors_of("nobody@example.com")
    assert errors_of("member")


@pytest.mark.parametrize("name", ["signup", "login", "logout", "email"])
def test_nobody_can_make_an_account_by_themselves(client: Client, member: User, name: str) -> None:
    for prefix in ("/account/", "/accounts/", "/"):
        assert client.get(f"{prefix}{name}/").status_code == 404
        assert client.post(f"{prefix}{name}/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_a_closed_account_is_reported_only_with_the_right_password(
    client: Client, member: User
) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert "This account is disabled" in sign_in(client, "member").content.decode()
    assert "_auth_user_id" not in client.session


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(
    client: Client, member: User
) -> None:
    client.get(reverse("sign_in"))
    sign_in(client, "member")
    for name in ("dailies_session", "csrftoken"):
        assert client.cookies[name]["httponly"], name
        assert client.cookies[name]["samesite"] == "Lax"


@pytest.mark.process
def test_behind_https_the_cookies_are_secure() -> None:
    code = "from tests.settings import *; print(SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE)"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DAILIES_HTTPS": "1"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.split() == ["True", "True"]


def test_signing_out_needs_a_post_and_ends_the_session(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    assert client.get(reverse("sign_out")).status_code == 405
    assert client.post(reverse("sign_out")).headers["Location"] == reverse("sign_in")
    assert "_auth_user_id" not in client.session


def test_the_admin_has_no_sign_in_form_of_its_own(client: Client, staff: User) -> None:
    sign_in_url = "/sign-in/?next=/admin/tasks/credential/"
    assert client.get("/admin/tasks/credential/").headers["Location"] == sign_in_url
    login = client.get("/admin/login/?next=/admin/tasks/credential/")
    assert login.headers["Location"] == sign_in_url
    assert client.post("/admin/login/", {"username": "staff"}).status_code == 405


def test_a_member_gets_403_from_the_admin_without_a_redirect_loop(
    client_of: ClientOf, member: User
) -> None:
    assert client_of(member).get("/admin/", follow=True).status_code == 403


def test_a_disabled_person_is_out_at_the_next_request(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    assert client.get(reverse("track")).status_code == 200
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get(reverse("track")).headers["Location"].startswith("/sign-in/")


def test_no_account_exists_before_someone_makes_it(db: None) -> None:
    assert not User.objects.exists()
