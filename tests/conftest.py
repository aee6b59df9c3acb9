"""What most tests stand on: a project, people of every rank, a credential, tasks."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import TransactionTestCase
from django.utils import timezone, translation

from tasks.models import ChangeCounter, Credential, Membership, Project, Role, Task
from tasks.status import Status
from tests.emptying import empty_the_tables, remember_first_rows
from tests.once import once
from tests.processes.conftest import Installation

# Playwright's own event loop runs in the thread of the test, which Django takes for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

MakeTask = Callable[..., Task]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers last: Playwright's event loop, once begun, lets no other one run in its thread.

    Of their files the longest first, so that no worker is left with one at the end; a test that
    looks at every page lasts as long as ten others.
    """
    lengths = Counter[Path]()
    for item in items:
        lengths[item.path] += 10 if item.get_closest_marker("looks") else 1

    def place(item: pytest.Item) -> tuple[bool, int]:
        is_browser = item.get_closest_marker("browser") is not None
        return is_browser, -lengths[item.path] if is_browser else 0

    items.sort(key=place)


TransactionTestCase._fixture_teardown = empty_the_tables  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        remember_first_rows()


@pytest.fixture(autouse=True)
def in_english() -> None:
    """A request in Chinese leaves its thread in Chinese."""
    translation.activate("en")


@pytest.fixture
def project(db: None) -> Project:
    """The one every installation begins with, also where a test has emptied the tables."""
    ChangeCounter.objects.get_or_create(id=1)
    return Project.objects.get_or_create(name="Dailies")[0]


@pytest.fixture
def credential(db: None) -> Credential:
    row = Credential(
        name="Gateway of the tests", provider="dataeyes", base_url="https://gateway.example"
    )
    row.replace_key("sk-of-the-tests-0123456789")
    row.save()
    return row


@pytest.fixture
def make_task(project: Project, credential: Credential) -> MakeTask:
    """make_task("cgt-1", status=…): any field by name; a running task with a new id if unsaid."""
    numbers = count(1)

    def make(remote_id: str = "", **fields: Any) -> Task:
        account = fields.setdefault("credential", credential)
        usual = {
            "remote_id": remote_id or f"cgt-20261120120000-t{next(numbers):04}",
            "project": project,
            "provider": account.provider,
            "base_url": account.base_url,
            "status": Status.RUNNING,
            "created_at": timezone.now(),
            "change": ChangeCounter.objects.next(),
        }
        return Task.objects.create(**usual | fields)

    return make


@pytest.fixture
def viewer(project: Project) -> User:
    return _person("viewer", project, Role.VIEWER)


@pytest.fixture
def member(project: Project) -> User:
    return _person("member", project, Role.MEMBER)


@pytest.fixture
def manager(project: Project) -> User:
    return _person("manager", project, Role.MANAGER)


@pytest.fixture
def stranger(project: Project) -> User:
    """Signed in, and a member of some other project only."""
    other = Project.objects.get_or_create(name="Elsewhere")[0]
    return _person("stranger", other, Role.MEMBER)


@pytest.fixture
def staff(project: Project) -> User:
    """A superuser: sees all projects and the Django admin."""
    return User.objects.create_superuser("staff", password="a password of the tests")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's own Chromium where there is one, else the one Playwright has downloaded."""
    own = shutil.which("chromium") or shutil.which("chromium-browser")
    return {**browser_type_launch_args, **({"executable_path": own} if own else {})}


#: What `manage.py up` does before it starts anything.
FURNISH = """
from tasks.management import installation
from tasks.management.commands import up
installation.prepare_folder()
up._prepare({"demo": False})
"""


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation in which nothing was started yet, to be copied.

    It is made here and imported nowhere: a module that imports a fixture has one of its own.
    """
    return once(tmp_path_factory, "furnished", _furnish)


def _furnish(folder: Path) -> None:
    code, said = Installation(folder).run("shell", "--no-imports", "-c", FURNISH)
    assert code == 0, said


def _person(name: str, project: Project, role: str) -> User:
    person = User.objects.create_user(name, password="a password of the tests")
    Membership.objects.create(project=project, user=person, role=role)
    return person
