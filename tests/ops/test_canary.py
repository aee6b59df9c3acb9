"""A unique key goes in; it is in no log, no traceback, no table and no report that comes out."""

from __future__ import annotations

import logging
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from multiprocessing import Value
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.models import Task as Job
from django_q.monitor import save_task
from django_q.tasks import async_task
from django_q.worker import worker
from pytest_django import Settings

from tasks import encryption, jobs
from tasks.encryption.redaction import Formatter
from tasks.management.backup import databases
from tasks.management.doctor import run_checks
from tasks.models import Credential
from tasks.tracking import connection_test, refresh
from tasks.web.messages.connection_test import diagnose
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

CANARY = "sk-canary-0d9a6c1e5b7f42388e"

pytestmark = pytest.mark.django_db


class Parrot(BaseHTTPRequestHandler):
    """A gateway that repeats the key it refuses, wherever it can."""

    def do_GET(self) -> None:
        key = self.headers["Authorization"]
        body = f'{{"error": {{"code": "bad", "message": "Incorrect API key: {key}"}}}}'.encode()
        self.send_response(401, f"No {key}")
        self.send_header("X-Your-Key", key)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def parrot(settings: Settings) -> Iterator[Credential]:
    """A credential at that gateway, with the canary for a key."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Parrot) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        settings.PRIVATE_HOSTS = [place]
        row = Credential(name="Parrot", provider="volcengine", base_url=f"http://{place}")
        row.replace_key(CANARY)
        row.save()
        yield row
        server.shutdown()


@pytest.fixture
def log() -> Iterator[StringIO]:
    """All that is logged at DEBUG, as the site writes it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("{name}: {message}", style="{"))
    loud = [logging.getLogger(name) for name in ("", "tasks", "django", "httpx", "httpcore")]
    levels = [each.level for each in loud]
    loud[0].addHandler(handler)
    for each in loud:
        each.setLevel(logging.DEBUG)
    yield stream
    loud[0].removeHandler(handler)
    for each, level in zip(loud, levels, strict=True):
        each.setLevel(level)


def every_row() -> str:
    """The text of all tables, with the jobs of django-q2 unpacked."""
    rows = [list(model._default_manager.values_list()) for model in apps.get_models()]
    return repr(rows) + repr([row.task for row in OrmQ.objects.all()])


def test_asking_a_provider_that_repeats_the_key(
    parrot: Credential, make_task: MakeTask, log: StringIO
) -> None:
    make_task(credential=parrot, check_after=timezone.now())
    tally = refresh.sweep(0.3)
    found = diagnose(connection_test.examine(parrot, now=timezone.now()))
    jobs.test_credential(parrot.pk)
    assert tally and tally.asked and not found.ok
    parrot.refresh_from_db()
    assert parrot.trouble == "unauthorized"
    for text in (log.getvalue(), every_row(), str(found)):
        assert text and CANARY not in text


def blow_up(word: str) -> None:
    """Fail as a job does whose library raises an error with the key in it."""
    with jobs.redacted():
        raise ValueError(f"{word} 'Bearer {Credential.objects.get().reveal_key()}'")


def work_off(package: dict[str, Any]) -> None:
    """Run a job as django-q2's own worker and monitor do, in this process."""
    tasks: SimpleQueue[Any] = SimpleQueue()
    results: SimpleQueue[Any] = SimpleQueue()
    for each in (package, "STOP"):
        tasks.put(each)
    worker(tasks, results, Value("f", -1))
    save_task(results.get(), get_broker())


@pytest.mark.django_db(transaction=True)  # the worker closes its connection
def test_a_job_that_fails_with_the_key_in_its_words(parrot: Credential, log: StringIO) -> None:
    async_task("tests.ops.test_canary.blow_up", "Illegal header value")
    work_off(OrmQ.objects.get().task)
    job = Job.objects.get(success=False)
    assert "Illegal header value 'Bearer (key)'" in job.result
    assert "Illegal header value 'Bearer (key)'" in log.getvalue()
    assert CANARY not in every_row() + log.getvalue()


@pytest.mark.parametrize("is_debugging", [False, True])
def test_a_page_that_breaks_with_the_key_in_its_hands(
    parrot: Credential, settings: Settings, log: StringIO, is_debugging: bool
) -> None:
    settings.DEBUG, settings.ROOT_URLCONF = is_debugging, "tests.ops.broken_urls"
    settings.REDIS_URL = "redis://:canary-of-redis@cache.example"
    client = Client(raise_request_exception=False)
    page = client.post("/breaks?credential=Parrot", {"key": CANARY, "note": "canary-of-a-form"})
    text = page.content.decode()
    assert page.status_code == 500
    assert ("Illegal header value" in text) == is_debugging
    assert "Illegal header value" in log.getvalue()
    for secret in (CANARY, "canary-of-redis", "canary-of-a-form", settings.SECRET_KEY):
        assert secret not in text + log.getvalue()
    for key in settings.CREDENTIAL_KEYS:
        assert key not in text + log.getvalue()


def test_a_form_that_breaks_before_it_has_sealed_the_key(
    settings: Settings, client_of: ClientOf, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django would show, with DEBUG, what was posted and every local variable."""

    def broken(*args: Any, **kwargs: Any) -> str:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(encryption, "seal", broken)
    settings.DEBUG = True
    client = client_of(staff)
    client.raise_request_exception = False
    form = {"name": "New", "provider": "dataeyes", "base_url": "", "key": CANARY, "active": "on"}
    page = client.post("/admin/tasks/credential/add/", form)
    assert page.status_code == 500
    assert b"on purpose" in page.content and b"replace_key" in page.content
    assert CANARY not in page.content.decode()


class BrokenMail(BaseEmailBackend):
    """A mail server that cannot be reached, told with the key in the words of the error."""

    def send_messages(self, email_messages: Any) -> int:
        raise OSError(f"refused by {Credential.objects.get().reveal_key()}")


def test_letters_and_what_is_told_of_those_that_fail(
    parrot: Credential, client_of: ClientOf, manager: User, settings: Settings, log: StringIO
) -> None:
    settings.EMAIL_READY, settings.PUBLIC_URL = True, "https://dailies.example.com"
    User.objects.filter(pk=manager.pk).update(email="manager@example.com")
    invited = {"project": manager.projects.get().pk, "role": "viewer", "email": "new@example.com"}
    for backend in (settings.EMAIL_BACKEND, "tests.ops.test_canary.BrokenMail"):
        settings.EMAIL_BACKEND = backend
        jobs.send_reset_letters("manager@example.com", "en")
        page = client_of(manager).post("/people/invite/", invited)
        assert page.status_code == 200 and CANARY not in page.content.decode()
    assert len(mail.outbox) == 2
    assert "A letter could not be sent: OSError" in log.getvalue()
    for text in (log.getvalue(), *(str(letter.message()) for letter in mail.outbox)):
        assert text and CANARY not in text


def test_a_page_that_breaks_sends_no_letter(parrot: Credential, settings: Settings) -> None:
    settings.ROOT_URLCONF, settings.ADMINS = "tests.ops.broken_urls", [("Ada", "ada@example.com")]
    Client(raise_request_exception=False).post("/breaks?credential=Parrot", {"key": CANARY})
    assert not mail.outbox


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no password")
def test_the_tools_of_postgresql_get_no_password_by_their_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[list[str]] = []

    def run(arguments: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        called.append(arguments)
        assert options["env"]["PGPASSWORD"] == CANARY
        return subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setitem(connection.settings_dict, "PASSWORD", CANARY)
    monkeypatch.setattr(subprocess, "run", run)
    databases._run("pg_dump", "--format=custom")
    assert called and CANARY not in str(called)


def test_what_is_told_of_the_installation(
    parrot: Credential, client_of: ClientOf, staff: User, tmp_path: Path
) -> None:
    told = [client_of(staff).get("/statusz").content.decode()]
    told += [str(list(run_checks(online=True)))]
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    told += [out.getvalue()]
    assert "Parrot" in told[1]
    for text in told:
        assert text and CANARY not in text


@pytest.mark.django_db(transaction=True)
def test_a_backup_and_its_manifest(parrot: Credential, tmp_path: Path) -> None:
    out = StringIO()
    call_command("backup", str(tmp_path / "b.tar"), stdout=out, stderr=out)
    content = b"".join(_members(tmp_path / "b.tar"))
    assert CANARY not in out.getvalue()
    assert CANARY.encode() not in content
    for key in encryption.keys_at_hand():
        assert key.encode() not in content


def _members(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            source = archive.extractfile(member)
            assert source
            yield source.read()
