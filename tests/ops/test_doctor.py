"""One screen tells how everything is; a part that fails is a line, never a traceback."""

from __future__ import annotations

import re
import shutil
import threading
from datetime import timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from tasks.management.doctor import Level, Line, examine
from tasks.models import Batch, Callback, Copy, Credential, Submission
from tasks.simulator.server import Simulator
from tasks.status import Status
from tests.conftest import MakeTask
from tests.ops.homes import Home
from tests.processes.conftest import Installation, eventually, free_port

SECRET = "sk-canary-of-the-doctor"
TOKEN = "a-token-of-the-doctor-0123456789"


def lines(*, online: bool = False) -> dict[str, Line]:
    """By subject; the worst of each."""
    worst = sorted(examine(online=online), key=lambda line: list(Level).index(line.level))
    return {line.subject: line for line in worst}


def said(line: Line) -> str:
    return f"{line.level}: {line.said} {line.advice}"


def test_all_is_well_where_all_runs(installation: Installation) -> None:
    installation.up()
    beside = Home(installation.folder, DAILIES_STATUS_TOKEN=TOKEN)
    beside.log = installation.folder.with_name("beside.log")
    eventually(lambda: beside.run("doctor")[0] == 0, within=30)
    assert beside.said().endswith("All is well.\n")
    assert "DAILIES_STATUS_TOKEN (set)" in beside.said()
    for secret in (TOKEN, *key_lines(installation.folder)):
        assert secret not in beside.said()


def key_lines(folder: Path) -> list[str]:
    return [path.read_text().strip() for path in (folder / "keys").iterdir()]


def test_where_nothing_is_at_work_the_exit_code_is_1(installation: Installation) -> None:
    status, text = installation.run("doctor")
    assert status == 1
    assert "broken  Archive: last heard never" in text
    assert "→ Start it: manage.py up, or manage.py work." in text
    assert "Traceback" not in text


def test_what_fails_is_a_line_and_hides_nothing_after_it(installation: Installation) -> None:
    port = free_port()
    ill = Home(
        installation.folder,
        f"postgres://dailies:canary-password@127.0.0.1:{port}/dailies",
        REDIS_URL=f"redis://:canary-redis@127.0.0.1:{port}/0",
        DAILIES_TYPO="1",
        DAILIES_DISK_RESERVE=str(10**18),
    )
    (ill.folder / "keys" / "credentials.keys").unlink()
    shutil.rmtree(ill.folder / "static")
    (ill.folder / "videos").write_text("not a folder")
    ill.folder.chmod(0o755)
    status, text = ill.run("doctor")
    assert status == 1
    for part in ("Database", "Migrations", "Credentials", "Cache", "Storage", "Disk"):
        assert f"broken  {part}: " in text, part
    for part in ("credentials.keys", "Check tasks.E001", "Static files"):
        assert f"broken  {part}: " in text, part
    assert "look    Settings: DAILIES_TYPO is no setting." in text
    assert "look    Data folder: " in text and "chmod 700" in text
    assert "Extras: installed" in text
    assert "Traceback" not in text and "canary" not in text


def test_where_nothing_is_it_says_so_and_makes_nothing(nothing: Installation) -> None:
    status, text = nothing.run("doctor")
    assert (status, "does not exist" in text, "Traceback" in text) == (1, True, False)
    assert not nothing.folder.exists()


def test_keys_that_others_can_read_are_told(installation: Installation) -> None:
    (installation.folder / "keys" / "secret.key").chmod(0o644)
    assert "look    secret.key: there, mode 644" in installation.run("doctor")[1]


def test_an_older_database_is_told_what_is_missing(installation: Installation) -> None:
    newest = "SELECT max(name) FROM django_migrations WHERE app = 'tasks'"
    installation.ask(f"DELETE FROM django_migrations WHERE app = 'tasks' AND name = ({newest})")
    assert "broken  Migrations: Missing: " in installation.run("doctor")[1]


def test_credentials_are_told_by_their_health(credential: Credential) -> None:
    name = f"Credential {credential.name}"
    assert said(lines()[name]).startswith("ok: DataEyes at gateway.example, last answer never")
    Credential.objects.update(heard_at=timezone.now() - timedelta(hours=3))
    assert "3 h ago" in said(lines()[name])
    Credential.objects.update(
        trouble="rate_limited", trouble_message="It asks (HTTP 429): slow down"
    )
    assert "look" in said(lines()[name]) and "slow down" in said(lines()[name])
    Credential.objects.update(
        trouble="unauthorized", trouble_message=f"No (HTTP 401): bad key {SECRET}"
    )
    assert "broken" in said(lines()[name]) and SECRET not in said(lines()[name])
    Credential.objects.update(active=False)
    assert "switched off" in said(lines()[name])
    Credential.objects.update(sealed_key="nonsense")
    assert "cannot be read" in said(lines()[name])


def test_a_provider_that_was_removed_from_the_code_is_no_crash(credential: Credential) -> None:
    Credential.objects.update(provider="bygone")
    assert lines()["Credentials"].level == Level.BROKEN


@pytest.mark.parametrize(("key", "level"), [("sim-test", Level.OK), (SECRET, Level.BROKEN)])
def test_online_every_provider_is_asked(
    credential: Credential, settings: Settings, key: str, level: Level
) -> None:
    with Simulator() as simulator:
        settings.PRIVATE_HOSTS = ["127.0.0.1", simulator.base_url("volcengine").split("/")[2]]
        credential.provider = "volcengine"
        credential.base_url = simulator.base_url("volcengine")
        credential.replace_key(key)
        credential.save()
        found = lines(online=True)
    line = found[f"Credential {credential.name}"]
    assert line.level == level, line
    assert SECRET not in str(found)
    assert found["Clock"].level == Level.OK


class InThePast(BaseHTTPRequestHandler):
    """Answers nothing of use, and believes that it is an hour ago."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(timezone.now().timestamp() - 3600, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_provider_with_another_clock_is_told(credential: Credential, settings: Settings) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), InThePast) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        settings.PRIVATE_HOSTS = [place]
        Credential.objects.update(base_url=f"http://{place}")
        clock = lines(online=True)["Clock"]
        server.shutdown()
    assert clock.level == Level.LOOK
    assert re.search(r"has a clock -3[56]\d\d s from ours", clock.said)


def test_copies_at_risk_are_told_with_the_first_deadline(make_task: MakeTask) -> None:
    now = timezone.now()
    ends = now + timedelta(minutes=30)
    task = make_task(
        status=Status.SUCCEEDED, video_url="https://v.example/1.mp4", link_ends_at=ends
    )
    Copy.objects.follow([task], now)
    found = lines()["Copies"]
    assert found.level == Level.LOOK
    assert f"1 at risk; the first link ends: {ends:%Y-%m-%d %H:%M}" in found.said


def test_the_command_speaks_in_one_screen(db: None) -> None:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert max(map(len, out.getvalue().splitlines())) < 300
    assert len(out.getvalue().splitlines()) < 40


def test_a_public_address_at_which_nobody_ever_calls_is_told(
    settings: Settings, make_task: MakeTask
) -> None:
    settings.PUBLIC_URL = "https://dailies.example.com"
    now = timezone.now()
    for number in range(3):
        task = make_task(status="succeeded", ended_at=now)
        who = {"project": task.project, "credential": task.credential, "created_at": now}
        submission = Submission.objects.create(
            task=task, batch=Batch.objects.create(**who), wish={}, take=number
        )
        Callback.objects.make(submission, now)
    line = lines()["Callbacks"]
    assert (line.level, "0 of the latest 3" in line.said) == ("look", True)
    Callback.objects.filter(submission__take=1).update(called_at=now)
    assert lines()["Callbacks"].level == "ok"
    settings.CALLBACKS = False
    assert "switched off" in lines()["Callbacks"].said
