"""The page that connects a program: a token in lines for a tool, and word of its first request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.models import ApiToken, Credential, Project, TokenScope
from tasks.web.presenters.connecting import tools
from tests.tokens import bearer, token_of
from tests.web.conftest import ClientOf

pytestmark = pytest.mark.django_db


@pytest.fixture
def ark(db: None) -> Credential:
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("sk-of-the-tests-0123456789")
    row.save()
    return row


def lines_in(answer: Any) -> dict[str, str]:
    return {tool.slug: tool.lines for tool in answer.context["tools"]}


def test_one_press_makes_a_token_and_fills_it_into_every_tool(
    member: User, project: Project, ark: Credential, client_of: ClientOf
) -> None:
    client = client_of(member)
    answer = client.post("/connect/", {"name": "ComfyUI", "project": project.pk})
    token, text = ApiToken.objects.get(), answer.context["text"]
    assert (token.person, token.project, token.scope) == (member, project, TokenScope.MAKE)
    assert token.expires_at == token.created_at + timedelta(days=90)
    lines = lines_in(answer)
    assert len(lines) == 7 and all(text in each for each in lines.values())
    assert "no-store" in answer["Cache-Control"]
    assert text.encode() not in client.get("/connect/").content


def test_the_lines_name_a_model_that_the_project_can_use(
    member: User, project: Project, ark: Credential, client_of: ClientOf
) -> None:
    client = client_of(member)
    answer = client.post("/connect/", {"name": "Script", "project": project.pk})
    listed = client.get("/api/v3/models", headers=bearer(answer.context["text"])).json()
    named = answer.context["models"][0]
    assert named in [model["id"] for model in listed["data"]]
    assert all(named in each for each in lines_in(answer).values())


def test_with_several_credentials_a_model_is_named_behind_its_credential(
    member: User, project: Project, ark: Credential, client_of: ClientOf
) -> None:
    other = Credential(name="Two words", provider="byteplus", base_url="https://b.example/api/v3")
    other.replace_key("sk-of-the-tests-9876543210")
    other.save()
    models = client_of(member).get("/connect/").context["models"]
    assert any(name.startswith("Ark/") for name in models)
    assert not any(" " in name for name in models)


@pytest.mark.parametrize(
    ("origin", "downloads"),
    [
        ("https://dailies.example.com", False),
        ("https://203.0.114.7", False),
        ("http://localhost:8000", True),
        ("http://studio.local", True),
        ("http://192.168.1.20:8000", True),
        ("http://[::1]:8000", True),
    ],
)
def test_the_ai_sdk_gets_a_download_where_its_own_would_refuse_the_address(
    origin: str, downloads: bool
) -> None:
    lines = {tool.slug: tool.lines for tool in tools(origin, "", "")}
    assert ("download:" in lines["ai-sdk"]) is downloads
    assert "$" not in lines["ai-sdk"]


def test_the_page_tells_of_the_first_request(
    member: User, project: Project, client_of: ClientOf
) -> None:
    token, text = token_of(member, project=project)
    client = client_of(member)
    address = f"/connect/{token.pk}/first-call/"
    assert b"hx-get" in client.get(address).content
    client.get("/api/v3/models", headers=bearer(text))
    answer = client.get(address)
    assert b"hx-get" not in answer.content and b"127.0.0.1" in answer.content


def test_a_revoked_token_is_not_waited_for(member: User, client_of: ClientOf) -> None:
    token, _text = token_of(member)
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now())
    assert b"hx-get" not in client_of(member).get(f"/connect/{token.pk}/first-call/").content


def test_nobody_is_told_of_the_requests_of_others(
    member: User, manager: User, client_of: ClientOf
) -> None:
    token, _text = token_of(member)
    assert client_of(manager).get(f"/connect/{token.pk}/first-call/").status_code == 404


def test_who_cannot_create_videos_is_offered_no_token(
    viewer: User, project: Project, client_of: ClientOf
) -> None:
    client = client_of(viewer)
    assert b'name="project"' not in client.get("/connect/").content
    answer = client.post("/connect/", {"name": "Script", "project": project.pk})
    assert answer.context["form"].errors and not ApiToken.objects.exists()


def test_the_page_asks_the_database_no_more_for_more_projects(
    member: User, project: Project, ark: Credential, client_of: ClientOf
) -> None:
    client = client_of(member)
    client.get("/connect/")
    with CaptureQueriesContext(connection) as few:
        client.get("/connect/")
    for number in range(4):
        more = Project.objects.create(name=f"More {number}")
        more.membership_set.create(user=member, role="member")
    with CaptureQueriesContext(connection) as many:
        client.get("/connect/")
    assert len(many) <= len(few) + 1
