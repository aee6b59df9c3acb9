"""Uploaded pictures in the form and in its requests."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.models import Membership, Project, Submission, Task, Upload
from tasks.models.upload import UploadQuerySet
from tasks.web.compose.given_files import GivenFile
from tests.media.pictures import png
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import file, line_of, submitted, uploaded

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own


def test_the_form_shows_the_uploads_and_the_request_keeps_them(desk: Client) -> None:
    upload = uploaded(desk)
    page = submitted(desk, line_of(upload), prompt="", duration="99").content.decode()
    assert f'src="/uploads/{upload.pk}"' in page
    assert f">upload:{upload.pk}<" not in page, "the field shows only what is typed"
    assert submitted(desk, line_of(upload), takes="2").status_code == 302
    for submission in Submission.objects.all():
        assert submission.generation.media[0].url == line_of(upload)
        assert list(submission.uploads.all()) == [upload]


def test_pictures_and_links_go_together(desk: Client) -> None:
    first, second = uploaded(desk), uploaded(desk, png(640, 400))
    submitted(
        desk,
        line_of(first),
        line_of(second),
        "https://a.example/1.jpg\nasset://two",
        mode="reference",
    )
    media = Submission.objects.get().generation.media
    links = [line_of(first), line_of(second), "https://a.example/1.jpg", "asset://two"]
    assert [medium.url for medium in media] == links


def test_without_scripts_the_file_comes_with_the_form(desk: Client) -> None:
    sent = filled(mode="first_frame", first_frame_files=[file(png())])
    assert desk.post("/tasks/new/", sent).status_code == 302
    assert Submission.objects.get().generation.uploads == (Upload.objects.get().pk,)


def test_without_scripts_a_bad_file_stops_the_form(desk: Client) -> None:
    mixed = [file(png()), file(b"<html>", "page.png")]
    page = desk.post("/tasks/new/", filled(mode="reference", reference_image_files=mixed))
    words = page.content.decode()
    assert "page.png: This isn&#x27;t a complete picture." in words
    assert f'src="/uploads/{Upload.objects.get().pk}"' in words
    assert not Task.objects.exists()


def test_pictures_too_large_for_one_request_are_an_error_of_the_form(
    desk: Client, settings: Any
) -> None:
    several = [uploaded(desk, png(640, side)) for side in (360, 361, 362)]
    Upload.objects.update(size=20_000_000)
    page = submitted(desk, *map(line_of, several), mode="reference")
    assert "Together, the files are 80.0 MB." in page.content.decode()
    form = filled(mode="reference", reference_image=list(map(line_of, several)))
    assert "Together, the files" in desk.post("/tasks/new/preview/", form).content.decode()
    assert not Task.objects.exists()
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, "https://dailies.example.com"
    assert submitted(desk, *map(line_of, several), mode="reference").status_code == 302


def test_an_upload_that_vanishes_while_placing_stops_the_batch(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploaded(desk)
    touch = UploadQuerySet.touch

    def too_late(*args: Any) -> bool:
        Upload.objects.update(sha256="")
        return touch(*args)

    monkeypatch.setattr(UploadQuerySet, "touch", too_late)
    page = submitted(desk, line_of(upload))
    assert "A file is no longer here." in page.content.decode()
    assert not Task.objects.exists()


def test_again_fills_in_the_pictures_that_are_still_here(
    desk: Client, client_of: ClientOf, viewer: User
) -> None:
    first, second = uploaded(desk), uploaded(desk, png(640, 400))
    submitted(desk, line_of(first), line_of(second), "https://a.example/1.jpg", mode="reference")
    task = Task.objects.get()
    page = desk.get(f"/tasks/new/?from={task.pk}")
    assert page.context["form"]["reference_image"].given == [
        GivenFile.of_upload(each) for each in (first, second)
    ]
    Upload.objects.filter(pk=first.pk).update(sha256="")
    page = desk.get(f"/tasks/new/?from={task.pk}")
    assert page.context["form"]["reference_image"].given == [GivenFile.of_upload(second)]
    assert "https://a.example/1.jpg" in page.content.decode()
    Membership.objects.create(
        project=Project.objects.create(name="Own"), user=viewer, role="member"
    )
    assert client_of(viewer).get(f"/tasks/new/?from={task.pk}").status_code == 404
    Project.objects.update(viewers_see_details=True)
    words = client_of(viewer).get(f"/tasks/new/?from={task.pk}").content.decode()
    assert "https://a.example/1.jpg" in words and "/uploads/" not in words


def test_a_tasks_page_shows_what_it_was_made_from(
    desk: Client, client_of: ClientOf, viewer: User
) -> None:
    upload, link = uploaded(desk), "https://a.example/1.jpg?X-Signature=secret"
    submitted(desk, line_of(upload), link, mode="reference")
    task = Task.objects.get()
    for reader in (desk, client_of(viewer)):
        page = reader.get(task.get_absolute_url())
        inputs = [(each.label, each.reference.upload) for each in page.context["inputs"]]
        assert inputs == [("Reference images", upload.pk), ("Reference images", None)]
        words = page.content.decode()
        assert f'src="/uploads/{upload.pk}"' in words and "secret" not in words
        assert ("a.example/1.jpg" in words) == (reader is desk), "a link's host is a detail"


def test_many_pictures_need_no_more_queries_than_one(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    several = [uploaded(desk, png(640, side)) for side in range(360, 369)]
    for some in (several[:1], several):
        form = filled(mode="reference", reference_image=list(map(line_of, some)))
        with django_assert_num_queries(12):
            desk.post("/tasks/new/preview/", form)
