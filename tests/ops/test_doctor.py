"""The doctor: the state of everything on one screen; a failed check is a line like any other."""

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
from django.core.files.storage import storages
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from tasks.management.doctor import DoctorResult, Level, installation_checks, run_checks
from tasks.media import posters
from tasks.models import Batch, Callback, Copy, Credential, Submission
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tests.conftest import MakeTask
from tests.ops.homes import Home
from tests.processes.conftest import Installation, eventually, free_port
from tests.web.conftest import SaveCopy, save_copy

__all__ = ["save_copy"]  # a fixture

SECRET = "sk-canary-of-the-doctor"
TOKEN = "a-token-of-the-doctor-0123456789"


def results(*, online: bool = False) -> dict[str, DoctorResult]:
    """The worst result of each subject."""
    worst_last = sorted(run_checks(online=online), key=lambda each: list(Level).index(each.level))
    return {each.subject: each for each in worst_last}


def text_of(result: DoctorResult) -> str:
    return f"{result.level}: {result.text} {result.advice}"


def test_everything_is_well_where_everything_runs(installation: Installation) -> None:
    installation.up()
    beside = Home(installation.folder, DAILIES_STATUS_TOKEN=TOKEN)
    beside.log = installation.folder.with_name("beside.log")
    eventually(lambda: beside.run("doctor")[0] == 0, within=30)
    assert beside.output().endswith("All is well.\n")
    assert "DAILIES_STATUS_TOKEN (set)" in beside.output()
    for secret in (TOKEN, *key_lines(installation.folder)):
        assert secret not in beside.output()


def key_lines(folder: Path) -> list[str]:
    return [path.read_text().strip() for path in (folder / "keys").iterdir()]


def test_the_exit_code_is_1_where_nothing_runs(installation: Installation) -> None:
    status, text = installation.run("doctor")
    assert status == 1
    assert "broken  Archive: last heard never" in text
    assert "→ Start it: manage.py up, or manage.py work." in text
    assert "Traceback" not in text


def test_a_part_that_fails_is_a_line_and_hides_no_other(installation: Installation) -> None:
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
    assert "warning Settings: DAILIES_TYPO is no setting." in text
    assert "warning Data folder: " in text and "chmod 700" in text
    assert "Extras: installed" in text
    assert "Traceback" not in text and "canary" not in text


def test_an_empty_folder_is_reported_and_left_empty(nothing: Installation) -> None:
    status, text = nothing.run("doctor")
    assert (status, "does not exist" in text, "Traceback" in text) == (1, True, False)
    assert not nothing.folder.exists()


def test_keys_that_others_can_read_are_reported(installation: Installation) -> None:
    (installation.folder / "keys" / "secret.key").chmod(0o644)
    text = installation.run("doctor")[1]
    assert "warning Check tasks.W001: " in text and "chmod 600" in text


def test_a_database_that_others_can_read_is_reported(installation: Installation) -> None:
    database = installation.folder / "db.sqlite3"
    database.chmod(0o644)
    assert "W004" not in installation.run("doctor")[1]  # nobody passes the folder
    installation.folder.chmod(0o755)
    text = installation.run("doctor")[1]
    assert "warning Check tasks.W004: " in text and f"chmod 600 {database}" in text


def test_what_https_hangs_on_is_told(settings: Settings) -> None:
    settings.HTTPS = False
    assert list(installation_checks.https()) == []
    settings.HTTPS = True
    [told] = installation_checks.https()
    assert "X-Forwarded-Proto" in told.text and "nothing without it" in told.text


def test_the_missing_migrations_of_an_older_database_are_named(installation: Installation) -> None:
    newest = "SELECT max(name) FROM django_migrations WHERE app = 'admin'"
    installation.ask(f"DELETE FROM django_migrations WHERE app = 'admin' AND name = ({newest})")
    assert "broken  Migrations: Missing: " in installation.run("doctor")[1]


def test_the_health_of_credentials_is_reported(credential: Credential) -> None:
    name = f"Credential {credential.name}"
    assert text_of(results()[name]).startswith("ok: DataEyes at gateway.example, last answer never")
    Credential.objects.update(heard_at=timezone.now() - timedelta(hours=3))
    assert "3 h ago" in text_of(results()[name])
    Credential.objects.update(
        trouble="rate_limited", trouble_message="It asks (HTTP 429): slow down"
    )
    assert "warning" in text_of(results()[name]) and "slow down" in text_of(results()[name])
    Credential.objects.update(
        trouble="unauthorized", trouble_message=f"No (HTTP 401): bad key {SECRET}"
    )
    assert "broken" in text_of(results()[name]) and SECRET not in text_of(results()[name])
    Credential.objects.update(active=False)
    assert "switched off" in text_of(results()[name])
    Credential.objects.update(sealed_key="nonsense")
    assert "cannot be read" in text_of(results()[name])


def test_a_provider_that_was_removed_from_the_code_is_no_crash(credential: Credential) -> None:
    Credential.objects.update(provider="bygone")
    assert results()["Credentials"].level == Level.BROKEN


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
        found = results(online=True)
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


def test_a_provider_with_another_clock_is_reported(
    credential: Credential, settings: Settings
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), InThePast) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        settings.PRIVATE_HOSTS = [place]
        Credential.objects.update(base_url=f"http://{place}")
        clock = results(online=True)["Clock"]
        server.shutdown()
    assert clock.level == Level.WARNING
    assert re.search(r"has a clock -3[56]\d\d s from ours", clock.text)


def test_copies_at_risk_are_reported_with_the_first_deadline(make_task: MakeTask) -> None:
    now = timezone.now()
    ends = now + timedelta(minutes=30)
    task = make_task(
        status=Status.SUCCEEDED, video_url="https://v.example/1.mp4", link_ends_at=ends
    )
    Copy.objects.follow([task], now)
    found = results()["Copies"]
    assert found.level == Level.WARNING
    assert f"1 at risk; the first link ends: {ends:%Y-%m-%d %H:%M}" in found.text


def test_missing_posters_are_reported(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for is_there, level in ((True, Level.OK), (False, Level.WARNING)):
        monkeypatch.setattr(posters, "can_make", lambda is_there=is_there: is_there)
        assert results()["Posters"].level == level


def test_the_command_fits_on_one_screen(db: None) -> None:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert max(map(len, out.getvalue().splitlines())) < 300
    assert len(out.getvalue().splitlines()) < 40


def test_a_public_address_that_no_provider_calls_is_reported(
    settings: Settings, make_task: MakeTask
) -> None:
    settings.PUBLIC_URL = "https://dailies.example.com"
    now = timezone.now()
    for number in range(3):
        task = make_task(status="succeeded", ended_at=now)
        who = {"project": task.project, "credential": task.credential, "created_at": now}
        submission = Submission.objects.create(
            task=task, batch=Batch.objects.create(**who), request={}, take=number
        )
        Callback.objects.make(submission, now)
    line = results()["Callbacks"]
    assert (line.level, "0 of the latest 3" in line.text) == ("warning", True)
    Callback.objects.filter(submission__take=1).update(called_at=now)
    assert results()["Callbacks"].level == "ok"
    settings.CALLBACKS = False
    assert "switched off" in results()["Callbacks"].text


# Saved files


def test_a_sample_of_the_saved_files_is_looked_at(make_task: MakeTask, save_copy: SaveCopy) -> None:
    copies = [save_copy(make_task(), b"film", checked_at=timezone.now()) for _ in range(3)]
    assert text_of(results()["Saved files"]) == (
        "ok: 3 looked at, 3 of them compared with their checksums "
    )
    path = Path(storages["videos"].path(copies[0].name))
    path.write_bytes(b"fi!m")
    found = results()["Saved files"]
    assert (found.level, copies[0].name in found.text) == ("broken", True)
    path.unlink()
    found = results()["Saved files"]
    assert (found.level, copies[0].name in found.text) == ("broken", True)
    for copy in copies[1:]:
        storages["videos"].delete(copy.name)
    found = results()["Saved files"]
    assert found.level == "broken" and "Is the disk mounted" in found.advice


def test_lost_files_are_named_with_what_to_do(make_task: MakeTask) -> None:
    now = timezone.now()
    known = {"state": "gone", "damage": "missing", "created_at": now, "name": "2026/1-2-a.mp4"}
    Copy.objects.create(task=make_task(), kind="video", **known)
    found = results()["Saved files"]
    assert found.level == "broken" and "2026/1-2-a.mp4" in found.text
    assert "from a backup" in found.advice


def test_a_scrub_that_does_not_keep_up_is_reported(make_task: MakeTask, settings: Settings) -> None:
    now = timezone.now()
    copy = Copy.objects.create(task=make_task(), kind="video", state="saved", created_at=now)
    for days, level in ((40, "ok"), (80, "warning")):
        Copy.objects.filter(pk=copy.pk).update(checked_at=now - timedelta(days=days))
        assert results()["Scrub"].level == level
    settings.SCRUB_DAYS = 0
    assert "switched off" in results()["Scrub"].text


def test_a_database_with_a_corrupt_page_is_reported(installation: Installation) -> None:
    path = installation.folder / "db.sqlite3"
    assert "all of its pages are whole" in installation.run("doctor")[1]
    installation.ask("PRAGMA wal_checkpoint(TRUNCATE)")
    [(page,)] = installation.ask("SELECT rootpage FROM sqlite_master WHERE name = 'tasks_copy'")
    [(size,)] = installation.ask("PRAGMA page_size")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    text = installation.run("doctor")[1]
    assert "broken  Database: damaged: " in text and "restore the last backup" in text
    assert "Traceback" not in text
