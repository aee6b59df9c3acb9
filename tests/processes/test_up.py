"""One command that starts everything, and ends it."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tasks.providers import PROVIDERS
from tests.processes.conftest import (
    Installation,
    below,
    eventually,
    kill,
    processes,
    still_there,
    stop,
)


class Demo(Installation):
    """One for all tests of this file, started again when one of them has ended it."""

    process: subprocess.Popen[str] | None = None

    def run_on(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self.process = self.up("--demo", "--speed", "3", "--wedged", "5")
        return self.process


@pytest.fixture(scope="module")
def one_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = Demo(tmp_path_factory.mktemp("demo") / "data")
    yield home
    home.end()


@pytest.fixture
def demo(one_demo: Demo) -> Iterator[Demo]:
    one_demo.run_on()
    yield one_demo
    print(one_demo.output())  # where a test fails, its report has it


class Browser:
    """Keeps cookies, and nothing else a browser does."""

    def __init__(self) -> None:
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def open(self, url: str, **form: str) -> str:
        body = urlencode(form).encode() if form else None
        with self._opener.open(urllib.request.Request(url, body), timeout=10) as answer:
            return str(answer.read().decode())


def test_the_link_of_a_demo_lets_one_in_as_its_superuser(demo: Demo) -> None:
    browser = Browser()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.open(demo.link()))
    assert token
    browser.open(demo.link(), csrfmiddlewaretoken=token[1])
    assert "demo" in browser.open(f"http://127.0.0.1:{demo.port}/admin/")


def test_nobody_in_a_demo_has_a_password(demo: Demo) -> None:
    people = demo.ask("SELECT username, password FROM auth_user")
    assert {name for name, _ in people} == {"demo", "producer", "artist", "editor", "animator"}
    assert all(password.startswith("!") for _, password in people)


def test_the_badges_of_a_demo_move(demo: Demo) -> None:
    moved = "SELECT count(*) FROM tasks_statuschange WHERE was IN ('queued', 'running')"
    eventually(lambda: demo.ask(moved)[0][0] > 0, within=25)


def test_a_demo_shows_every_provider_and_every_kind_of_end(demo: Demo) -> None:
    providers = demo.ask("SELECT DISTINCT provider FROM tasks_task WHERE prompt != ''")
    assert {provider for (provider,) in providers} == {known.slug for known in PROVIDERS}
    statuses = "SELECT DISTINCT status FROM tasks_task"
    wanted = {"succeeded", "failed", "expired"}
    eventually(lambda: {row[0] for row in demo.ask(statuses)} >= wanted, within=60)


def test_other_commands_reach_the_simulator_of_a_demo_too(demo: Demo) -> None:
    beside = Installation(demo.folder)
    beside.log = demo.folder.with_name("beside.log")
    _code, output = beside.run("doctor", "--online")
    assert output.count("ok      Credential ") == len(PROVIDERS), output
    assert (demo.folder / "demo").read_text() == f"127.0.0.1:{demo.simulator_port}\n"


def test_keys_and_data_are_their_owners_only(demo: Demo) -> None:
    modes = {path.name: _mode(path) for path in (demo.folder / "keys").iterdir()}
    assert modes == {"secret.key": 0o600, "credentials.keys": 0o600}
    assert _mode(demo.folder) == 0o700


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_second_start_in_the_same_folder_is_refused(demo: Demo) -> None:
    second = Installation(demo.folder)
    code, output = second.run("up", "--demo", "--port", str(second.port))
    assert (code, output) == (1, f"Dailies already runs from {demo.folder}.\n")


def test_a_killed_web_server_is_started_again(demo: Demo) -> None:
    family = below(demo.run_on().pid)
    kill(next(pid for pid in family if "manage.py web" in still_there([pid])[0]))
    eventually(lambda: "web ended" in demo.output(), within=5)
    page = f"http://127.0.0.1:{demo.port}/healthz"
    eventually(lambda: _answers(page), within=10)


def test_web_server_and_work_are_replaced_when_they_hang(demo: Demo) -> None:
    running = processes()
    family = below(demo.run_on().pid, running)
    hung = [
        pid
        for pid in family
        if re.search(r"manage.py (web|work)\b", running[pid][1]) and "guard" not in running[pid][1]
    ]
    stop(*hung)
    eventually(lambda: still_there(hung) == [], within=20)
    eventually(lambda: _answers(f"http://127.0.0.1:{demo.port}/healthz"), within=15)
    eventually(lambda: _whole(below(demo.run_on().pid)), within=30)


def _answers(url: str) -> bool:
    try:
        return Browser().open(url) == "ok"
    except OSError:
        return False


def test_a_demo_that_is_started_again_goes_on_where_it_was(demo: Demo) -> None:
    process = demo.run_on()
    family, before = below(process.pid), _memory(demo)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert still_there(family) == []

    demo.run_on()
    assert _memory(demo) >= before
    unheard = "SELECT count(*) FROM tasks_task WHERE status = 'unknown'"
    eventually(lambda: demo.ask(unheard) == [(0,)], within=20)
    lost = "SELECT count(*) FROM tasks_task WHERE trouble = 'not_found' OR status = 'lost'"
    assert demo.ask(lost) == [(0,)]


def _memory(home: Installation) -> set[str]:
    """Return what must outlive a restart: task ids, encrypted keys, and the keys that open them."""
    tasks = {row[0] for row in home.ask("SELECT remote_id FROM tasks_task")}
    sealed = {row[0] for row in home.ask("SELECT sealed_key FROM tasks_credential")}
    return tasks | sealed | {path.read_text() for path in (home.folder / "keys").iterdir()}


def test_an_empty_installation_asks_for_its_first_account(installation: Installation) -> None:
    installation.up()
    assert "creates the first account" in installation.output()
    assert 'name="password1"' in Browser().open(installation.link())
    assert installation.ask("SELECT count(*) FROM auth_user") == [(0,)]


def test_killing_up_ends_everything_below_it(demo: Demo) -> None:
    process = demo.run_on()
    family = eventually(lambda: _whole(below(process.pid)), within=30)
    kill(process.pid)
    process.wait()
    eventually(lambda: still_there(family) == [], within=15)


def _whole(family: list[int]) -> list[int]:
    """Three guards and what they guard; two more with all of the cluster, and the archive.

    And a worker for each poster that is being made at this moment.
    """
    return family if len(family) >= 16 else []
