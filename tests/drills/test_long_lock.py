"""A lock of half a minute on the database, with the usual settings and the whole site running.

The drill takes over a minute, because the lock really lasts that long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tasks.simulator.server import Simulator
from tests.drills import conftest as drills
from tests.drills.test_unwritable import has_ended, locked
from tests.ops import homes as ops
from tests.ops.homes import ON_POSTGRES, Homes
from tests.processes.conftest import eventually

LOCK_SECONDS = 30.0
TASKS = 3
PAGES = ("/", "/archive/", "/live/", "/tasks/track/", "/tasks/1/")


class Site(drills.Home, ops.Home):
    """The whole site: web server, cluster, archive, watch."""

    def environment(self) -> dict[str, str]:
        usual = ops.Home.environment(self) | {"DJANGO_SETTINGS_MODULE": "seedance_site.settings"}
        return usual | {"DAILIES_PRIVATE_HOSTS": "127.0.0.0/8", "DAILIES_DISK_RESERVE": "1000000"}


@pytest.fixture
def site(furnished: Path, tmp_path: Path) -> Iterator[Site]:
    homes = Homes(tmp_path, furnished, postgres=ON_POSTGRES)
    made = homes(is_migrated=True)
    site = Site(made.folder, made.database_url)
    yield site
    site.end()
    homes.end()


@contextmanager
def tables_locked(site: Site) -> Iterator[None]:
    """Lock the tables: reading goes on, writing waits."""
    import psycopg

    ours = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(site.database_url) as connection:
        names = [name for (name,) in connection.execute(ours)]
        connection.execute(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE".encode())
        yield
        connection.rollback()


def browser(site: Site, session: str) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{site.port}", timeout=60, trust_env=False)
    client.cookies["dailies_session"] = session
    client.get("/")
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    return client


def test_half_a_minute_without_writing_loses_nothing(site: Site, sim: Simulator) -> None:
    site.up()
    ids = [sim.create("sim:ok sim:queue=0 sim:run=20") for _ in range(TASKS)]
    site.follow(sim, *ids)
    session = site.step("enter")[1]
    reader, writer = browser(site, session), browser(site, session)
    eventually(lambda: site.statuses() == ["running"] * TASKS, within=15)
    with ThreadPoolExecutor() as pool, (tables_locked if ON_POSTGRES else locked)(site):
        end = time.monotonic() + LOCK_SECONDS
        written = pool.submit(writer.post, "/tasks/1/refresh/")
        while time.monotonic() < end:
            assert {reader.get(page).status_code for page in PAGES} <= {200, 204}
            time.sleep(3)
        answer = written.result()
        assert (answer.status_code, "Nothing was lost" in answer.text) == (503, True)
        eventually(lambda: "Worker last seen" in reader.get("/").text, within=10)
        assert has_ended(sim) and site.statuses() == ["running"] * TASKS
    eventually(lambda: site.statuses() == ["succeeded"] * TASKS, within=40)
    eventually(lambda: site.kept() == ["saved"] * TASKS, within=30)
    eventually(lambda: "last seen" not in reader.get("/").text, within=30)
    assert writer.post("/tasks/1/refresh/").status_code == 302
    changes = site.ask("SELECT became FROM tasks_statuschange WHERE became = 'succeeded'")
    assert len(changes) == TASKS == sum(sim.counts.creates.values())
    assert "starting it again" not in site.output()
