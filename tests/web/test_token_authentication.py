"""The API is opened by a token in the Authorization header, and by nothing else."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from tasks.encryption.redaction import Formatter, redact
from tasks.models import ApiToken, AuditAction, AuditEntry, Project, TokenScope
from tasks.models.api_token import digest_of
from tasks.team import signin, tokens
from tasks.team.audit import note
from tasks.team.limits import WRONG_TOKENS
from tasks.team.signin.letters import send_reset_letters
from tasks.web.api.authentication import (
    TokenRefusal,
    TokenRefusedError,
    TokenThrottledError,
    authenticate,
)
from tasks.web.navigation import ApiMiddleware
from tests.ops.test_canary import every_row
from tests.tokens import asked_by, bearer, texts_of_every_kind, token_of
from tests.web.conftest import ClientOf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_counts")]

READ, MAKE, MANAGE = TokenScope.READ, TokenScope.MAKE, TokenScope.MANAGE


def asking(text: str, **extra: Any) -> HttpRequest:
    return RequestFactory().get("/api/tasks", headers=bearer(text), **extra)


def refusal_of(request: HttpRequest, scope: TokenScope = READ) -> TokenRefusal:
    with pytest.raises(TokenRefusedError) as refusal:
        authenticate(request, scope)
    assert str(refusal.value)
    return refusal.value.reason


def test_a_token_asks_as_its_person(member: User, project: Project) -> None:
    made, text = token_of(member, MAKE, project)
    request = asking(text)
    token = authenticate(request, MAKE)
    assert token == made == request.api_token and request.user == member  # type: ignore[attr-defined]
    assert list(token.projects()) == list(token.spendable_projects()) == [project]


def test_a_text_is_shown_once_and_kept_as_a_hash(member: User) -> None:
    token, text = token_of(member)
    assert text.startswith("dly_") and len(text) == 47 and token.prefix == text[:12]
    assert token.digest == digest_of(text)
    assert text not in every_row()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dly_x", "dly_x"])
def test_a_request_without_a_token_is_refused(header: str) -> None:
    request = RequestFactory().get("/api/tasks", headers={"Authorization": header})
    assert refusal_of(request) == TokenRefusal.MISSING


def test_no_query_string_and_no_cookie_is_looked_at(member: User) -> None:
    _token, text = token_of(member)
    request = RequestFactory().get(f"/api/tasks?token={text}&access_token={text}&key={text}")
    request.COOKIES["token"] = text
    assert refusal_of(request) == TokenRefusal.MISSING


def test_each_reason_has_a_name(project: Project, member: User, stranger: User) -> None:
    texts = texts_of_every_kind(project, member, stranger)
    assert refusal_of(asking(texts["expired"])) == TokenRefusal.EXPIRED
    assert refusal_of(asking(texts["revoked"])) == TokenRefusal.REVOKED
    assert refusal_of(asking(texts["read"]), MAKE) == TokenRefusal.SCOPE
    assert refusal_of(asking(texts["make"]), MANAGE) == TokenRefusal.SCOPE
    assert refusal_of(asking(texts["make"] + "x")) == TokenRefusal.UNKNOWN
    assert authenticate(asking(texts["manage"]), READ)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert refusal_of(asking(texts["make"])) == TokenRefusal.CLOSED


def test_a_token_is_found_while_it_works(member: User) -> None:
    token, text = token_of(member, expires_at=timezone.now() + timedelta(hours=1))
    assert tokens.find(text, timezone.now()) == token
    assert tokens.find(text, timezone.now() + timedelta(hours=2)) is None
    assert tokens.revoke(asked_by(member), token, timezone.now())
    assert not tokens.revoke(asked_by(member), token, timezone.now())
    assert tokens.find(text, timezone.now()) is None


def test_a_token_and_its_person_are_read_as_django_reads_them(
    member: User, project: Project
) -> None:
    now = timezone.now()
    limited = {"day_limit": Decimal("12.50"), "unit": "CNY", "expires_at": now + timedelta(days=1)}
    for fields in ({}, limited):
        made, text = token_of(member, MAKE, project, **fields)
        token, usual = tokens.known(text), ApiToken.objects.get(pk=made.pk)
        assert token is not None
        for row, same in ((token, usual), (token.person, User.objects.get(pk=member.pk))):
            for field in row._meta.concrete_fields:
                values = [getattr(each, field.attname) for each in (row, same)]
                assert values[0] == values[1] and type(values[0]) is type(values[1]), field


# Last used


def test_its_use_is_noted_at_most_once_a_minute(
    member: User, django_assert_num_queries: Any, time_machine: Any
) -> None:
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    token, text = token_of(member)
    authenticate(asking(text, REMOTE_ADDR="192.0.2.7"), READ)
    token.refresh_from_db()
    first = token.last_used_at
    assert first == timezone.now() and token.last_used_from == "192.0.2.7"
    time_machine.shift(59)
    with django_assert_num_queries(1):
        authenticate(asking(text), READ)
    time_machine.shift(2)
    authenticate(asking(text), READ)
    token.refresh_from_db()
    assert token.last_used_at == timezone.now()


# Wrong tokens


def test_wrong_tokens_of_an_address_are_slowed_down_and_right_ones_are_answered(
    member: User,
) -> None:
    _token, text = token_of(member)
    for number in range(WRONG_TOKENS[0]):
        assert refusal_of(asking(f"dly_{number}")) == TokenRefusal.UNKNOWN
    with pytest.raises(TokenThrottledError) as refusal:
        authenticate(asking("dly_guess"), READ)
    assert 1 <= refusal.value.retry_after <= WRONG_TOKENS[1] and str(refusal.value)
    with pytest.raises(TokenThrottledError):  # a forged header does not help
        authenticate(asking("dly_guess", HTTP_X_FORWARDED_FOR="198.51.100.1"), READ)
    assert refusal_of(asking("dly_x", REMOTE_ADDR="192.0.2.8")) == TokenRefusal.UNKNOWN
    assert authenticate(asking(text), READ)


def test_a_network_of_ipv6_is_one_client() -> None:
    for number in range(WRONG_TOKENS[0]):
        refusal_of(asking("dly_x", REMOTE_ADDR=f"2001:db8::{number:x}"))
    with pytest.raises(TokenThrottledError):
        authenticate(asking("dly_x", REMOTE_ADDR="2001:db8::ffff"), READ)
    refusal_of(asking("dly_x", REMOTE_ADDR="2001:db8:0:1::1"))


# Nothing else opens either


def test_a_request_for_the_api_has_no_cookies(member: User, client_of: ClientOf) -> None:
    seen = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append((dict(request.COOKIES), getattr(request, "_dont_enforce_csrf_checks", False)))
        return HttpResponse()

    for path in ("/api/tasks", "/v1/videos", "/tasks/"):
        ApiMiddleware(answer)(RequestFactory().get(path, headers={"Cookie": "sessionid=x"}))
    assert seen == [({}, True), ({}, True), ({"sessionid": "x"}, False)]


@pytest.mark.parametrize("url", ["/", "/account/", "/costs/", "/people/", "/tasks/new/"])
def test_no_token_opens_a_page(staff: User, url: str) -> None:
    _token, text = token_of(staff, MANAGE)
    answer = Client().get(url, headers=bearer(text))
    assert answer.status_code == 302 and "sign-in" in answer["Location"]


# Services


@pytest.fixture
def service(manager: User, project: Project) -> User:
    request, now = asked_by(manager), timezone.now()
    made = tokens.make_service(request, project, name="render-farm", role="member", now=now)
    return made.user


def test_a_service_has_a_role_and_tokens_of_its_own(
    service: User, manager: User, project: Project
) -> None:
    _token, text = token_of(service, MAKE, project)
    manager.delete()
    token = authenticate(asking(text), MAKE)
    assert token.person == service and list(token.spendable_projects()) == [project]
    entry = AuditEntry.objects.get(verb=AuditAction.SERVICE_MADE)
    assert (entry.actor, entry.label, entry.project_id) == ("manager", "render-farm", project.pk)


def test_the_name_of_an_account_is_taken(manager: User, member: User, project: Project) -> None:
    with pytest.raises(tokens.NameTakenError):
        tokens.make_service(
            asked_by(manager), project, name="Member", role="member", now=timezone.now()
        )


def test_a_service_cannot_sign_in_even_with_a_password(
    service: User, mailoutbox: list[Any]
) -> None:
    service.set_password("a password of the tests")
    service.email = "robot@example.com"
    service.save()
    answer = Client().post(
        "/sign-in/", {"login": "render-farm", "password": "a password of the tests"}
    )
    assert answer.status_code == 403 and "sessionid" not in answer.client.cookies
    client = Client()
    entered = client.post(signin.sign_in_url("", service))
    assert entered.status_code == 403 and not client.session.get("_auth_user_id")
    past_factor = Client().post(signin.sign_in_url("", service, without_second_factor=True))
    assert past_factor.status_code == 403
    send_reset_letters("robot@example.com", "en")
    assert not mailoutbox


def test_no_link_is_printed_for_a_service(service: User) -> None:
    with pytest.raises(CommandError, match="no active account"):
        call_command("sign_in_link", user="render-farm", base="http://localhost")


# What is recorded, and what is not


def test_the_audit_says_by_which_token(member: User, project: Project) -> None:
    token, text = token_of(member, MAKE, project, name="Night run")
    made = AuditEntry.objects.get(verb=AuditAction.TOKEN_MADE)
    assert made.token is None and made.project_id == project.pk and made.object_id == token.pk
    request = asking(text)
    authenticate(request, MAKE)
    note(request, AuditAction.CANCELLED, project, project=project)
    entry = AuditEntry.objects.get(verb=AuditAction.CANCELLED)
    assert (entry.actor, entry.token) == ("member", "Night run")


def test_no_log_and_no_error_page_has_a_token(member: User) -> None:
    _token, text = token_of(member)
    record = logging.makeLogRecord({"msg": "GET /api/?x=%s", "args": (text,), "levelname": "INFO"})
    for told in (redact(f"Bearer {text}"), Formatter().format(record)):
        assert text not in told and text[4:] not in told and "(token)" in told


def test_a_refusal_does_not_repeat_the_token() -> None:
    with pytest.raises(TokenRefusedError) as refusal:
        authenticate(asking("dly_" + "x" * 43), READ)
    assert "dly_" not in str(refusal.value) and "dly_" not in repr(refusal.value)
