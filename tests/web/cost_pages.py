"""A month with charges, and readers of its pages, for the tests of all that shows costs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client

from tasks.billing import costs
from tasks.models import Credential, Project
from tasks.web.costs import cost_charges
from tasks.web.costs.cost_filters import CostFilters
from tests.billing.charges import charges
from tests.web.conftest import ClientOf

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NUMBERS = re.compile(r'<a href="([^"]+)"\s+data-part="(\w+)"\s+data-value="(\d+)"')


@pytest.fixture
def november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def many(project: Project, credential: Credential, manager: User) -> Project:
    """Charges of two projects; the manager manages one of them, which is returned."""
    charges(160, [project, Project.objects.create(name="Other")], [credential])
    return project


@pytest.fixture
def office(client_of: ClientOf, manager: User) -> Client:
    return client_of(manager)


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def numbers(text: str) -> list[tuple[str, str, int]]:
    """Each number that is a link: its address, its part, its value."""
    return [(url.replace("&amp;", "&"), part, int(n)) for url, part, n in NUMBERS.findall(text)]


def behind(url: str, projects: tuple[int, ...] | None) -> tuple[int, int]:
    """The sum and the number of takes that the list at this address shows."""
    filters = CostFilters.read(QueryDict(url.partition("?")[2]), NOW.date())
    measure, part = cost_charges.measure_of(filters), cost_charges.part_of(filters)
    return costs.sum_of_charges(cost_charges.charges_of(filters, projects), measure, part)
