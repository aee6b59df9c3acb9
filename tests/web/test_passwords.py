"""Changing a password, and resetting a forgotten one."""

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.http import int_to_base36
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from tests.test_translations import english_in
from tests.web.conftest import ClientOf
from tests.web.entering import PASSWORD, sign_in

pytestmark = pytest.mark.usefixtures("fresh_counts")

NEW = {"password1": "tall-orange-7", "password2": "tall-orange-7"}


@pytest.fixture
def letters(settings: Any, member: User) -> list[Any]:
    """The outbox of a site that sends e-mail, with a member who has an address."""
    settings.EMAIL_READY, settings.PUBLIC_URL = True, "https://dailies.example.com"
    User.objects.filter(pk=member.pk).update(email="member@example.com")
    return mail.outbox


def ask_for_reset(email: str, **more: Any) -> Any:
    """Ask for a letter, and have a worker send what waits then."""
    client = Client(**more)
    answer = client.post(reverse("account_reset_password"), {"email": email}, follow=True)
    for row in OrmQ.objects.all():
        import_string(row.task["func"])(*row.task["args"])
        row.delete()
    return answer


def link_in(letter: Any) -> str:
    found = re.search(r"https://dailies\.example\.com(/\S+)", letter.body)
    assert found, letter.body
    return found[1]


def test_rules_are_told_only_where_they_are_broken(client_of: ClientOf, member: User) -> None:
    person = client_of(member)
    page = person.get(reverse("password")).content.decode()
    assert "password1_helptext" not in page and "invalid-feedback" not in page
    short = {"oldpassword": PASSWORD, "password1": "abc", "password2": "abc"}
    refused = person.post(reverse("password"), short)
    assert refused.context["form"].errors.as_data().keys() == {"password1"}
    codes = {each.code for each in refused.context["form"].errors.as_data()["password1"]}
    assert "password_too_short" in codes


@pytest.mark.parametrize("url", ["/sign-in/", "/password/"])
def test_every_field_of_a_password_can_be_shown(
    client: Client, client_of: ClientOf, member: User, url: str
) -> None:
    person = client if url == "/sign-in/" else client_of(member)
    page = person.get(url).content.decode()
    fields = re.findall(r'<input type="password"[^>]*\sid="(\w+)"', page)
    shown = re.findall(r'aria-pressed="false"\s+aria-controls="(\w+)"', page)
    assert fields and shown == fields
    assert "passwords.js" in page


def test_changing_the_password_ends_the_persons_other_sessions(
    client_of: ClientOf, member: User
) -> None:
    here, there = client_of(member), client_of(member)
    refused = here.post(reverse("password"), {"oldpassword": "wrong", **NEW})
    assert "oldpassword" in refused.context["form"].errors
    assert here.post(reverse("password"), {"oldpassword": PASSWORD, **NEW}).status_code == 302
    assert here.get(reverse("track")).status_code == 200
    assert there.get(reverse("track")).headers["Location"].startswith("/sign-in/")


def test_a_weak_password_is_refused(client_of: ClientOf, member: User) -> None:
    weak = {"oldpassword": PASSWORD, "password1": "12345678", "password2": "12345678"}
    answer = client_of(member).post(reverse("password"), weak)
    assert "too common" in str(answer.context["form"].errors)


def test_the_old_password_cannot_be_guessed_in_an_open_session(
    client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    tries = [
        client.post(reverse("password"), {"oldpassword": f"wrong {n}", **NEW}).status_code
        for n in range(11)
    ]
    assert tries == [200] * 10 + [429]


def test_without_e_mail_the_page_explains_the_one_time_link(client: Client, member: User) -> None:
    for answer in (client.get(reverse("account_reset_password")), ask_for_reset("a@example.com")):
        assert "manage.py sign_in_link" in answer.content.decode()
    assert not mail.outbox
    assert reverse("account_reset_password") not in client.get("/sign-in/").content.decode()


def test_a_forgotten_password_is_replaced_by_a_link_in_a_letter(
    letters: list[Any], client: Client, client_of: ClientOf, member: User
) -> None:
    elsewhere = client_of(member)
    assert reverse("account_reset_password") in client.get("/sign-in/").content.decode()
    ask_for_reset("Member@Example.com")
    [letter] = letters
    assert letter.to == ["member@example.com"] and "\n" not in letter.subject
    page = client.get(link_in(letter), follow=True)
    done = client.post(page.redirect_chain[-1][0], NEW, follow=True)
    assert "Password set" in done.content.decode()
    assert "_auth_user_id" not in client.session
    assert elsewhere.get(reverse("track")).headers["Location"].startswith("/sign-in/")
    assert sign_in(client, "member", NEW["password1"]).status_code == 302
    again = Client().get(link_in(letter), follow=True)
    assert "This link no longer works" in again.content.decode()


def test_the_letter_is_a_text_and_a_page_with_the_same_link(letters: list[Any]) -> None:
    ask_for_reset("member@example.com", headers={"accept-language": "zh-CN"})
    [letter] = letters
    [(page, kind)] = letter.alternatives
    assert kind == "text/html" and 'lang="zh-hans"' in page
    assert page.count(f'href="https://dailies.example.com{link_in(letter)}"') == 2
    assert "member" in page and "member" in letter.body
    assert english_in(page) - {"member"} == set()


def test_the_link_in_the_letter_ends_after_an_hour(letters: list[Any], client: Client) -> None:
    ask_for_reset("member@example.com")
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert "This link no longer works" in client.get(link_in(letters[0])).content.decode()


def test_the_letter_has_the_configured_host_not_the_requested_one(letters: list[Any]) -> None:
    ask_for_reset("member@example.com", headers={"host": "localhost:6666"})
    assert "localhost" not in letters[0].body
    assert link_in(letters[0])


def test_unknown_addresses_get_the_same_answer_and_no_letter(letters: list[Any]) -> None:
    known, unknown = ask_for_reset("member@example.com"), ask_for_reset("nobody@example.com")
    assert known.redirect_chain == unknown.redirect_chain
    assert [letter.to for letter in letters] == [["member@example.com"]]


def test_the_number_of_letters_is_limited(letters: list[Any]) -> None:
    for _ in range(9):
        ask_for_reset("member@example.com")
    assert len(letters) == 5


def test_a_closed_account_gets_no_letter(letters: list[Any], member: User) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    ask_for_reset("member@example.com")
    assert not letters


def test_an_unreachable_mail_server_does_not_break_the_page(
    letters: list[Any], settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert "Check your e-mail" in ask_for_reset("member@example.com").content.decode()


def test_a_letter_lets_a_locked_out_person_in_again(letters: list[Any], client: Client) -> None:
    for _ in range(11):
        sign_in(client, "member", "wrong")
    ask_for_reset("member@example.com")
    page = client.get(link_in(letters[0]), follow=True)
    client.post(page.redirect_chain[-1][0], NEW)
    assert sign_in(client, "member", NEW["password1"]).status_code == 302


def test_a_made_up_link_writes_nothing_and_keeps_nobody_from_a_second_factor(
    letters: list[Any], client: Client, client_of: ClientOf, member: User
) -> None:
    made_up = f"{int_to_base36(member.pk)}-1-x"
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/account/reset/{made_up}/")
    assert "This link no longer works" in page.content.decode()
    assert not [each for each in queries if not each["sql"].startswith("SELECT")]
    assert not EmailAddress.objects.exists()
    mine = client_of(member)
    mine.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert mine.get(reverse("mfa_activate_totp")).status_code == 200


def test_an_unverified_address_keeps_nobody_from_a_second_factor(
    client_of: ClientOf, member: User
) -> None:
    EmailAddress.objects.create(user=member, email="left@example.com", verified=False)
    mine = client_of(member)
    mine.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for name in ("mfa_activate_totp", "mfa_add_webauthn"):
        assert mine.get(reverse(name)).status_code == 200


def test_unverified_addresses_of_earlier_releases_are_removed(member: User) -> None:
    [name] = [each for _, each in MigrationLoader(None).disk_migrations if "no_addresses" in each]
    for email, verified in (("left@example.com", False), ("kept@example.com", True)):
        EmailAddress.objects.create(user=member, email=email, verified=verified)
    import_module(f"tasks.migrations.{name}").remove_unverified(apps, None)
    assert [each.email for each in EmailAddress.objects.all()] == ["kept@example.com"]


def test_a_link_ends_when_the_e_mail_changes(
    letters: list[Any], client: Client, member: User
) -> None:
    ask_for_reset("member@example.com")
    User.objects.filter(pk=member.pk).update(email="new@example.com")
    assert "This link no longer works" in client.get(link_in(letters[0])).content.decode()


def test_a_person_without_a_password_sets_one(client_of: ClientOf, member: User) -> None:
    member.set_unusable_password()
    member.save()
    client = client_of(member)
    asked = client.get(reverse("password"))
    assert asked.headers["Location"] == reverse("account_set_password")
    assert client.post(asked.headers["Location"], NEW).status_code == 302
    assert User.objects.get(pk=member.pk).check_password(NEW["password1"])
