"""Uploaded pictures: checked by content, stored once, visible in their project alone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.test import Client

from tasks.models import Credential, Membership, Project, Task, Upload
from tasks.web.compose import uploads
from tests.media.files import sample
from tests.media.pictures import bmp, gif, png
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import bytes_of, file, line_of, stored, submitted, upload_files, uploaded

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own


# Receiving


@pytest.mark.parametrize(
    ("content", "kind"),
    [(png(), "png"), (gif(), "gif"), (bmp(), "bmp")],
    ids=["png", "gif", "bmp"],
)
def test_a_picture_is_kept_and_shown_as_what_it_is(desk: Client, content: bytes, kind: str) -> None:
    upload = uploaded(desk, content)
    assert (upload.kind, upload.width, upload.height, upload.size) == (kind, 640, 360, len(content))
    assert stored() == [f"uploads/{upload.pk}.{kind}"]
    presented = desk.get(f"/uploads/{upload.pk}")
    assert bytes_of(presented) == content
    assert presented["Content-Type"] == f"image/{kind}"


def test_a_thumbnail_is_sandboxed_and_cached_for_ever(desk: Client) -> None:
    upload = uploaded(desk)
    presented = desk.get(f"/uploads/{upload.pk}")
    assert presented["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert presented["X-Content-Type-Options"] == "nosniff"
    assert presented["Cross-Origin-Resource-Policy"] == "same-origin"
    assert presented["Cache-Control"] == "private, max-age=31536000, immutable"
    again = desk.get(f"/uploads/{upload.pk}", headers={"if-none-match": presented["ETag"]})
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
def test_a_file_that_is_no_picture_is_refused_whatever_its_name(
    desk: Client, content: bytes
) -> None:
    answer = upload_files(desk, content)
    assert "still.png: This isn&#x27;t a complete picture." in answer.content.decode()
    assert "<img" not in answer.content.decode()
    assert (Upload.objects.count(), stored()) == (0, [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (png(299, 400), "The shorter side is 299 pixels. The minimum is 300."),
        (png(6001, 3000), "The longer side is 6001 pixels. The maximum is 6000."),
        (png(2**31 - 1, 2**31 - 1), "The longer side is 2147483647 pixels"),
        (png(390, 1000), "The width-to-height ratio is 0.39. The minimum is 0.4."),
        (png(1000, 390), "The width-to-height ratio is 2.564. The maximum is 2.5."),
        (png(padding=30_000_000), "It must be under 30 MB."),
    ],
    ids=["small", "long", "huge", "narrow", "wide", "heavy"],
)
def test_each_exceeded_limit_is_named_with_both_numbers(
    desk: Client, content: bytes, message: str
) -> None:
    assert message in upload_files(desk, content).content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "content",
    [png(300, 300), png(6000, 2400), png(400, 1000), png(1000, 400)],
    ids=["smallest", "largest", "narrowest", "widest"],
)
def test_pictures_exactly_at_the_limits_are_accepted(desk: Client, content: bytes) -> None:
    assert uploaded(desk, content).sha256


def test_each_of_several_files_is_checked_by_itself(desk: Client) -> None:
    answer = upload_files(desk, png(640, 360), b"<html>", png(640, 361), part="reference_image")
    words = answer.content.decode()
    assert words.count('name="reference_image"') == 2
    assert words.count("upload-refused") == 1


def test_a_files_name_is_escaped(desk: Client) -> None:
    lie = {"files": [file(b"x", "<b>.png")], "part": "first_frame"}
    words = desk.post("/tasks/new/upload/", lie).content.decode()
    assert "&lt;b&gt;.png" in words and "<b>" not in words


@pytest.mark.parametrize("part", ["", "prompt", "'><b>"])
def test_only_roles_of_media_accept_files(desk: Client, part: str) -> None:
    assert upload_files(desk, png(), part=part).status_code == 400
    assert not Upload.objects.exists()


def test_too_many_files_at_once_are_refused(desk: Client) -> None:
    few = [png(300, 300)] * (uploads.MOST_FILES + 1)
    assert upload_files(desk, *few, part="reference_image").status_code == 400
    assert not Upload.objects.exists()


def test_the_same_picture_is_kept_once_a_project(
    desk: Client, client_of: ClientOf, stranger: User
) -> None:
    first = uploaded(desk)
    assert uploaded(desk) == first
    theirs = uploaded(client_of(stranger))
    assert (theirs.project.name, theirs.sha256) == ("Elsewhere", first.sha256)
    assert len(stored()) == 2


def test_a_missing_file_is_restored_by_uploading_it_again(desk: Client) -> None:
    upload = uploaded(desk)
    storages["videos"].delete(upload.name)
    assert uploaded(desk) == upload
    assert bytes_of(desk.get(f"/uploads/{upload.pk}")) == png()


def test_an_upload_without_a_stored_file_cannot_be_used(desk: Client) -> None:
    upload = uploaded(desk)
    Upload.objects.update(name="")
    assert desk.get(f"/uploads/{upload.pk}").status_code == 404
    assert "no longer in this project" in submitted(desk, line_of(upload)).content.decode()


# Access


def test_another_projects_picture_is_not_found(
    desk: Client, client_of: ClientOf, stranger: User, ark: Credential
) -> None:
    theirs = uploaded(client_of(stranger))
    assert desk.get(f"/uploads/{theirs.pk}").status_code == 404
    for line in (line_of(theirs), "upload:999999"):
        page = submitted(desk, line)
        assert "A picture is no longer in this project" in page.content.decode()
        assert f"/uploads/{theirs.pk}" not in page.content.decode()
    assert not Task.objects.exists()


def test_nobody_uploads_to_a_project_they_do_not_work_in(
    client_of: ClientOf, member: User, viewer: User, stranger: User, ark: Credential
) -> None:
    elsewhere = Project.objects.get(name="Elsewhere")
    assert upload_files(client_of(member), png(), project=elsewhere.pk).status_code == 404
    assert upload_files(client_of(member), png(), project="x").status_code == 404
    assert upload_files(client_of(viewer), png()).status_code == 403
    Membership.objects.create(project=elsewhere, user=viewer, role="member")
    mine = uploaded(client_of(viewer), project=elsewhere.pk)
    assert mine.project == elsewhere


def test_choosing_another_project_says_that_the_picture_is_not_there(
    desk: Client, member: User
) -> None:
    elsewhere = Project.objects.create(name="Elsewhere")
    Membership.objects.create(project=elsewhere, user=member, role="member")
    here = Project.objects.get(name="Dailies")
    upload = uploaded(desk, project=here.pk)
    fine = {"mode": "first_frame", "first_frame": [line_of(upload)]}
    page = desk.post("/tasks/new/preview/", filled(project=here.pk, **fine)).content.decode()
    assert f"/uploads/{upload.pk}" in page
    page = desk.post("/tasks/new/preview/", filled(project=elsewhere.pk, **fine)).content.decode()
    assert f"/uploads/{upload.pk}" not in page
    assert "A picture is no longer in this project" in page


@pytest.mark.each_case
@pytest.mark.parametrize("line", ["upload:", "upload:x", "upload:-1", "upload:²", "upload:1e3"])
def test_malformed_upload_lines_are_refused(desk: Client, line: str) -> None:
    assert "Enter a valid URL." in submitted(desk, line).content.decode()
