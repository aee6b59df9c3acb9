"""Clients and credentials of several projects."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import (
    Credential,
    Project,
)
from tests.web.conftest import ClientOf


@pytest.fixture
def elsewhere(db: None) -> Project:
    return Project.objects.get_or_create(name="Elsewhere")[0]


@pytest.fixture
def theirs(credential: Credential, project: Project) -> Credential:
    """A credential that only the manager's project may use."""
    credential.open_to_all = False
    credential.save()
    credential.projects.set([project])
    return credential


@pytest.fixture
def desk(client_of: ClientOf, manager: User) -> Client:
    return client_of(manager)


@pytest.fixture
def office(client_of: ClientOf, staff: User) -> Client:
    return client_of(staff)
