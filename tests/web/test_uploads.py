"""Pictures that people give: judged by what is in them, kept once, and their project's alone."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks import trash
from tasks.making import uploads
from tasks.models import Credential, Membership, Project, Submission, Task, Upload
from tasks.models.upload import KEPT_UNUSED, SHARED_FOR, UploadQuerySet
from tests.containers.files import sample
from tests.containers.pictures import bmp, gif, png
from tests.web.conftest import ClientOf, save_copy
from tests.web.test_make import ark, desk, filled

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own


def file(content: bytes, name: str = "still.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def give(desk: Client, *contents: bytes, part: str = "first_frame", **more: Any) -> Any:
    files = [file(content) for content in contents]
    return desk.post("/tasks/new/upload/", {"files": files, "part": part, **more})


def given(desk: Client, content: bytes | None = None, **more: Any) -> Upload:
    answer = give(desk, content or png(), **more)
    assert answer.status_code == 200, answer.content
    return Upload.objects.get(pk=re.findall(r'value="upload:(\d+)"', answer.content.decode())[0])


def pressed(desk: Client, *lines: object, mode: str = "first_frame", **more: Any) -> Any:
    part = "reference_image" if mode == "reference" else "first_frame"
    return desk.post("/tasks/new/", filled(mode=mode, **{part: lines}, **more))


def use(upload: Upload) -> str:
    return f"upload:{upload.pk}"


def stored() -> list[str]:
    root = Path(storages["videos"].path("."))
    return sorted(str(each.relative_to(root)) for each in root.rglob("*") if each.is_file())


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


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


# Used


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
