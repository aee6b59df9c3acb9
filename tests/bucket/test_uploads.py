"""Pictures that people give, kept in a bucket: shown, sent and removed as from a folder."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.core.files.storage import Storage
from django.test import Client
from django.utils import timezone

from tasks.models import Credential, Project, Upload
from tasks.models.upload import KEPT_UNUSED
from tasks.providers.catalog.picture_limits import data_uri
from tests.media.pictures import png
from tests.web.conftest import ClientOf


@pytest.fixture
def upload(videos: Storage, project: Project) -> Upload:
    return keep(project)


def keep(project: Project) -> Upload:
    content = png()
    digest = hashlib.sha256(content).hexdigest()
    facts: dict[str, Any] = {"size": len(content), "width": 640, "height": 360, "kind": "png"}
    return Upload.objects.keep(
        BytesIO(content), timezone.now(), project=project, created_by=None, sha256=digest, **facts
    )


def test_the_store_itself_shows_it_to_the_form(
    upload: Upload, client_of: ClientOf, member: User, credential: Credential
) -> None:
    desk = client_of(member)
    link = desk.get(f"/uploads/{upload.pk}")["Location"]
    presented = httpx.get(link, trust_env=False)
    assert (presented.content, presented.headers["content-type"]) == (png(), "image/png")
    origin = link.split("/dailies-videos")[0]
    policy = desk.get("/tasks/new/")["Content-Security-Policy"]
    assert f"img-src 'self' data: {origin}" in policy


def test_a_shared_link_leads_there(upload: Upload, settings: Any) -> None:
    settings.PUBLIC_URL = "https://dailies.example.com"
    answer = Client().get(upload.shared_url().removeprefix(settings.PUBLIC_URL))
    assert httpx.get(answer["Location"], trust_env=False).content == png()


def test_an_upload_is_sent_whole(upload: Upload) -> None:
    assert upload.data_uri() == data_uri("image/png", png())


def test_the_same_picture_is_stored_once_and_finally_removed(
    upload: Upload, videos: Storage, project: Project
) -> None:
    assert keep(project) == upload
    later = timezone.now() + 2 * KEPT_UNUSED
    assert Upload.objects.purge(later, 10) == 1
    assert not videos.exists(upload.name)
