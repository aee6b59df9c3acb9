"""The client of a manager."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.web.conftest import ClientOf


@pytest.fixture
def office(client_of: ClientOf, manager: User) -> Client:
    return client_of(manager)
