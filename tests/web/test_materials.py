"""Videos and sounds as uploads: checked by content, drawn, served, and given to the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tasks.media import posters
from tasks.models import Task, Upload
from tasks.models.upload import KEPT_UNUSED
from tasks.simulator.media import CLIPS
from tasks.web.compose import recognition
from tests.media.files import box, sample
from tests.media.pictures import png
from tests.media.sounds import mp3, wav
from tests.web.composing import ark, desk, filled, preview
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import bytes_of, line_of, stored, upload_files, uploaded

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own
CLIP = (CLIPS / "sea.mp4").read_bytes()  # 960 × 540, 5 s, H.264 and AAC
FAST = "doubao-seedance-2-0-fast-260128"
V25 = "dreamina-seedance-2-5-260628"
SETTING = "DAILIES_SHARES_UPLOADS=1"


@pytest.fixture(autouse=True)
def shares(settings: Any) -> None:
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, "https://dailies.example.com"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no pictures by processes of their own, but those of a quick pretender."""
    made = posters.Previews(b"a poster")
    monkeypatch.setattr(posters, "can_make", lambda: True)
    monkeypatch.setattr(posters, "make", lambda path, within=None: made)
    monkeypatch.setattr(posters, "waveform", lambda path, within: b"a waveform")


def video(desk: Client, content: bytes = CLIP, **more: Any) -> Upload:
    return uploaded(desk, content, part="reference_video", **more)


def sound(desk: Client, content: bytes | None = None, **more: Any) -> Upload:
    return uploaded(desk, content or mp3(), part="reference_audio", **more)


def refused(desk: Client, content: bytes, part: str = "reference_video", **more: Any) -> str:
    """The sentence that says why nothing was kept."""
    answer = upload_files(desk, content, part=part, **more)
    assert (answer.status_code, Upload.objects.count(), stored()) == (200, 0, [])
    return answer.content.decode()


# Receiving


def test_a_video_is_kept_as_what_it_is(desk: Client) -> None:
    upload = video(desk)
    assert (upload.kind, upload.width, upload.height) == ("mp4", 960, 540)
    assert (upload.duration, upload.rate) == (5.0, 24.0)
    assert (upload.video_codec, upload.audio_codec) == ("h264", "aac")
    assert stored() == [f"uploads/{upload.pk}.mp4", f"uploads/{upload.pk}.picture.webp"]


@pytest.mark.parametrize(("content", "kind"), [(wav(), "wav"), (mp3(), "mp3")])
def test_a_sound_is_kept_as_what_it_is(desk: Client, content: bytes, kind: str) -> None:
    upload = sound(desk, content)
    assert (upload.kind, upload.width, upload.height) == (kind, 0, 0)
    assert upload.duration == pytest.approx(5.0, abs=0.3)
    assert stored() == sorted(f"uploads/{upload.pk}.{end}" for end in (kind, "picture.png"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"PK\x03\x04" + bytes(500),
        CLIP[: len(CLIP) // 2],
        CLIP[:-100],
        png(),
        mp3(),
        box(b"ftyp", b"isom", bytes(4)) + box(b"free", b"") * 20_000,
        box(b"ftyp", b"isom", bytes(4)) + b"\xff\xff\xff\xffmoov",
    ],
    ids="nothing html zip half cut png mp3 bomb lie".split(),
)
def test_what_is_no_whole_video_is_refused_whatever_its_name(desk: Client, content: bytes) -> None:
    assert "Use MP4 or MOV." in refused(desk, content)


def test_a_video_in_which_something_else_hides_is_refused(desk: Client) -> None:
    hidden = box(b"free", b"PK\x03\x04", bytes(recognition.MOST_BESIDES))
    assert "neither picture nor sound" in refused(desk, CLIP + hidden)


@pytest.mark.parametrize("content", [b"", CLIP, png(), mp3(1), wav()[:-9], b"OggS" + bytes(99)])
def test_what_is_no_whole_sound_is_refused(desk: Client, content: bytes) -> None:
    assert "Use WAV or MP3." in refused(desk, content, "reference_audio")


def test_a_video_is_no_picture_and_a_picture_no_video(desk: Client) -> None:
    assert "a complete picture" in refused(desk, CLIP, "reference_image")
    assert "a complete video" in refused(desk, png())


@pytest.mark.parametrize(
    ("content", "part", "numbers"),
    [
        (sample("start.mp4"), "reference_video", ["0.5", "2", "3072", "409600", "48", "300"]),
        (mp3(50), "reference_audio", ["1.306", "2"]),
        (mp3(2_000), "reference_audio", ["52.24", "30"]),
        (wav(2.0, besides=b"") + b"", "reference_audio", []),
    ],
)
def test_each_exceeded_limit_is_named_with_both_numbers(
    desk: Client, content: bytes, part: str, numbers: list[str]
) -> None:
    words = upload_files(desk, content, part=part).content.decode()
    assert all(number in words for number in numbers)
    assert Upload.objects.exists() == (not numbers)


def test_the_length_is_that_of_the_chosen_model(desk: Client) -> None:
    lengthy = mp3(800)  # 20.9 s
    assert "The maximum is 15 s." in refused(desk, lengthy, "reference_audio", model=FAST)
    assert sound(desk, lengthy, model=V25).duration == pytest.approx(20.9, abs=0.1)


def test_a_sound_that_is_too_heavy_is_refused(desk: Client) -> None:
    heavy = wav(3.0)
    data = heavy[:40] + len(bytes(15_000_002)).to_bytes(4, "little") + bytes(15_000_002)
    assert "must be under 15 MB" in refused(desk, data, "reference_audio")


def test_the_same_file_is_kept_once_and_drawn_once(desk: Client) -> None:
    assert video(desk) == video(desk)
    assert len(stored()) == 2


def test_without_pyav_there_is_a_file_and_no_picture(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "can_make", lambda: False)
    page = upload_files(desk, mp3(), part="reference_audio").content.decode()
    assert "<img" not in page and "<audio" in page
    upload = Upload.objects.get()
    assert not upload.picture and len(stored()) == 1
    monkeypatch.setattr(posters, "can_make", lambda: True)
    assert sound(desk).picture, "it is drawn when it is given again"


def test_pictures_that_take_too_long_are_left_out(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.web.compose.uploads.PICTURES_WITHIN", 0)
    assert not video(desk).picture


def test_a_large_file_goes_by_way_of_the_disk(
    desk: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def make(path: Path, within: float | None = None) -> None:
        seen.append(path.read_bytes())

    monkeypatch.setattr(posters, "make", make)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert video(desk).size == len(CLIP)
    Upload.objects.all().delete()
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10**8
    video(desk)
    assert seen == [CLIP, CLIP]


def test_it_counts_in_the_quota_and_goes_with_its_picture(desk: Client, settings: Any) -> None:
    settings.UPLOADS_PER_PERSON = len(CLIP) + 10
    upload = video(desk)
    assert (
        "allowed per person" in upload_files(desk, mp3(), part="reference_audio").content.decode()
    )
    later = timezone.now() + 2 * KEPT_UNUSED
    assert Upload.objects.purge(later, 10) == 1
    assert (stored(), Upload.objects.filter(pk=upload.pk).exists()) == ([], False)


# Showing


def test_a_video_plays_in_place_in_ranges(desk: Client) -> None:
    upload = video(desk)
    page = upload_files(desk, CLIP, part="reference_video").content.decode()
    assert f'<video src="/uploads/{upload.pk}"' in page and "controls" in page
    whole = desk.get(f"/uploads/{upload.pk}")
    assert (whole["Content-Type"], whole["X-Content-Type-Options"]) == ("video/mp4", "nosniff")
    assert whole["Content-Security-Policy"] == "sandbox; default-src 'none'"
    part = desk.get(f"/uploads/{upload.pk}", headers={"range": "bytes=5-9"})
    assert (part.status_code, bytes_of(part)) == (206, CLIP[5:10])
    assert part["Content-Range"] == f"bytes 5-9/{len(CLIP)}"


def test_its_picture_is_kept_by_browsers_for_ever(
    desk: Client, client_of: ClientOf, stranger: User
) -> None:
    upload = sound(desk)
    address = f"/uploads/{upload.pk}/picture/{upload.picture_hash}"
    shown = desk.get(address)
    assert (shown["Content-Type"], bytes_of(shown)) == ("image/png", b"a waveform")
    assert shown["Cache-Control"] == "private, max-age=31536000, immutable"
    assert desk.get(f"/uploads/{upload.pk}/picture/{'0' * 16}").status_code == 404
    assert client_of(stranger).get(address).status_code == 404


# The form


def references(desk: Client, *uploads: Upload, **more: Any) -> Any:
    given: dict[str, list[str]] = {}
    for upload in uploads:
        role = "reference_video" if upload.kind == "mp4" else "reference_audio"
        given.setdefault(role, []).append(line_of(upload))
    return desk.post("/tasks/new/", filled(mode="reference", **given, **more))


def test_the_request_keeps_them_and_how_long_they_are(desk: Client) -> None:
    film, tone = video(desk), sound(desk)
    assert references(desk, film, tone).status_code == 302
    submission = Task.objects.get().submission
    assert set(submission.uploads.all()) == {film, tone}
    assert [each.seconds for each in submission.generation.media] == [5.0, tone.duration]


def test_what_a_given_video_costs_is_known_exactly(desk: Client) -> None:
    """Input seconds are tokens too: 5 + 5 s of 1280 × 720 are 241 frames."""
    page = preview(desk, mode="reference", reference_video=line_of(video(desk)))
    assert page.context["estimate"].total.tokens.startswith("216,900 ")
    assert not page.context["estimate"].has_video


def test_lengths_that_a_model_does_not_take_are_an_error_of_the_field(desk: Client) -> None:
    upload = video(desk)
    Upload.objects.filter(pk=upload.pk).update(duration=20.0)
    page = preview(desk, mode="reference", reference_video=line_of(upload))
    assert page.context["form"].errors["reference_video"]
    fine = preview(desk, mode="reference", reference_video=line_of(upload), model=V25)
    assert "reference_video" not in fine.context["form"].errors


@pytest.mark.parametrize("role", ["reference_video", "reference_image", "first_frame"])
def test_a_file_of_another_kind_cannot_be_given(desk: Client, role: str) -> None:
    mode = "first_frame" if role == "first_frame" else "reference"
    page = desk.post("/tasks/new/", filled(mode=mode, **{role: line_of(sound(desk))}))
    assert page.context["form"].errors[role] and not Task.objects.exists()


def test_files_posted_with_the_form_itself_are_kept(desk: Client) -> None:
    """Browsers without scripts send them so."""
    film = SimpleUploadedFile("a.mp4", CLIP, content_type="video/mp4")
    page = desk.post("/tasks/new/", filled(mode="reference", reference_video_files=film))
    assert page.status_code == 302
    assert Task.objects.get().submission.uploads.get().kind == "mp4"


def test_the_tasks_page_shows_what_it_was_made_from(desk: Client) -> None:
    film, tone = video(desk), sound(desk)
    references(desk, film, tone)
    page = desk.get(Task.objects.get().get_absolute_url()).content.decode()
    for upload in (film, tone):
        assert f'href="/uploads/{upload.pk}"' in page
        assert f"/uploads/{upload.pk}/picture/{upload.picture_hash}" in page


# Where no links are shared


def test_a_form_that_cannot_send_videos_says_so_before_it_takes_one(
    desk: Client, settings: Any
) -> None:
    settings.SHARES_UPLOADS = False
    form = preview(desk, mode="reference").context["form"]
    assert SETTING in form["reference_video"].refusal and not form["reference_audio"].refusal
    page = preview(desk, mode="reference").content.decode()
    assert 'name="reference_audio_files"' in page and 'name="reference_video_files"' not in page
    assert SETTING in desk.get("/tasks/new/").content.decode(), "for what is dropped on it"
    assert SETTING in refused(desk, CLIP)


def test_a_video_of_before_cannot_be_sent_where_links_are_shared_no_more(
    desk: Client, settings: Any
) -> None:
    upload = video(desk)
    settings.SHARES_UPLOADS = False
    page = references(desk, upload)
    assert SETTING in page.context["form"].errors["reference_video"][0]
    assert not Task.objects.exists()


def test_a_sound_needs_no_link(desk: Client, settings: Any) -> None:
    settings.SHARES_UPLOADS = False
    picture = uploaded(desk, part="reference_image")
    answer = references(desk, sound(desk), reference_image=line_of(picture))
    assert answer.status_code == 302


def test_the_storage_has_nothing_of_what_was_refused(desk: Client) -> None:
    refused(desk, CLIP[:1_000])
    assert not storages["videos"].exists("uploads")
