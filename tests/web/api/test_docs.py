"""The API's documentation: its paths are routes, and its examples are answered."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import resolve

from tasks.models import Credential, Task
from tests.web.api.conftest import ProgramOf

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
TEXT = DOCS.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(GET|POST|DELETE) (/\S+)` \|", TEXT, re.MULTILINE)
EXAMPLES = re.findall(r"^curl https://dailies\.example\.com(/\S+)(.*?)^```", TEXT, re.M | re.S)


def test_every_documented_address_is_a_route() -> None:
    names = {resolve(path.replace("{id}", "cgt-1")).url_name for _method, path in ROWS}
    assert len(ROWS) >= 13
    assert not names & {None, "api_nothing", "gateway_nothing"}


@pytest.mark.django_db
def test_every_documented_request_is_possible(
    member: User, ark: Credential, program_of: ProgramOf
) -> None:
    program = program_of(member)
    answers = [program.ask(method, path.replace("{id}", "cgt-1")) for method, path in ROWS]
    assert {answer.status_code for answer in answers} <= {200, 400, 404}


@pytest.mark.django_db
def test_the_examples_are_answered(member: User, ark: Credential, program_of: ProgramOf) -> None:
    program = program_of(member)
    for path, rest in EXAMPLES:
        given = re.search(r"-d '(.*)'", rest)
        data: Any = json.loads(given[1]) if given else None
        answer = program.ask("POST" if given else "GET", path, data)
        assert answer.status_code == 200, answer.content
    assert Task.objects.count() == len(EXAMPLES) - 1 == 2
