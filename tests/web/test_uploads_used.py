"""Pictures that people gave, as the form shows them and a wish keeps them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.models import Membership, Project, Submission, Task, Upload
from tasks.models.upload import UploadQuerySet
from tests.containers.pictures import png
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import file, given, pressed, use
from tests.web.making import ark, desk, filled

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own


def test_the_form_shows_what_is_given_and_the_wish_keeps_it(desk: Client) -> None:
    upload = given(desk)
    page = pressed(desk, use(upload), prompt="", duration="99").content.decode()
    assert f'src="/uploads/{upload.pk}"' in page
    assert f">upload:{upload.pk}<" not in page, "the field shows only what is typed"
    assert pressed(desk, use(upload), takes="2").status_code == 302
    for submission in Submission.objects.all():
        assert submission.wished.media[0].url == use(upload)
        assert list(submission.uploads.all()) == [upload]


def test_pictures_and_links_go_together(desk: Client) -> None:
    first, second = given(desk), given(desk, png(640, 400))
    pressed(desk, use(first), use(second), "https://a.example/1.jpg\nasset://two", mode="reference")
    media = Submission.objects.get().wished.media
    links = [use(first), use(second), "https://a.example/1.jpg", "asset://two"]
    assert [medium.url for medium in media] == links


def test_without_scripts_the_file_comes_with_the_form(desk: Client) -> None:
    sent = filled(mode="first_frame", first_frame_files=[file(png())])
    assert desk.post("/tasks/new/", sent).status_code == 302
    assert Submission.objects.get().wished.uploads == (Upload.objects.get().pk,)


def test_without_scripts_a_bad_file_stops_the_form(desk: Client) -> None:
    mixed = [file(png()), file(b"<html>", "page.png")]
    page = desk.post("/tasks/new/", filled(mode="reference", reference_image_files=mixed))
    words = page.content.decode()
    assert "page.png: This is not a whole picture." in words
    assert f'src="/uploads/{Upload.objects.get().pk}"' in words
    assert not Task.objects.exists()


def test_more_than_one_request_carries_is_said_before_anything_is_sent(
    desk: Client, settings: Any
) -> None:
    several = [given(desk, png(640, side)) for side in (360, 361, 362)]
    Upload.objects.update(size=20_000_000)
    page = pressed(desk, *map(use, several), mode="reference")
    assert "Together the pictures are 80.0 MB as they are sent" in page.content.decode()
    looked = filled(mode="reference", reference_image=list(map(use, several)))
    assert "Together the pictures" in desk.post("/tasks/new/look/", looked).content.decode()
    assert not Task.objects.exists()
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, "https://dailies.example.com"
    assert pressed(desk, *map(use, several), mode="reference").status_code == 302


def test_one_that_goes_while_it_is_being_used_places_nothing(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = given(desk)
    touch = UploadQuerySet.touch

    def too_late(*args: Any) -> bool:
        Upload.objects.update(sha256="")
        return touch(*args)

    monkeypatch.setattr(UploadQuerySet, "touch", too_late)
    page = pressed(desk, use(upload))
    assert "A picture is not here any more." in page.content.decode()
    assert not Task.objects.exists()


def test_again_fills_in_the_pictures_that_are_still_here(
    desk: Client, client_of: ClientOf, viewer: User
) -> None:
    first, second = given(desk), given(desk, png(640, 400))
    pressed(desk, use(first), use(second), "https://a.example/1.jpg", mode="reference")
    task = Task.objects.get()
    page = desk.get(f"/tasks/new/?from={task.pk}")
    assert page.context["form"]["reference_image"].thumbnails == [first, second]
    Upload.objects.filter(pk=first.pk).update(sha256="")
    page = desk.get(f"/tasks/new/?from={task.pk}")
    assert page.context["form"]["reference_image"].thumbnails == [second]
    assert "https://a.example/1.jpg" in page.content.decode()
    Membership.objects.create(
        project=Project.objects.create(name="Own"), user=viewer, role="member"
    )
    words = client_of(viewer).get(f"/tasks/new/?from={task.pk}").content.decode()
    assert "https://a.example/1.jpg" in words and "/uploads/" not in words


def test_many_pictures_cost_no_more_questions_than_one(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    several = [given(desk, png(640, side)) for side in range(360, 369)]
    for some in (several[:1], several):
        looked = filled(mode="reference", reference_image=list(map(use, some)))
        with django_assert_num_queries(14):
            desk.post("/tasks/new/look/", looked)
