"""Pages of tokens: one's own, and for managers those of a project and its services."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from tasks.models import (
    ApiToken,
    AuditAction,
    AuditEntry,
    Charge,
    Membership,
    Project,
    Service,
    TokenScope,
)
from tasks.models.api_token import digest_of
from tasks.models.charge import day_of
from tasks.team import tokens
from tests.tokens import asked_by, token_of
from tests.web.conftest import ClientOf

pytestmark = pytest.mark.django_db

FIELDS = {"name": "Night run", "scope": "make", "life": "30", "day_limit": "", "unit": "tokens"}


@pytest.fixture
def service(manager: User, project: Project) -> Service:
    request, now = asked_by(manager), timezone.now()
    return tokens.make_service(request, project, name="render-farm", role="member", now=now)


def text_in(answer: Any) -> str:
    return str(answer.context["text"])


def test_a_token_is_shown_once(member: User, project: Project, client_of: ClientOf) -> None:
    client = client_of(member)
    limited = {"project": project.pk, "day_limit": "12.50", "unit": "CNY"}
    answer = client.post("/account/tokens/", FIELDS | limited)
    token, text = ApiToken.objects.get(), text_in(answer)
    assert token.digest == digest_of(text) and text.encode() in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert (token.person, token.project, token.created_by) == (member, project, member)
    assert (token.day_limit, token.unit, token.scope) == (Decimal("12.50"), "CNY", "make")
    assert token.expires_at and (token.expires_at - token.created_at).days == 30
    assert text.encode() not in client.get("/account/tokens/").content
    assert token.prefix.encode() in client.get("/account/tokens/").content


def test_nobody_makes_a_token_for_a_project_that_they_do_not_see(
    member: User, stranger: User, client_of: ClientOf
) -> None:
    elsewhere = Project.objects.get(name="Elsewhere")
    answer = client_of(member).post("/account/tokens/", FIELDS | {"project": elsewhere.pk})
    assert answer.context["form"].errors and not ApiToken.objects.exists()


def test_a_scope_beyond_the_role_is_refused(
    viewer: User, manager: User, project: Project, client_of: ClientOf
) -> None:
    answer = client_of(viewer).post("/account/tokens/", FIELDS)
    assert "scope" in answer.context["form"].errors
    other = Project.objects.create(name="Other")
    Membership.objects.create(project=other, user=manager, role="viewer")
    answer = client_of(manager).post("/account/tokens/", FIELDS | {"project": other.pk})
    assert "scope" in answer.context["form"].errors and not ApiToken.objects.exists()


def test_revoking_ends_a_token_at_once(member: User, client_of: ClientOf) -> None:
    token, text = token_of(member)
    answer = client_of(member).post(f"/account/tokens/{token.pk}/revoke/", follow=True)
    assert tokens.find(text, timezone.now()) is None
    assert [row.ended for row in answer.context["rows"]] == ["revoked"]
    assert AuditEntry.objects.filter(verb=AuditAction.TOKEN_REVOKED, actor="member").count() == 1


def test_a_manager_revokes_the_tokens_of_their_project(
    manager: User, member: User, project: Project, client_of: ClientOf
) -> None:
    inside, _text = token_of(member, project=project)
    everywhere, _text = token_of(member)
    client = client_of(manager)
    assert client.post(f"/account/tokens/{inside.pk}/revoke/").status_code == 302
    assert client.post(f"/account/tokens/{everywhere.pk}/revoke/").status_code == 404
    everywhere.refresh_from_db()
    assert everywhere.revoked_at is None


def test_a_manager_sees_the_tokens_for_all_projects_that_reach_into_theirs(
    manager: User, member: User, stranger: User, clerk: User, project: Project, client_of: ClientOf
) -> None:
    made = [token_of(member)[0], token_of(clerk, TokenScope.MANAGE)[0]]
    for person in (stranger, clerk):  # who is in no project sees this one with all rights only
        token_of(person)
    ended, _text = token_of(member)
    tokens.revoke(asked_by(member), ended, timezone.now())
    answer = client_of(manager).get("/people/tokens/")
    assert set(answer.context["reaching"]) == set(made)
    page = answer.content.decode()
    assert all(token.prefix in page for token in made)
    assert not any(f"/{token.pk}/revoke/" in page for token in made)
    assert "Only that person and administrators can revoke them" in page
    Membership.objects.filter(user=member).delete()
    assert client_of(manager).get("/people/tokens/").context["reaching"] == made[1:]


def test_staff_revoke_a_token_for_all_projects_from_a_projects_page(
    staff: User, member: User, project: Project, client_of: ClientOf
) -> None:
    token, _text = token_of(member)
    page = client_of(staff).get(f"/people/tokens/?project={project.pk}").content.decode()
    assert f"/{token.pk}/revoke/" in page


def test_whoever_is_removed_from_a_project_loses_their_tokens_for_it(
    manager: User, member: User, project: Project, client_of: ClientOf
) -> None:
    token, _text = token_of(member, project=project)
    row = Membership.objects.get(user=member)
    client_of(manager).post(f"/people/{row.pk}/remove/")
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_a_manager_makes_a_service_and_a_token_for_it(
    manager: User, project: Project, client_of: ClientOf
) -> None:
    client = client_of(manager)
    client.post("/people/services/", {
        "project": project.pk, "service-name": "render-farm", "service-role": "member",
    })  # fmt: skip
    service = Service.objects.get()
    assert Membership.objects.get(user=service.user).role == "member"
    assert not service.user.has_usable_password()
    fields = {f"token-{name}": value for name, value in FIELDS.items()}
    posted = {**fields, "project": project.pk, "token-service": service.pk}
    answer = client.post("/people/tokens/", posted)
    token = ApiToken.objects.get(digest=digest_of(text_in(answer)))
    assert (token.person, token.project, token.created_by) == (service.user, project, manager)


def test_a_token_of_a_service_reaches_no_further_than_its_role(
    manager: User, project: Project, service: Service, client_of: ClientOf
) -> None:
    fields = {f"token-{name}": value for name, value in (FIELDS | {"scope": "manage"}).items()}
    posted = {**fields, "project": project.pk, "token-service": service.pk}
    answer = client_of(manager).post("/people/tokens/", posted)
    assert "scope" in answer.context["form"].errors and not ApiToken.objects.exists()


def test_another_projects_service_gets_no_token(
    neighbour: User, service: Service, client_of: ClientOf
) -> None:
    elsewhere = Project.objects.get(name="Elsewhere")
    fields = {f"token-{name}": value for name, value in FIELDS.items()}
    posted = {**fields, "project": elsewhere.pk, "token-service": service.pk}
    answer = client_of(neighbour).post("/people/tokens/", posted)
    assert answer.status_code == 200 and not ApiToken.objects.exists()
    posted["project"] = service.project_id
    assert client_of(neighbour).post("/people/tokens/", posted).status_code == 404


def test_a_name_that_is_taken_is_told(
    manager: User, member: User, project: Project, client_of: ClientOf
) -> None:
    answer = client_of(manager).post("/people/services/", {
        "project": project.pk, "service-name": "member", "service-role": "member",
    })  # fmt: skip
    assert "name" in answer.context["service_form"].errors and not Service.objects.exists()


def test_people_show_a_service_as_one(
    manager: User, project: Project, service: Service, client_of: ClientOf
) -> None:
    people = client_of(manager).get("/people/").context["people"]
    marked = [str(each.membership.user) for each in people if each.is_service]
    assert marked == ["render-farm"]


def test_a_list_takes_the_same_queries_however_long(
    manager: User, project: Project, client_of: ClientOf, django_assert_num_queries: Any
) -> None:
    client = client_of(manager)
    for many in (1, 5):
        for _ in range(many):
            token, _text = token_of(manager, project=project, day_limit=Decimal(9))
            token_of(manager)
            charge(project, token, tokens=4)
        with django_assert_num_queries(QUERIES):
            rows = client.get("/people/tokens/").context["rows"]
    assert {(row.limit, row.used) for row in rows} == {("9 tokens", "4")}


QUERIES = 11


def charge(project: Project, token: ApiToken, **fields: Any) -> Charge:
    day = day_of(timezone.now())
    made = {"project": project, "day": day, "api_token": token.pk, "person": token.person_id}
    return Charge.objects.create(**made, **fields)


# Costs and the audit


def test_costs_say_and_find_by_which_token(
    manager: User, project: Project, client_of: ClientOf
) -> None:
    token, _text = token_of(manager, project=project, name="Night run")
    charge(project, token, tokens=7)
    Charge.objects.create(project=project, day=day_of(timezone.now()), tokens=5)
    client = client_of(manager)
    found = client.get(f"/costs/charges/?token={token.pk}")
    assert [row.token for row in found.context["rows"]] == ["Night run"]
    assert sorted(row.token for row in client.get("/costs/charges/").context["rows"]) == [
        "", "Night run",
    ]  # fmt: skip
    file = client.post(
        "/costs/charges/export.csv", {"token": token.pk, "column": ["API token", "day"]}
    )
    head, *rows = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert head == "day,API token" and len(rows) == 1 and rows[0].endswith(",Night run")


def test_the_audit_page_says_by_which_token(
    manager: User, project: Project, client_of: ClientOf
) -> None:
    AuditEntry.objects.create(
        verb=AuditAction.CANCELLED, actor="member", label="A boat", project_id=project.pk,
        token="Night run",
    )  # fmt: skip
    assert "by token Night run" in client_of(manager).get("/audit/").content.decode()


# The command


def made_by_command(**options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("make_token", stdout=out, stderr=err, **options)
    return out.getvalue().strip(), err.getvalue()


def test_the_command_prints_a_token_last(member: User, project: Project) -> None:
    text, words = made_by_command(user="member", scope="make", project=project.name, days=30)
    token = tokens.find(text, timezone.now())
    assert token and (token.person, token.project, token.scope) == (member, project, "make")
    assert token.expires_at and "make" in words and text not in words
    assert AuditEntry.objects.filter(verb=AuditAction.TOKEN_MADE, label=token.name).exists()


def test_the_command_gives_nobody_more_than_they_may(viewer: User, project: Project) -> None:
    for options in ({"user": "nobody"}, {"user": "viewer", "scope": "make"},
                    {"user": "viewer", "project": "Another"}):  # fmt: skip
        with pytest.raises(CommandError):
            made_by_command(**options)
    assert not ApiToken.objects.exists()
