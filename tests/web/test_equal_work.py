"""Signing in and forgetting a password cost the same work, whether or not the account exists.

Counted is work, not time: statements, password hashes, jobs and letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from tests.web.conftest import ClientOf
from tests.web.entering import sign_in

pytestmark = pytest.mark.usefixtures("fresh_counts")

NAMES = ("member", "MEMBER", "nobody", "closed", "by-sso", "called@example.com")
EMAILS = ("member@example.com", "nobody@example.com", "Closed@Example.com", "by-sso@example.com")


@pytest.fixture
def team(member: User) -> None:
    """An open account, a closed one, one without a password, and one whose name is an address."""
    User.objects.filter(pk=member.pk).update(email="member@example.com")
    User.objects.create_user("closed", "closed@example.com", "a password", is_active=False)
    User.objects.create_user("by-sso", "by-sso@example.com")
    User.objects.create_user("called@example.com", password="a password")


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A list that grows by one whenever a password is hashed."""
    made: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        made.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    yield made


def work_of(hashes: list[str], post: Callable[..., Any], *given: Any) -> tuple[int, Counter[str]]:
    """The number of hashes that a post costs, and of each statement that it says."""
    hashes.clear()
    with CaptureQueriesContext(connection) as queries:
        post(*given)
    said = Counter(re.sub(r"'[^']*'|\d+|NULL", "?", each["sql"]) for each in queries)
    return len(hashes), said


def test_a_wrong_password_costs_one_hash_and_the_same_statements(
    team: None, hashes: list[str]
) -> None:
    sign_in(Client(), "somebody-else", "wrong")  # the first of all fills Django's own caches
    work = {
        login: work_of(hashes, sign_in, Client(), login, "wrong") for login in (*NAMES, *EMAILS)
    }
    _, expected = work["nobody"]
    for login, (hashed, said) in work.items():
        assert hashed == 1, login
        assert said.total() == expected.total(), login


def test_a_forgotten_password_costs_the_same_statements_and_no_letter_within_the_request(
    team: None, hashes: list[str], settings: Any
) -> None:
    settings.EMAIL_READY, settings.PUBLIC_URL = True, "https://dailies.example.com"

    def ask(email: str) -> None:
        Client().post(reverse("account_reset_password"), {"email": email})

    ask("the-first@example.com")
    work = {email: work_of(hashes, ask, email) for email in EMAILS}
    nobody = work["nobody@example.com"]
    assert nobody[0] == 0
    for email, found in work.items():
        assert found == nobody, email
    assert OrmQ.objects.count() == 1 + len(EMAILS)
    assert not mail.outbox


def test_the_waiting_job_holds_no_link(team: None, settings: Any) -> None:
    settings.EMAIL_READY, settings.PUBLIC_URL = True, "https://dailies.example.com"
    Client().post(reverse("account_reset_password"), {"email": "Member@example.com"})
    job = OrmQ.objects.get().task
    assert (job["func"], job["args"]) == (
        "tasks.jobs.send_reset_letters",
        ("member@example.com", "en"),
    )


def test_a_name_that_is_somebody_elses_e_mail_signs_in_its_own_account(
    member: User, viewer: User, client_of: ClientOf
) -> None:
    User.objects.filter(pk=member.pk).update(email="called@example.com")
    User.objects.filter(pk=viewer.pk).update(username="called@example.com")
    viewer.refresh_from_db()
    viewer.set_password("another password of the tests")
    viewer.save()
    for password, person in (
        ("a password of the tests", member),
        ("another password of the tests", viewer),
    ):
        client = Client()
        sign_in(client, "Called@example.com", password)
        assert client.session["_auth_user_id"] == str(person.pk)
