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
#: Examples of a test that does not say how many it needs, where not all tests run.
suite = hypothesis_settings.get_profile("suite")
hypothesis_settings.register_profile("quick", parent=suite, max_examples=20)

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
#: Cases of a test without a database that `--quick` takes at most: each costs 2 ms or more, most of
#: it pytest's, and there are two thousand of them.
MANY = 10
#: What sweeps, works or saves beside a browser.
BESIDE = {"sweeping", "working", "archiving"}
#: Installations on SQLite, whatever the suite runs on.
ON_SQLITE = {"furnish", "installation", "nothing"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out tests marked `browser`, `process` or `exhaustive`; take one case of a "
        "test with a database, and at most ten of any other",
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
        _leave_out(items, set(_further_cases(items)).__contains__, config)


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


def _further_cases(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """All but the first case of each test that asks the database, and but MANY of any other."""
    for cases in _cases_of_each_test(items):
        between = -(-len(cases) // MANY)
        kept = cases[:1] if _asks_the_database(cases[0]) else cases[::between]
        yield from (case for case in cases if case not in kept)


def _inner_cases(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """All but the first and the last case of tests that ask the database for each of many."""
    for cases in _cases_of_each_test(items):
        if len(cases) > FEW and _asks_the_database(cases[0]):
            yield from cases[1:-1]


def _cases_of_each_test(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return list(cases.values())


def pytest_configure(config: pytest.Config) -> None:
    """Let the garbage collector look seldom: a quarter of each worker's collecting was its."""
    gc.set_threshold(20_000, 20, 100)
    if config.getoption("quick"):
        hypothesis_settings.load_profile("quick")


def pytest_collection_finish() -> None:
    """Keep the garbage collector off what stays: 12 % of a worker's time was its, now 5 %."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print how long a tier of `manage.py test` took."""
    tier, _, began = os.environ.get("TEST_TIER", "").partition(" ")
    if tier and not hasattr(config, "workerinput"):
        print(f"{tier} tier: {time.time() - float(began):.0f} s")
