"""Programs that ask the API with a token, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from tasks.models import ApiToken, Credential, Project, TokenScope
from tasks.team.tokens import make_token

TASKS = "/api/v3/contents/generations/tasks"
MODEL = "doubao-seedance-2-0-260128"


class Program:
    """A program with a token; `headers` go with each of its requests."""

    def __init__(self, token: ApiToken, text: str) -> None:
        self.token, self._client = token, Client(raise_request_exception=True)
        self._authorization = f"Bearer {text}"

    def ask(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        """Send a request, with JSON where data are given."""
        sent = {"Authorization": self._authorization} | headers
        body = b"" if data is None else json.dumps(data).encode()
        return self._client.generic(
            method, path, body, content_type="application/json", headers=sent
        )

    def send(self, path: str, fields: dict[str, Any], **headers: str) -> Any:
        """Post a form, with files where fields have a `read`."""
        sent = {"Authorization": self._authorization} | headers
        return self._client.post(path, fields, headers=sent)

    def create(self, prompt: str = "A paper boat", *content: Any, **fields: Any) -> Any:
        headers = fields.pop("headers", {})
        body = {"model": MODEL, "content": [{"type": "text", "text": prompt}, *content], **fields}
        return self.ask("POST", TASKS, body, **headers)

    def get(self, task_id: str) -> Any:
        return self.ask("GET", f"{TASKS}/{task_id}")

    def list(self, query: str = "") -> Any:
        return self.ask("GET", f"{TASKS}?{query}")

    def delete(self, task_id: str) -> Any:
        return self.ask("DELETE", f"{TASKS}/{task_id}")


ProgramOf = Callable[..., Program]


@pytest.fixture
def ark(db: None) -> Credential:
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("sk-of-the-tests-0123456789")
    row.save()
    return row


@pytest.fixture
def program_of(project: Project) -> ProgramOf:
    """program_of(member, scope=…): a program with a token of this person."""

    def program_of(user: User, scope: TokenScope = TokenScope.MAKE, **fields: Any) -> Program:
        request = RequestFactory().get("/")
        request.user = user
        made = make_token(request, user, name="Script", scope=scope, now=timezone.now(), **fields)
        return Program(*made)

    return program_of


@pytest.fixture
def program(program_of: ProgramOf, member: User, ark: Credential) -> Program:
    return program_of(member)
