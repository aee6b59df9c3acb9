"""How long a given picture is kept, and who has its link for a day."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from tasks import trash
from tasks.models import Task, Upload
from tasks.models.upload import KEPT_UNUSED, SHARED_FOR
from tests.containers.pictures import png
from tests.web.conftest import save_copy
from tests.web.giving import bytes_of, given, pressed, stored, use
from tests.web.making import ark, desk

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own


# Shared


def shared(upload: Upload) -> str:
    return upload.shared_url().removeprefix("https://dailies.example.com")


@pytest.fixture
def reachable(settings: Any) -> None:
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, "https://dailies.example.com"


@pytest.mark.usefixtures("reachable")
def test_a_shared_link_needs_no_session_and_brings_that_file_only(desk: Client) -> None:
    upload, other = given(desk), given(desk, png(640, 400))
    nobody = Client()
    answer = nobody.get(shared(upload))
    assert bytes_of(answer) == png()
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert not answer.cookies
    number, stamp, signature = shared(upload).removeprefix("/shared/").split(":")
    for forged in (
        f"{other.pk}:{stamp}:{signature}",
        f"{number}:{stamp}",
        number,
        f"{number}:1zzzzz:{signature}",
        signing.TimestampSigner().sign(number),
        f"{number}:{stamp}:{signature[:-1]}",
    ):
        assert nobody.get(f"/shared/{forged}").status_code == 404, forged
    assert nobody.get(f"/uploads/{upload.pk}").status_code == 302


@pytest.mark.usefixtures("reachable")
def test_a_shared_link_ends(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    link, made = shared(given(desk)), time.time()
    later = SHARED_FOR.total_seconds()
    monkeypatch.setattr(time, "time", lambda: made + later - 60)
    assert Client().get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: made + later + 60)
    assert Client().get(link).status_code == 404


@pytest.mark.usefixtures("reachable")
def test_a_shared_link_of_what_is_gone_brings_nothing(desk: Client) -> None:
    upload = given(desk)
    link = shared(upload)
    storages["videos"].delete(upload.name)
    assert Client().get(link).status_code == 404
    Upload.objects.update(sha256="")
    assert Client().get(link).status_code == 404


# Removed

OLD = KEPT_UNUSED + timedelta(minutes=1)


def test_what_nobody_used_for_a_week_is_removed(desk: Client) -> None:
    old, new = given(desk), given(desk, png(640, 400))
    Upload.objects.filter(pk=old.pk).update(touched_at=timezone.now() - OLD)
    trash.purge(10)
    assert list(Upload.objects.all()) == [new]
    assert stored() == [new.name]


def test_what_was_used_stays_as_long_as_what_was_made_of_it(desk: Client) -> None:
    upload = given(desk)
    pressed(desk, use(upload))
    Upload.objects.update(touched_at=timezone.now() - OLD)
    trash.purge(10)
    assert Upload.objects.get() == upload
    Task.objects.all().delete()
    trash.purge(10)
    assert (Upload.objects.count(), stored()) == (0, [])


def test_giving_it_again_begins_the_week_anew(desk: Client) -> None:
    upload = given(desk)
    Upload.objects.update(touched_at=timezone.now() - OLD)
    assert given(desk) == upload
    trash.purge(10)
    assert stored() == [upload.name]


def test_a_purge_that_was_killed_is_taken_up_and_hinders_nobody(desk: Client) -> None:
    upload = given(desk)
    Upload.objects.update(touched_at=timezone.now() - OLD)
    Upload.objects.let_go(timezone.now())
    new = given(desk)
    assert new != upload
    trash.purge(10)
    assert list(Upload.objects.all()) == [new]
    assert stored() == [new.name]


def test_a_row_whose_file_cannot_be_removed_waits_for_the_next_purge(desk: Client) -> None:
    upload = given(desk)
    Upload.objects.update(touched_at=timezone.now() - OLD)
    place = Path(storages["videos"].path(upload.name))
    place.unlink()
    (place / "not empty").mkdir(parents=True)
    trash.purge(10)
    assert Upload.objects.count() == 1
    assert desk.get(f"/uploads/{upload.pk}").status_code == 404
