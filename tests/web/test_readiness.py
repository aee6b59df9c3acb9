"""`/readyz` says ok only where pages work: each thing they need is broken, and mended again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tasks.models import Credential
from tasks.monitoring import damage, probes, readiness
from tasks.monitoring.readiness import OLDEST, PAUSE, Readiness
from tests.tracking.in_process import VirtualTime

pytestmark = pytest.mark.django_db(transaction=True)
ON_SQLITE = connection.vendor == "sqlite"
#: As the site collects them, but for the compression, which takes longer than all else.
MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> Readiness:
    """A process that has tried nothing yet, and a storage of its own."""
    videos = {**settings.STORAGES["videos"], "OPTIONS": {"location": tmp_path / "videos"}}
    settings.STORAGES = settings.STORAGES | {"videos": videos}
    monkeypatch.setattr(damage, "NOTE", tmp_path / "damaged")
    monkeypatch.setattr(readiness, "latest", Readiness())
    return readiness.latest


def ready() -> str:
    answer = Client().get("/readyz")
    text = answer.content.decode()
    assert (answer.status_code == 200) == (text == "ok")
    assert "no-store" in answer["Cache-Control"]
    return text


def ready_now() -> str:
    """The answer after everything was tried once more."""
    readiness.latest.probe()
    return ready()


def test_a_process_that_has_tried_nothing_is_not_ready() -> None:
    assert ready() == "Nothing was tried yet."


def test_a_request_asks_for_nothing_itself(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    readiness.latest.probe()
    with django_assert_num_queries(0):
        assert ready() == "ok"


def test_a_probe_leaves_no_file_behind(tmp_path: Path) -> None:
    assert ready_now() == "ok"
    assert list((tmp_path / "videos").iterdir()) == []


def test_not_while_a_migration_is_missing() -> None:
    [(app, name)] = MigrationLoader(connection).graph.leaf_nodes("tasks")
    newest = MigrationRecorder.Migration.objects.get(app=app, name=name)
    newest.delete()
    try:
        assert ready_now() == "Migrations are missing: run manage.py migrate."
    finally:
        newest.save(force_insert=True)
    assert ready_now() == "ok"


def test_not_without_a_database_and_again_with_it() -> None:
    place = connection.settings_dict
    name = place["NAME"]
    connection.close()
    try:
        place["NAME"] = "/nowhere/at/all"
        text = ready_now()
    finally:
        connection.close()
        place["NAME"] = name
    assert "The database does not answer." in text and "The database cannot be written." in text
    assert "nowhere" not in text
    assert ready_now() == "ok"


@pytest.fixture
def unwritable() -> Iterator[None]:
    """A database that can be read, and not be written."""
    connection.ensure_connection()
    if ON_SQLITE:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 50")
        name = connection.settings_dict["NAME"]
        with closing(sqlite3.connect(name, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.rollback()
        connection.close()
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
            yield
            cursor.execute("RESET default_transaction_read_only")


def test_not_while_the_database_cannot_be_written(unwritable: None) -> None:
    assert "The database cannot be written." in ready_now()


def test_not_while_the_database_is_damaged() -> None:
    damage.note("page 7 is nonsense")
    assert ready_now() == "The database is damaged: run manage.py doctor."


def test_not_while_the_storage_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "videos").write_text("not a folder")
    assert ready_now() == "The storage cannot be written."
    (tmp_path / "videos").unlink()
    assert ready_now() == "ok"


def test_not_where_the_cache_does_not_answer(settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "queue": settings.CACHES["queue"],
    }
    assert ready_now() == "The cache forgets at once."


def test_not_where_the_keys_open_nothing(credential: Credential, settings: Settings) -> None:
    assert ready_now() == "ok"
    settings.CREDENTIAL_KEYS_FILE = None
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    assert "open none of them" in ready_now()
    settings.CREDENTIAL_KEYS = []
    assert ready_now() == "The keys of credentials (credentials.keys) are missing."


def test_one_key_that_must_be_typed_again_keeps_nobody_out(credential: Credential) -> None:
    sealed = Credential.objects.values_list("sealed_key", flat=True)[0]
    other = Credential(name="Of another time", provider="dataeyes", sealed_key=sealed[::-1])
    other.save()
    assert ready_now() == "ok"


# Static files as they are served in life


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": MANIFEST}}
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path / "static"


def test_not_without_the_static_files(collected: Path) -> None:
    assert ready_now() == "ok"
    manifest = collected / "staticfiles.json"
    text = manifest.read_text()
    manifest.unlink()
    assert ready_now() == "Static files are missing: run manage.py collectstatic."
    manifest.write_text(text)
    next(collected.glob("dailies.*.css")).unlink()
    assert ready_now() == "Static files are missing: run manage.py collectstatic."


def test_not_in_a_process_that_is_older_than_its_static_files(
    collected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = staticfiles_storage._wrapped  # type: ignore[attr-defined]
    monkeypatch.setattr(storage, "hashed_files", {}, raising=False)
    assert "collected after this process began" in ready_now()


# A probe that does not come back


def test_a_probe_that_hangs_is_told_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    passing = VirtualTime()
    monkeypatch.setattr(readiness, "time", SimpleNamespace(monotonic=passing.monotonic))
    assert ready_now() == "ok"
    passing.sleep(OLDEST)
    assert ready() == "ok"
    passing.sleep(0.1)
    assert "The storage cannot be written. It was last tried more than 10 s ago." in ready()


def test_a_round_begins_before_the_last_one_is_too_old() -> None:
    assert PAUSE + 2 * probes.LONGEST_WAIT < OLDEST  # database and cache, on SQLite the same
