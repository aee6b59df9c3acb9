"""Clients of a person with settings."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.web.conftest import ClientOf


@pytest.fixture
def desk(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def phone(client_of: ClientOf, member: User) -> Client:
    """Another device of the same person."""
    return client_of(member)
