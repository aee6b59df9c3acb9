"""Answers of the API to every kind of token, through all that stands before its views."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from tasks.models import Project, TokenScope
from tasks.web.api.authentication import TokenRefusedError, authenticate
from tests.tokens import clients_of_every_kind

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def probe(request: HttpRequest, scope: str) -> JsonResponse:
    """Answer who asks, as a view of the API would."""
    try:
        token = authenticate(request, TokenScope(scope))
    except TokenRefusedError as error:
        return JsonResponse({"reason": error.reason}, status=error.status)
    projects = [project.name for project in token.spendable_projects()]
    return JsonResponse({"person": token.person.username, "may create in": projects})


urlpatterns = [
    path("api/probe/<str:scope>", probe),
    path("", include("tasks.urls")),
]

#: Answers to requests that need the scopes read, make and manage.
EXPECTED = {
    "nothing": (401, 401, 401),
    "session": (401, 401, 401),
    "read": (200, 403, 403),
    "make": (200, 200, 403),
    "manage": (200, 200, 200),
    "stranger": (200, 200, 200),
    "expired": (401, 401, 401),
    "revoked": (401, 401, 401),
}


@pytest.mark.parametrize("method", ["get", "post"])
def test_everyone_gets_what_the_table_says(
    project: Project, member: User, stranger: User, method: str
) -> None:
    found = {
        kind: tuple(
            getattr(client, method)(f"/api/probe/{scope}").status_code for scope in TokenScope
        )
        for kind, client in clients_of_every_kind(project, member, stranger).items()
    }
    assert found == EXPECTED


def test_each_asks_as_its_person_in_its_projects(
    project: Project, member: User, stranger: User
) -> None:
    clients = clients_of_every_kind(project, member, stranger)

    def told(kind: str) -> Any:
        return clients[kind].get("/api/probe/read").json()

    assert told("read") == {"person": "member", "may create in": []}
    assert told("make") == {"person": "member", "may create in": [project.name]}
    assert told("stranger") == {"person": "stranger", "may create in": ["Elsewhere"]}


def test_an_answer_of_the_api_sets_no_cookie_and_reads_no_session(
    project: Project, member: User, stranger: User, django_assert_num_queries: Any
) -> None:
    clients = clients_of_every_kind(project, member, stranger)
    with django_assert_num_queries(0):
        answer = clients["session"].get("/api/probe/read")
    assert answer.json() == {"reason": "missing"} and not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
