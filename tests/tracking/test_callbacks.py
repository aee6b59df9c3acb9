"""Callbacks: a call is a reason to ask at once; nothing that it says is believed, or read."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tasks.encryption.redaction import Formatter
from tasks.models import Callback as Row
from tasks.models import CreateLookup, Credential, Project, Submission, SubmissionState, Task
from tasks.providers import provider
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.submission.place import place_batch
from tasks.submission.send import send_waiting
from tasks.tracking import callbacks, refresh
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock, Follow

Send = Callable[..., Submission]
ADDRESS = "https://dailies.example.com"
STUCK = "sim:queue=0 sim:stuck"


@pytest.fixture
def public(settings: Settings) -> None:
    settings.PUBLIC_URL, settings.CALLBACKS = ADDRESS, True


@pytest.fixture
def send(project: Project, member: User, clock: Clock) -> Send:
    """send(credential): one request on its way to the simulator."""

    def send(credential: Credential, **fields: Any) -> Submission:
        whose: dict[str, Any] = {"project": project, "credential": credential}
        model = fields.pop("model", "doubao-seedance-2-0-260128")
        asked = generation(model, **fields)
        batch = place_batch([asked], key=uuid.uuid4(), **whose, created_by=member, now=clock.now)
        send_waiting(10, clock=clock)
        return batch.submissions.select_related("task").get()

    return send


def callback_urls(sim: Simulator) -> list[str]:
    return [record.order.callback_url for record in sim.tasks]


def token_of(sim: Simulator) -> str:
    [address] = callback_urls(sim)
    return address.rpartition("/")[2]


def call(token: str, body: bytes = b"{}", **more: Any) -> int:
    answer = Client().post(f"/callback/{token}", body, content_type="application/json", **more)
    return int(answer.status_code)


# Asking for callbacks


@pytest.mark.parametrize(
    "preset", ["volcengine", "dataeyes", "tokenhot", "openrouter", "anyfast", "newapi"]
)
def test_an_unguessable_address_goes_with_each_create(
    preset: str, account: Account, send: Send, sim: Simulator, public: None
) -> None:
    send(account(preset))
    send(Credential.objects.get())
    first, second = callback_urls(sim)
    assert first != second
    assert first.startswith(f"{ADDRESS}/callback/hint_") and len(first) - len(ADDRESS) > 50
    assert not Row.objects.filter(digest__contains=first[-10:]).exists()


def test_only_a_hash_of_it_is_kept(
    account: Account, send: Send, sim: Simulator, public: None
) -> None:
    send(account())
    rows = [list(model._default_manager.values_list()) for model in apps.get_models()]
    assert token_of(sim) not in repr(rows)
    assert "callback_url" not in Submission.objects.get().request


@pytest.mark.parametrize("preset", ["powertokens", "yescale", "wavespeed", "atlascloud", "native"])
def test_a_provider_not_known_to_call_back_gets_no_address(
    preset: str, account: Account, send: Send, sim: Simulator, public: None
) -> None:
    send(account(preset), model="seedance-1-5-pro-251215")
    assert callback_urls(sim) == [""]
    assert not Row.objects.exists()


@pytest.mark.parametrize(
    ("address", "private", "on", "given"),
    [
        ("", [], True, False),
        ("https://dailies.example.com", [], True, True),
        ("https://dailies.example.com", [], False, False),
        ("http://dailies.example.com", [], True, False),
        ("http://127.0.0.1:8000", [], True, False),
        ("http://127.0.0.1:8000", ["127.0.0.1:8000"], True, True),
        ("http://127.0.0.1:8000", ["127.0.0.1:9000"], True, False),
        ("http://10.1.2.3", ["10.0.0.0/8"], True, True),
        ("http://dailies.lan:8000", ["dailies.lan"], True, True),
        ("http://[::1]:8000", ["::1"], True, True),
    ],
)
def test_an_address_is_given_over_https_or_where_private_traffic_is_allowed(
    address: str, private: list[str], on: bool, given: bool, settings: Settings
) -> None:
    settings.PUBLIC_URL, settings.PRIVATE_HOSTS, settings.CALLBACKS = address, private, on
    assert callbacks.are_on() == given


def test_a_create_is_sent_even_where_its_callback_cannot_be_written(
    account: Account,
    send: Send,
    sim: Simulator,
    public: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*args: object) -> str:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(type(Row.objects.all()), "make", full)
    assert send(account()).state == SubmissionState.CREATED
    assert callback_urls(sim) == [""]


# Being called back


@pytest.fixture
def called(
    account: Account, send: Send, sim: Simulator, clock: Clock, public: None
) -> tuple[str, Task]:
    """A token, and its task, which is not due for a minute and was asked about a minute ago."""
    send(account(), prompt=STUCK)
    now = timezone.now()
    Task.objects.update(check_after=now + timedelta(minutes=1), asked_at=now - timedelta(minutes=1))
    return token_of(sim), Task.objects.get()


def is_due(task: Task, *, within: float = 0) -> bool:
    at = timezone.now() + timedelta(seconds=within)
    return Task.objects.due(at).filter(pk=task.pk).exists()


@pytest.mark.each_case
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\x00" * 500, b'{"id": "cgt-other", "status": "succeeded"}', b"[" * 60_000],
    ids=["empty", "broken", "binary", "a lie", "deep"],
)
def test_any_body_makes_the_task_due_and_changes_nothing_else(
    body: bytes, called: tuple[str, Task]
) -> None:
    token, task = called
    before: dict[str, Any] = {**Task.objects.filter(pk=task.pk).values().get()}
    assert call(token, body) == 200
    assert is_due(task)
    after: dict[str, Any] = {**Task.objects.filter(pk=task.pk).values().get()}
    assert {name for name in after if after[name] != before[name]} == {"check_after"}


def test_a_body_beyond_the_limit_is_refused(called: tuple[str, Task]) -> None:
    token, task = called
    assert call(token, b"x" * 65_537) == 413
    assert call("hint_" + "x" * 43, b"x" * 65_537) == 413
    assert not is_due(task)


def test_a_strangers_token_answers_as_any_missing_page(called: tuple[str, Task]) -> None:
    client = Client()
    wrong = client.post("/callback/hint_" + "A" * 43, b"{}", content_type="application/json")
    missing = client.post("/no-such-page", b"{}", content_type="application/json")
    assert (wrong.status_code, wrong.content) == (404, missing.content)
    assert not is_due(called[1])


def test_a_call_needs_neither_a_session_nor_a_csrf_token_and_sets_no_cookie(
    called: tuple[str, Task],
) -> None:
    client = Client(enforce_csrf_checks=True)
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(f"/callback/{called[0]}", b"{}", content_type="application/json")
    assert (answer.status_code, answer.content, len(client.cookies)) == (200, b"", 0)
    assert len(asked) == 3, [query["sql"] for query in asked]


def test_a_flood_of_calls_asks_no_more_often_than_every_two_seconds(
    called: tuple[str, Task],
) -> None:
    token, task = called
    now = timezone.now()
    Task.objects.filter(pk=task.pk).update(asked_at=now)
    for _ in range(20):
        assert call(token) == 200
    task.refresh_from_db()
    assert task.check_after == now + callbacks.GAP


def test_a_call_never_delays_a_check(called: tuple[str, Task]) -> None:
    token, task = called
    long_due = timezone.now() - timedelta(seconds=30)
    Task.objects.filter(pk=task.pk).update(check_after=long_due)
    call(token)
    task.refresh_from_db()
    assert task.check_after == long_due


def test_a_gateway_is_asked_once_it_knows_of_the_change(called: tuple[str, Task]) -> None:
    token, task = called
    Task.objects.update(provider="dataeyes")
    call(token)
    lead = provider("dataeyes").callback_lead
    assert not is_due(task, within=lead - 5)
    assert is_due(task, within=lead)


def test_an_ended_task_is_not_asked_about_again(called: tuple[str, Task]) -> None:
    Task.objects.update(status=Status.SUCCEEDED, check_after=None)
    assert call(called[0]) == 200
    assert Task.objects.get().check_after is None


def test_a_call_about_an_unconfirmed_create_has_the_list_searched(
    account: Account, send: Send, sim: Simulator, public: None
) -> None:
    sim.fault("sim-test", "lost-create")
    submission = send(account(), prompt=STUCK)
    assert submission.state == SubmissionState.UNCONFIRMED
    CreateLookup.objects.update(due_at=None)
    before = submission.task.change
    for _ in range(3):
        call(token_of(sim))
    assert CreateLookup.objects.get().due_at is not None
    submission = Submission.objects.get()
    assert submission.callback.called_at
    assert submission.task.change == before + 1  # said once
    assert submission.state == SubmissionState.UNCONFIRMED


# Asking


def test_a_task_with_a_callback_is_asked_about_apart_from_the_list(
    account: Account, send: Send, sim: Simulator, clock: Clock, follow: Follow, public: None
) -> None:
    credential = account()
    for _ in range(5):
        follow(credential, STUCK)
    submission = send(credential, prompt=STUCK)
    refresh.sweep(0.3, clock=clock)
    clock.go_on(60)
    Task.objects.update(check_after=clock.now, asked_at=clock.now - timedelta(seconds=30))
    Row.objects.update(called_at=clock.now)
    asked = sim.counts.gets[submission.task.remote_id]
    [requests] = [refresh.claim(credential, clock.now, limit=100)]
    assert {q.remote_id for q in requests if q.has_callback} == {submission.task.remote_id}
    Task.objects.update(check_after=clock.now, asked_at=clock.now - timedelta(seconds=30))
    refresh.sweep(0, clock=clock)
    assert sim.counts.gets[submission.task.remote_id] == asked + 1


def test_without_callbacks_a_claim_does_not_query_them(
    account: Account, follow: Follow, clock: Clock, settings: Settings
) -> None:
    settings.PUBLIC_URL = ""
    credential = account()
    follow(credential)
    with CaptureQueriesContext(connection) as asked:
        refresh.claim(credential, clock.now, limit=10)
    assert not [query for query in asked if "callback" in query["sql"]]


@pytest.mark.exhaustive
@pytest.mark.sockets
@pytest.mark.django_db(transaction=True)
def test_callbacks_alone_bring_a_change_over_real_http(
    project: Project, member: User, live_server: Any, settings: Settings
) -> None:
    """Only the calls can make the task due, for each check is put off for an hour."""
    settings.PUBLIC_URL, settings.CALLBACKS = live_server.url, True
    with Simulator() as sim:
        credential = Credential(
            name="Ark", provider="volcengine", base_url=sim.base_url("volcengine")
        )
        credential.check_seconds = 3600
        credential.replace_key("sim-test")
        credential.save()
        whose: dict[str, Any] = {"project": project, "credential": credential}
        asked = [generation(prompt="sim:ok sim:queue=1 sim:run=3")]
        place_batch(asked, key=uuid.uuid4(), **whose, created_by=member, now=timezone.now())
        send_waiting(10)
        end = time.monotonic() + 60
        while time.monotonic() < end and Task.objects.get().is_live:
            refresh.sweep(0.2)
    task = Task.objects.get()
    assert task.status == Status.SUCCEEDED
    assert [change.became for change in task.changes.all()][-2:] == ["running", "succeeded"]


# Keeping the token secret


@pytest.fixture
def log() -> Iterator[StringIO]:
    """All that is logged at DEBUG, as the site writes it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("{name}: {message}", style="{"))
    root, django = logging.getLogger(), logging.getLogger("django")
    levels = root.level, django.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    django.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(levels[0])
    django.setLevel(levels[1])


def test_the_token_is_in_no_log_and_on_no_page_even_where_the_provider_repeats_it(
    account: Account,
    send: Send,
    sim: Simulator,
    public: None,
    log: StringIO,
    member: User,
    staff: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []

    def refusing(submission: Submission, now: Any) -> str:
        made.append(original(submission, now) or "")
        return made[-1].replace("https://", "ftp://")  # Ark's answer names what it refuses

    original = callbacks.callback_url_for
    monkeypatch.setattr(callbacks, "callback_url_for", refusing)
    submission = send(account())
    token = made[0].rpartition("/")[2]
    assert submission.state == SubmissionState.REFUSED
    assert "callback/(token)" in submission.message
    call(token + "x"), call(token)
    pages = []
    for person in (member, staff):
        client = Client()
        client.force_login(person)
        pages.append(client.get(submission.task.get_absolute_url()).content.decode())
    pages.append(client.get("/admin/tasks/callback/").content.decode())
    pages.append(
        client.get(f"/admin/tasks/callback/{Row.objects.get().pk}/change/").content.decode()
    )
    assert "Not Found: /callback/(token)" in log.getvalue()
    for text in (log.getvalue(), *pages):
        assert text and token not in text and Row.objects.get().digest not in text


def test_the_web_servers_own_log_shows_no_token() -> None:
    from tasks.management.commands.web import ACCESS_LOG

    wanted = ACCESS_LOG["formatters"]["access"]
    assert wanted["()"] == "tasks.encryption.redaction.Formatter"
    formatter = Formatter(wanted["fmt"])
    path = {"path": "/callback/hint_" + "a" * 43}
    record = logging.LogRecord("granian.access", logging.INFO, "", 0, "%(path)s", (path,), None)
    assert formatter.format(record) == "/callback/(token)"
