"""Fixtures that most tests use: a project, people of every rank, a credential, tasks."""

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.template import Context, Template
from django.test import TransactionTestCase, utils
from django.test.signals import template_rendered
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone, translation

from tasks.models import ChangeCounter, Credential, Membership, Project, Role, Task
from tasks.providers.status import Status
from tasks.templatetags.parts import parts
from tasks.web.compose import dock_price
from tasks.web.lists import counts
from tasks.web.presenters import header_status, queue_place, rows, time_left
from tasks.web.presenters.personal_rows import statements
from tasks.web.views import live
from tests.emptying import empty_the_tables, remember_first_rows
from tests.once import once
from tests.ops.homes import outside
from tests.processes.conftest import Installation

# Playwright's own event loop runs in the thread of the test, which Django takes for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

MakeTask = Callable[..., Task]


pytest_plugins = ["tests.tiers", "tests.scheduling"]

#: Where a migrated database is kept between runs.
KEPT = Path(settings.BASE_DIR) / ".pytest_cache" / "migrated"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop the database that was copied."""
    if connection.vendor == "postgresql" and not hasattr(config, "workerinput"):
        outside(f'DROP DATABASE IF EXISTS "{_name_on_server()}"')  # all workers have ended


TransactionTestCase._fixture_teardown = empty_the_tables  # type: ignore[attr-defined]


def render_and_tell(template: Template, context: Context) -> str:
    """Render; tell `response.context` of pages and fragments, not of what they include.

    Django tells of each included template and each option of a form as well, and copies the whole
    context for it: a tenth of the time of a page.
    """
    is_option = (template.name or "").startswith("django/forms/")
    if context.template is template and not is_option:
        template_rendered.send(sender=template, template=template, context=context)
    return template.nodelist.render(context)


utils.instrumented_test_render = render_and_tell  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Make this worker's database, a copy of one that a worker has migrated.

    The migrations take some 4 s of a core on SQLite, and 5 s on PostgreSQL. SQLite's file is kept
    for later runs, until something changes of which the tables are made.
    """
    made: list[Any] = []
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            template = once(tmp_path_factory, "migrated", _migrate) / "db.sqlite3"
            _use(Path(shutil.copy(template, connection.settings_dict["TEST"]["NAME"])))
        else:
            once(tmp_path_factory, "migrated", _migrate_on_server)
            made = [_copy_on_server()]
        remember_first_rows()
    yield
    with django_db_blocker.unblock():
        if made:
            _end_other_sessions()
        teardown_databases(made, verbosity=0)


def _end_other_sessions() -> None:
    """End what a thread of some test has left connected: a database in use cannot be dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _migrate(folder: Path) -> None:
    """Migrate a database into this folder, or copy it from an earlier run's."""
    folder.mkdir()
    made, kept = folder / "db.sqlite3", KEPT / f"{_digest_of_the_tables()}.sqlite3"
    with suppress(FileNotFoundError):
        shutil.copy(kept, made)
        return
    _use(made)
    call_command("migrate", verbosity=0)
    connection.close()  # which writes the log ahead into the file
    KEPT.mkdir(parents=True, exist_ok=True)
    for former in KEPT.iterdir():
        former.unlink(missing_ok=True)
    Path(shutil.copy(made, KEPT / f"{os.getpid()}.new")).rename(kept)  # whole, or not at all


def _digest_of_the_tables() -> str:
    """Hash whatever the tables and their first rows are made of."""
    base, digest = Path(settings.BASE_DIR), hashlib.sha256(sys.version.encode())
    names = ("requirements-dev.lock", "tasks/apps.py", "tests/settings.py")
    folders = ("seedance_site", "tasks/migrations", "tasks/models")
    within = (found for name in folders for found in sorted((base / name).rglob("*.py")))
    for path in (*map(base.joinpath, names), *within):
        digest.update(str(path.relative_to(base)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _name_on_server() -> str:
    return f"test_{settings.DATABASES['default']['NAME']}_migrated"


def _migrate_on_server(folder: Path) -> None:
    """Make the database that is copied, and put the names back as they were."""
    folder.mkdir()
    names, test = connection.settings_dict, connection.settings_dict["TEST"]
    name, own = names["NAME"], test["NAME"]
    test["NAME"] = _name_on_server()
    setup_databases(verbosity=0, interactive=False)
    connection.close()  # or PostgreSQL refuses to copy it
    test["NAME"] = own
    _use(name)


def _copy_on_server() -> tuple[Any, str, bool]:
    """Return what Django's own `teardown_databases` takes."""
    name = str(connection.settings_dict["NAME"])
    connection.settings_dict["TEST"]["TEMPLATE"] = _name_on_server()
    creation: Any = connection.creation
    copied = creation._create_test_db(verbosity=0, autoclobber=True)
    connection.close()
    _use(copied)
    return connection, name, True


def _use(database: Path | str) -> None:
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = str(database)


@pytest.fixture(autouse=True)
def in_english() -> None:
    """A request in Chinese leaves its thread in Chinese."""
    translation.activate("en")


def some_seconds_later() -> None:
    """Let the time pass for which open pages share what was read for one of them."""
    read = (
        counts.shared,
        header_status.shared,
        header_status.near,
        time_left.shared,
        live.shared_rows,
        queue_place.shared,
    )
    for shared in (*read, rows.counting):
        shared.forget()


@pytest.fixture(autouse=True)
def nothing_shared() -> None:
    """Forget what the pages of another test have shared, whose ids come again."""
    some_seconds_later()
    rows.forget()
    parts.forget()
    statements.forget()
    dock_price.shared.forget()
    dock_price.of_newcomers.forget()


@pytest.fixture(autouse=True)
def a_loop_of_its_own(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test that drives no browser run loops, also in a worker that has driven one before.

    Playwright's loop, once begun, stays the running one of its thread until the worker ends.
    """
    loop = asyncio._get_running_loop()
    if loop is None or request.node.get_closest_marker("browser"):
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


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
def neighbour(project: Project) -> User:
    """A manager of some other project only, the stranger's."""
    other = Project.objects.get_or_create(name="Elsewhere")[0]
    return _person("neighbour", other, Role.MANAGER)


@pytest.fixture
def clerk(project: Project) -> User:
    """Staff who have no rights in the Django admin, and are in no project."""
    return User.objects.create_user("clerk", password="a password of the tests", is_staff=True)


@pytest.fixture
def staff(project: Project) -> User:
    """A superuser: sees all projects and the Django admin."""
    return User.objects.create_superuser("staff", password="a password of the tests")


#: The shell has the same pages, and no window around them: a page of it costs half as much.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")
#: Features of Chromium. First Playwright's own list, which this replaces, as the last one counts;
#: then pages in the window around each page, which cost more than ours: a new page 0.5 s of a core
#: instead of 1.1 (Chromium 156).
NEEDLESS = """
    AvoidUnnecessaryBeforeUnloadCheckSync DestroyProfileOnBrowserClose HttpsUpgrades
    HttpsFirstBalancedModeAutoEnable LensOverlay MediaRouter PaintHolding
    ThirdPartyStoragePartitioning AvoidCorsURLLoaderRestartOnRedirect OptimizationHints
    NetworkTimeServiceQuerying AimEnabled PreconnectToSearch
    WebUIOmniboxPopup WebUIOmniboxFullPopup WebUIOmniboxAimPopup InitialWebUI WebUIReloadButton
"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's own Chromium where there is one, else the one Playwright has downloaded."""
    own = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    without = f"--disable-features={','.join(NEEDLESS.split())}"
    found = {**browser_type_launch_args, "args": [without]}
    return {**found, **({"executable_path": own} if own else {})}


#: What `manage.py up` does before it starts anything.
FURNISH = """
from tasks.management import installation
from tasks.management.commands import up
installation.prepare_folder()
up._prepare({"demo": False, "without_backup": False})
"""


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation in which nothing was started yet, to be copied.

    It is made here and imported nowhere: a module that imports a fixture has one of its own.
    """
    return once(tmp_path_factory, "furnished", _furnish)


def _furnish(folder: Path) -> None:
    code, output = Installation(folder).run("shell", "--no-imports", "-c", FURNISH)
    assert code == 0, output


def _person(name: str, project: Project, role: str) -> User:
    person = User.objects.create_user(name, password="a password of the tests")
    Membership.objects.create(project=project, user=person, role=role)
    return person
