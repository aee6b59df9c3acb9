"""Entries of the audit about signing in and out, factors, passwords and sessions."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tasks.models import AuditAction, AuditEntry
from tests.web.entering import PASSWORD, link_for, sign_in
from tests.web.test_factors import again, at, code, set_up

__all__ = ["at"]

pytestmark = pytest.mark.usefixtures("fresh_counts")


def entries(verb: AuditAction) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(verb=verb).order_by("pk"))


def test_a_sign_in_is_recorded_with_its_method_and_address(client: Client, member: User) -> None:
    sign_in(client, "member")
    [entry] = entries(AuditAction.SIGNED_IN)
    assert (entry.actor, entry.actor_id, entry.address) == ("member", member.pk, "127.0.0.1")
    assert entry.changes == {"by": "password"}
    client.post(reverse("sign_out"))
    assert entries(AuditAction.SIGNED_OUT)[0].actor == "member"


def test_a_sign_in_by_link_is_recorded(client: Client, member: User) -> None:
    client.post(link_for(member))
    assert entries(AuditAction.SIGNED_IN)[0].changes == {"by": "link"}


def test_a_failure_tells_the_name_and_never_the_password(client: Client, member: User) -> None:
    sign_in(client, "Member", "a secret nobody may read")
    sign_in(client, "nobody@example.com", "a secret nobody may read")
    assert [entry.label for entry in entries(AuditAction.SIGN_IN_FAILED)] == [
        "Member",
        "nobody@example.com",
    ]
    assert "nobody may read" not in str(list(AuditEntry.objects.values()))


def test_attempts_beyond_the_rate_limit_are_not_recorded(client: Client, member: User) -> None:
    for _ in range(15):
        sign_in(client, "member", "wrong")
    assert len(entries(AuditAction.SIGN_IN_FAILED)) == 10


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_comes_works_fails_and_goes(at: Any, client: Client, member: User) -> None:
    sign_in(client, "member")
    secret = set_up(client)
    assert {entry.label for entry in entries(AuditAction.FACTOR_ADDED)} == {
        "TOTP Authenticator",
        "Recovery codes",
    }
    at.shift(120)
    other = Client()
    sign_in(other, "member")
    other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert entries(AuditAction.SIGN_IN_FAILED)[0].changes == {"by": "totp"}
    other.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert entries(AuditAction.SIGNED_IN)[-1].changes == {"by": "password, totp"}
    again(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert len(entries(AuditAction.FACTOR_REMOVED)) == 2
    assert secret not in str(list(AuditEntry.objects.values()))


def test_changing_a_password_and_ending_sessions_is_noted(client: Client, member: User) -> None:
    sign_in(client, "member")
    sign_in(Client(), "member")
    client.post(reverse("usersessions_list"))
    assert entries(AuditAction.SESSIONS_ENDED)[0].changes == {"number": 1}
    new = {"password1": "tall-orange-7", "password2": "tall-orange-7"}
    client.post(reverse("password"), {"oldpassword": PASSWORD, **new})
    assert entries(AuditAction.PASSWORD_CHANGED)[0].actor == "member"
