"""The life of an uploaded picture, and of the link by which providers read it."""

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

from tasks.archive import purge
from tasks.models import Task, Upload
from tasks.models.shared_links import PICTURES_FOR
from tasks.models.upload import KEPT_UNUSED
from tests.media.pictures import png
from tests.web.composing import ark, desk
from tests.web.conftest import save_copy
from tests.web.giving import bytes_of, line_of, stored, submitted, uploaded

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
    upload, other = uploaded(desk), uploaded(desk, png(640, 400))
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
    link, made = shared(uploaded(desk)), time.time()
    later = PICTURES_FOR.total_seconds()
    monkeypatch.setattr(time, "time", lambda: made + later - 60)
    assert Client().get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: made + later + 60)
    assert Client().get(link).status_code == 404


@pytest.mark.usefixtures("reachable")
def test_a_shared_link_of_a_removed_file_is_not_found(desk: Client) -> None:
    upload = uploaded(desk)
    link = shared(upload)
    storages["videos"].delete(upload.name)
    assert Client().get(link).status_code == 404
    Upload.objects.update(sha256="")
    assert Client().get(link).status_code == 404


# Removed

OLD = KEPT_UNUSED + timedelta(minutes=1)


def test_unused_uploads_are_removed_after_a_week(desk: Client) -> None:
    old, new = uploaded(desk), uploaded(desk, png(640, 400))
    Upload.objects.filter(pk=old.pk).update(touched_at=timezone.now() - OLD)
    purge.purge(10)
    assert list(Upload.objects.all()) == [new]
    assert stored() == [new.name]


def test_used_uploads_stay_as_long_as_their_tasks(desk: Client) -> None:
    upload = uploaded(desk)
    submitted(desk, line_of(upload))
    Upload.objects.update(touched_at=timezone.now() - OLD)
    purge.purge(10)
    assert Upload.objects.get() == upload
    Task.objects.all().delete()
    purge.purge(10)
    assert (Upload.objects.count(), stored()) == (0, [])


def test_uploading_again_restarts_the_week(desk: Client) -> None:
    upload = uploaded(desk)
    Upload.objects.update(touched_at=timezone.now() - OLD)
    assert uploaded(desk) == upload
    purge.purge(10)
    assert stored() == [upload.name]


def test_a_killed_purge_is_resumed_and_blocks_nothing(desk: Client) -> None:
    upload = uploaded(desk)
    Upload.objects.update(touched_at=timezone.now() - OLD)
    Upload.objects.let_go(timezone.now())
    new = uploaded(desk)
    assert new != upload
    purge.purge(10)
    assert list(Upload.objects.all()) == [new]
    assert stored() == [new.name]


def test_a_row_whose_file_cannot_be_removed_waits_for_the_next_purge(desk: Client) -> None:
    upload = uploaded(desk)
    Upload.objects.update(touched_at=timezone.now() - OLD)
    place = Path(storages["videos"].path(upload.name))
    place.unlink()
    (place / "not empty").mkdir(parents=True)
    purge.purge(10)
    assert Upload.objects.count() == 1
    assert desk.get(f"/uploads/{upload.pk}").status_code == 404
