"""A printed link leads to the site, at whatever address it can be reached."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tasks.management import web_address
from tests.ops.homes import Home
from tests.processes.conftest import Installation, eventually


@pytest.fixture(autouse=True)
def run_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """All workers have one data folder, from which another test may serve."""
    monkeypatch.setattr(web_address, "RUN_DIR", tmp_path / "run")
    return tmp_path / "run"


def link(**options: str) -> str:
    out = StringIO()
    call_command("sign_in_link", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_the_link_has_the_port_of_the_server_that_runs_and_of_no_other(
    installation: Installation,
) -> None:
    beside = Home(installation.folder)
    beside.log = installation.folder.with_name("beside.log")
    server = installation.start("web", "--port", str(installation.port))
    address = f"http://127.0.0.1:{installation.port}/enter/"
    eventually(lambda: beside.run("sign_in_link")[0] == 0, within=20)
    assert address in beside.output()
    server.terminate()
    server.wait()
    assert beside.run("sign_in_link")[0] == 1
    assert "--base" in beside.output() and "http" not in beside.output()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::", "http://[::1]:8123"),
        ("studio.lan", "http://studio.lan:8123"),
    ],
)
def test_an_address_is_known_while_its_server_runs(db: None, host: str, url: str) -> None:
    with web_address.recorded(web_address.local_url(host, 8123)):
        assert link().startswith(f"{url}/enter/")
    with pytest.raises(CommandError, match="No web server runs"):
        link()


def test_the_address_of_a_killed_server_is_not_believed(run_dir: Path) -> None:
    run_dir.mkdir()
    (run_dir / "web-killed").write_text("http://127.0.0.1:8123")
    assert web_address.running() == ""
    with web_address.recorded("http://127.0.0.1:8124"):
        assert web_address.running() == "http://127.0.0.1:8124"
    assert not list(run_dir.iterdir())


def test_a_server_starts_where_its_address_cannot_be_recorded(run_dir: Path) -> None:
    run_dir.write_text("not a folder")
    with web_address.recorded("http://127.0.0.1:8124"):
        assert web_address.running() == ""


def test_a_named_address_comes_before_the_public_one_and_that_before_ours(
    db: None, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://dailies.example.com"
    with web_address.recorded("http://127.0.0.1:8123"):
        assert link().startswith("https://dailies.example.com/enter/")
        assert link(base="http://here").startswith("http://here/enter/")
