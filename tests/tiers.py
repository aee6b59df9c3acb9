"""The tiers of `manage.py test`: which tests a run takes, and how long it took."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# A busy machine draws examples slowly and runs them late; neither is a fault of the code.
hypothesis_settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("suite")

#: Whoever asks for one of these drives a browser, or starts a process of ours.
FIXTURES = {
    "browser": {"browser"},
    "process": {"furnished", "nothing", "endpoint", "launcher", "clone"},
}
FOLDERS = {"browser": "browser", "processes": "process", "drills": "process", "judges": "process"}
#: Folders whose tests ask the suite's database only where they say so by a fixture.
PURE = {"bucket", "judges", "media", "processes", "providers", "simulator"}
#: Folders in which each case of a test asks the database something else.
EACH_CASE = {"billing", "models", "ops", "upgrades"}
#: Cases of one test up to which all of them run, although each asks the database.
FEW = 4
#: What sweeps, works or saves beside a browser.
BESIDE = {"sweeping", "working", "archiving"}
#: Installations on SQLite, whatever the suite runs on.
ON_SQLITE = {"furnish", "installation", "nothing"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out tests marked `browser`, `process` or `exhaustive`, and of many cases of "
        "one test with a database all but two",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out whole folders of a tier that is not wanted: each worker would import them."""
    is_left_out = config.getoption("quick") and collection_path.name in FOLDERS
    return True if is_left_out else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        _mark(item)
    if connection.vendor != "sqlite" and os.environ.get("DAILIES_BROWSER") != "everything":
        _leave_out(items, _is_the_same_everywhere, config)
        asking_the_same = [item for item in items if not _asks_in_each_case(item)]
        _leave_out(items, set(_inner_cases(asking_the_same)).__contains__, config)
    if config.getoption("quick"):
        _leave_out(items, _is_long, config)
        _leave_out(items, set(_inner_cases(items)).__contains__, config)


def _leave_out(
    items: list[pytest.Item], unwanted: Callable[[pytest.Item], bool], config: pytest.Config
) -> None:
    config.hook.pytest_deselected(items=[item for item in items if unwanted(item)])
    items[:] = [item for item in items if not unwanted(item)]


def _is_the_same_everywhere(item: pytest.Item) -> bool:
    """Whether SQLite's run has this test for all databases.

    What a browser adds to the site's answers, which `tests/web` asks for on every database, are
    scripts and looks. Those with workers beside them stay: there rows change under an open page.
    """
    names = set(getattr(item, "fixturenames", ()))
    if item.get_closest_marker("looks"):
        return True
    if item.get_closest_marker("browser") and not item.get_closest_marker("process"):
        return not names & BESIDE
    if item.get_closest_marker("process") and _folder(item) not in PURE:
        return bool(names & ON_SQLITE) and not names & {"homes", "engine"}
    return not _asks_the_database(item)


def _asks_the_database(item: pytest.Item) -> bool:
    """Whether pytest-django lets the test ask at all."""
    names = {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ()))
    return bool(names) or item.get_closest_marker("django_db") is not None


def _asks_in_each_case(item: pytest.Item) -> bool:
    """Whether the cases of this test differ in statements, or in values at a database's limits.

    Without the inner cases of all others PostgreSQL was still asked 3,168 of 3,183 statements.
    """
    return _folder(item) in EACH_CASE or item.get_closest_marker("each_case") is not None


def _mark(item: pytest.Item) -> None:
    folder = _folder(item)
    if folder in FOLDERS:
        item.add_marker(FOLDERS[folder])
    for marker, names in FIXTURES.items():
        if names.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(marker)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def tier(item: pytest.Item) -> str:
    return next((name for name in FIXTURES if item.get_closest_marker(name)), "")


def _is_long(item: pytest.Item) -> bool:
    return bool(tier(item)) or item.get_closest_marker("exhaustive") is not None


def _inner_cases(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """All but the first and the last case of tests that ask the database for each of many."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if _asks_the_database(item):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for many in cases.values():
        if len(many) > FEW:
            yield from many[1:-1]


def pytest_configure() -> None:
    """Let the garbage collector look seldom: a quarter of each worker's collecting was its."""
    gc.set_threshold(20_000, 20, 100)


def pytest_collection_finish() -> None:
    """Keep the garbage collector off what stays: 12 % of a worker's time was its, now 5 %."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print how long a tier of `manage.py test` took."""
    tier, _, began = os.environ.get("TEST_TIER", "").partition(" ")
    if tier and not hasattr(config, "workerinput"):
        print(f"{tier} tier: {time.time() - float(began):.0f} s")
