"""Browsers of signed-in people."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

ClientOf = Callable[[User], Client]


@pytest.fixture
def client_of(db: None) -> ClientOf:
    """client_of(member).get("/"): a browser in which this person is signed in."""

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of
