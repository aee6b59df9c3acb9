"""A member's client for the compose form, and the form's usual values."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Credential
from tests.web.conftest import ClientOf

PRO = "doubao-seedance-1-0-pro-250528"


@pytest.fixture
def ark(db: None) -> Credential:
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("sk-of-the-tests-0123456789")
    row.save()
    return row


@pytest.fixture
def desk(client_of: ClientOf, member: User, ark: Credential) -> Client:
    return client_of(member)


def filled(**more: Any) -> dict[str, Any]:
    usual = {
        "key": str(uuid.uuid4()),
        "model": "doubao-seedance-2-0-260128",
        "mode": "text",
        "prompt": "A paper boat on a canal, dusk",
        "resolution": "720p",
        "ratio": "16:9",
        "duration": "5",
        "priority": "0",
        "expires": "48",
        "service_tier": "default",
        "output_format": "mp4",
        "takes": "1",
    }
    return usual | more


def fields_of(page: Any) -> set[str]:
    return set(page.context["form"].fields)


def preview(desk: Client, **more: Any) -> Any:
    return desk.post("/tasks/new/preview/", filled(**more))
