"""Pictures that people give: judged by what is in them, kept once, and their project's alone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.test import Client

from tasks.making import uploads
from tasks.models import Credential, Membership, Project, Task, Upload
from tests.containers.files import sample
from tests.containers.pictures import bmp, gif, png
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import bytes_of, file, give, given, pressed, stored, use
from tests.web.making import ark, desk, filled

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own


# Taken in


@pytest.mark.parametrize(
    ("content", "kind"),
    [(png(), "png"), (gif(), "gif"), (bmp(), "bmp")],
    ids=["png", "gif", "bmp"],
)
def test_a_picture_is_kept_and_shown_as_what_it_is(desk: Client, content: bytes, kind: str) -> None:
    upload = given(desk, content)
    assert (upload.kind, upload.width, upload.height, upload.size) == (kind, 640, 360, len(content))
    assert stored() == [f"uploads/{upload.pk}.{kind}"]
    shown = desk.get(f"/uploads/{upload.pk}")
    assert bytes_of(shown) == content
    assert shown["Content-Type"] == f"image/{kind}"


def test_a_thumbnail_can_do_nothing_and_is_never_asked_for_again(desk: Client) -> None:
    upload = given(desk)
    shown = desk.get(f"/uploads/{upload.pk}")
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Cross-Origin-Resource-Policy"] == "same-origin"
    assert shown["Cache-Control"] == "private, max-age=31536000, immutable"
    again = desk.get(f"/uploads/{upload.pk}", headers={"if-none-match": shown["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='640' height='360'/>",
        png()[:-20],
        b"GIF89a<script>alert(1)</script>",
        sample("start.mp4"),
    ],
    ids=["nothing", "html", "svg", "cut", "gif-html", "mp4"],
)
def test_what_calls_itself_a_picture_and_is_none_is_refused(desk: Client, content: bytes) -> None:
    answer = give(desk, content)
    assert "still.png: This is not a whole picture." in answer.content.decode()
    assert "<img" not in answer.content.decode()
    assert (Upload.objects.count(), stored()) == (0, [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png(299, 400), "Its shorter side has 299 pixels; it must have 300 at least."),
        (png(6001, 3000), "Its longer side has 6001 pixels; 6000 are the most."),
        (png(2**31 - 1, 2**31 - 1), "Its longer side has 2147483647 pixels"),
        (png(390, 1000), "It is 0.39 times as wide as high; it must be 0.4 times at least."),
        (png(1000, 390), "It is 2.564 times as wide as high; 2.5 times are the most."),
        (png(padding=30_000_000), "it must have less than 30 MB."),
    ],
    ids=["small", "long", "huge", "narrow", "wide", "heavy"],
)
def test_each_limit_is_named_with_how_much_it_is_broken(
    desk: Client, content: bytes, said: str
) -> None:
    assert said in give(desk, content).content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "content",
    [png(300, 300), png(6000, 2400), png(400, 1000), png(1000, 400)],
    ids=["smallest", "largest", "narrowest", "widest"],
)
def test_what_just_keeps_the_limits_is_taken(desk: Client, content: bytes) -> None:
    assert given(desk, content).sha256


def test_of_several_each_is_judged_for_itself(desk: Client) -> None:
    answer = give(desk, png(640, 360), b"<html>", png(640, 361), part="reference_image")
    words = answer.content.decode()
    assert words.count('name="reference_image"') == 2
    assert words.count("upload-refused") == 1


def test_a_name_is_repeated_as_words_and_nothing_else(desk: Client) -> None:
    lie = {"files": [file(b"x", "<b>.png")], "part": "first_frame"}
    words = desk.post("/tasks/new/upload/", lie).content.decode()
    assert "&lt;b&gt;.png" in words and "<b>" not in words


@pytest.mark.parametrize("part", ["", "reference_video", "prompt", "'><b>"])
def test_only_parts_for_pictures_take_them(desk: Client, part: str) -> None:
    assert give(desk, png(), part=part).status_code == 400
    assert not Upload.objects.exists()


def test_more_at_once_than_any_model_takes_are_refused(desk: Client) -> None:
    few = [png(300, 300)] * (uploads.MOST + 1)
    assert give(desk, *few, part="reference_image").status_code == 400
    assert not Upload.objects.exists()


def test_the_same_picture_is_kept_once_a_project(
    desk: Client, client_of: ClientOf, stranger: User
) -> None:
    first = given(desk)
    assert given(desk) == first
    theirs = given(client_of(stranger))
    assert (theirs.project.name, theirs.sha256) == ("Elsewhere", first.sha256)
    assert len(stored()) == 2


def test_one_whose_file_was_lost_is_mended_by_giving_it_again(desk: Client) -> None:
    upload = given(desk)
    storages["videos"].delete(upload.name)
    assert given(desk) == upload
    assert bytes_of(desk.get(f"/uploads/{upload.pk}")) == png()


def test_one_that_was_never_wholly_stored_is_nothing(desk: Client) -> None:
    upload = given(desk)
    Upload.objects.update(name="")
    assert desk.get(f"/uploads/{upload.pk}").status_code == 404
    assert "not in this project" in pressed(desk, use(upload)).content.decode()


# Whose it is


def test_another_projects_picture_is_as_if_it_were_not(
    desk: Client, client_of: ClientOf, stranger: User, ark: Credential
) -> None:
    theirs = given(client_of(stranger))
    assert desk.get(f"/uploads/{theirs.pk}").status_code == 404
    for line in (use(theirs), "upload:999999"):
        page = pressed(desk, line)
        assert "A picture is not in this project" in page.content.decode()
        assert f"/uploads/{theirs.pk}" not in page.content.decode()
    assert not Task.objects.exists()


def test_nobody_gives_to_a_project_they_do_not_work_in(
    client_of: ClientOf, member: User, viewer: User, stranger: User, ark: Credential
) -> None:
    elsewhere = Project.objects.get(name="Elsewhere")
    assert give(client_of(member), png(), project=elsewhere.pk).status_code == 404
    assert give(client_of(member), png(), project="x").status_code == 404
    assert give(client_of(viewer), png()).status_code == 403
    Membership.objects.create(project=elsewhere, user=viewer, role="member")
    mine = given(client_of(viewer), project=elsewhere.pk)
    assert mine.project == elsewhere


def test_choosing_another_project_says_that_the_picture_is_not_there(
    desk: Client, member: User
) -> None:
    elsewhere = Project.objects.create(name="Elsewhere")
    Membership.objects.create(project=elsewhere, user=member, role="member")
    here = Project.objects.get(name="Dailies")
    upload = given(desk, project=here.pk)
    fine = {"mode": "first_frame", "first_frame": [use(upload)]}
    page = desk.post("/tasks/new/look/", filled(project=here.pk, **fine)).content.decode()
    assert f"/uploads/{upload.pk}" in page
    page = desk.post("/tasks/new/look/", filled(project=elsewhere.pk, **fine)).content.decode()
    assert f"/uploads/{upload.pk}" not in page
    assert "A picture is not in this project" in page


@pytest.mark.parametrize("line", ["upload:", "upload:x", "upload:-1", "upload:²", "upload:1e3"])
def test_what_only_looks_like_an_upload_is_no_link(desk: Client, line: str) -> None:
    assert "Enter a valid URL." in pressed(desk, line).content.decode()
