"""The states of a copy as the pages show them: in words and with an icon."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tasks.models import Copy, CopyKind, CopyState, CopyTrouble, Task
from tasks.providers import Trouble
from tasks.web.presenters.files import STATE_BADGES
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy
from tests.web.copies import LINK, change, copy_of, done, now, reader, text

__all__ = ["done", "now", "reader"]

FAR, NEAR, PAST = timedelta(hours=20), timedelta(minutes=90), timedelta(minutes=-1)


@pytest.mark.parametrize(
    ("fields", "ends_in", "state", "words"),
    [
        ({}, FAR, "waiting", ["Waiting to be saved", "Link ends in"]),
        ({"state": "saving", "bytes_done": 43, "bytes_total": 100}, FAR, "saving", ["43 %"]),
        ({"state": "saving", "bytes_done": 3 * 2**20}, FAR, "saving", ["Saving", "3.0\xa0MB"]),
        ({"state": "saved"}, FAR, "saved", ["Saved"]),
        ({"state": "saved"}, PAST, "saved_only_here", ["Gone at the provider, saved here"]),
        ({}, NEAR, "at_risk", ["At risk", "Link ends in", ">1:29:"]),
        ({"trouble": "connection"}, FAR, "at_risk", ["At risk", "Link ends in"]),
        ({"trouble": CopyTrouble.LINK_DEAD}, PAST, "at_risk", ["At risk", "Link ended"]),
        ({"state": "saving", "bytes_done": 1, "bytes_total": 2}, NEAR, "at_risk", ["50 %"]),
        ({"state": "gone"}, PAST, "gone", ["Gone at the provider, lost"]),
    ],
)
def test_each_state_is_said_on_row_and_page(
    reader: Client,
    done: Task,
    now: datetime,
    fields: dict[str, Any],
    ends_in: timedelta,
    state: str,
    words: list[str],
) -> None:
    ends_at = now + ends_in
    copy_of(done, link_ends_at=ends_at, **fields)
    Task.objects.update(link_ends_at=ends_at)
    for page in ("/", f"/tasks/{done.pk}/"):
        page_text = reader.get(page).content.decode()
        assert f'data-kept="{state}"' in page_text
        for each in words:
            assert each in page_text
        assert (f'data-until="{ends_at.isoformat()}"' in page_text) is ("Link ends in" in page_text)


def test_every_state_has_an_icon_a_tone_and_a_word_of_its_own() -> None:
    assert len({str(word) for _badge, word in STATE_BADGES.values()}) == len(STATE_BADGES)
    assert {CopyState(state) for state in STATE_BADGES if state in set(CopyState)} == set(CopyState)


def test_a_file_that_is_not_there_yet_is_no_risk(reader: Client, done: Task, now: datetime) -> None:
    copy_of(done, trouble=CopyTrouble.NOT_READY, tries=1, link_ends_at=now + FAR)
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert 'data-kept="waiting"' in page_text
    assert "a few minutes after the task succeeds" in page_text


@pytest.mark.parametrize("trouble", sorted({*CopyTrouble, *Trouble}))
def test_each_trouble_is_shown_with_its_detail_and_the_next_try(
    reader: Client, done: Task, now: datetime, trouble: str
) -> None:
    copy_of(
        done,
        trouble=trouble,
        trouble_message="Our own words (HTTP 599 Odd): word for word",
        tries=3,
        due_at=now + timedelta(minutes=5, seconds=9),
    )
    for page in (f"/tasks/{done.pk}/", "/archive/"):
        page_text = text(reader, page)
        assert "HTTP 599 Odd: word for word" in page_text and "Our own words" not in page_text
        assert "3 failed attempts" in page_text
        assert "in 5 minutes" in page_text
        assert f"<p>{trouble}</p>" not in page_text, "a sentence, not the bare word"


LOST: dict[str, Any] = {
    "damage": "missing",
    "trouble": CopyTrouble.MISSING,
    "trouble_message": "In English.",
}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("missing", "no longer in storage"),
        ("changed", "the one in storage is different"),
    ],
)
def test_a_saved_file_that_was_lost_is_called_so_with_what_to_do(
    reader: Client, done: Task, now: datetime, damage: str, words: str
) -> None:
    ends_at, noticed = now + PAST, now - timedelta(days=2)
    copy_of(
        done, state="gone", link_ends_at=ends_at, **LOST | {"damage": damage}, damaged_at=noticed
    )
    Task.objects.update(link_ends_at=ends_at)
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert f'data-kept="{damage}"' in page_text and f"Saved file {damage}" in page_text
    assert words in page_text and "2 days ago" in page_text
    assert "restore the file from a backup into storage" in page_text
    assert "This video was saved, but its file is missing or changed" in page_text
    assert "saved in time" not in page_text and "In English." not in page_text
    assert f'data-kept="{damage}"' in text(reader, "/")


def test_a_lost_file_that_comes_again_is_at_risk_and_says_what_was(
    reader: Client, done: Task, now: datetime
) -> None:
    copy_of(done, state="waiting", link_ends_at=now + FAR, damaged_at=now, due_at=now, **LOST)
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert 'data-kept="at_risk"' in page_text
    assert "This file was saved but is now missing from storage." in page_text
    change(Copy.objects.get(), trouble="timeout", state="saving")
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert "Saved before, then found missing or changed" in page_text


def test_a_task_the_provider_forgot_keeps_its_video_and_says_so(
    reader: Client, make_task: MakeTask, save_copy: SaveCopy, now: datetime
) -> None:
    forgotten = make_task(status="succeeded", video_url=LINK, trouble=Trouble.NOT_FOUND)
    save_copy(forgotten, b"film", link_ends_at=now + FAR)
    page_text = text(reader, f"/tasks/{forgotten.pk}/")
    assert "Gone at the provider, saved here" in page_text
    assert 'data-status="succeeded"' in page_text


# The saved video


def test_a_saved_video_plays_and_downloads_from_our_origin(
    reader: Client, done: Task, save_copy: SaveCopy, now: datetime
) -> None:
    save_copy(done, b"film", poster=b"image", link_ends_at=now + FAR)
    video = f"/tasks/{done.pk}/video"
    pages = {path: text(reader, path) for path in ("/", f"/tasks/{done.pk}/")}
    assert f'data-clip="{video}"' in pages["/"]
    assert f'<img src="/tasks/{done.pk}/poster"' in pages["/"]
    assert f'<video src="{video}" poster="/tasks/{done.pk}/poster"' in pages[f"/tasks/{done.pk}/"]
    assert not any(LINK in page.replace("&quot;", "") for page in pages.values())
    assert f'href="{video}?download"' in text(reader, f"/tasks/{done.pk}/")


def test_without_a_poster_the_row_shows_the_first_frame(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film")
    assert "data-first-frame" in text(reader, "/")
    assert "poster=" not in text(reader, "/")


def test_a_saved_last_frame_is_ours_too(reader: Client, done: Task, save_copy: SaveCopy) -> None:
    Task.objects.update(last_frame_url="https://gateway.example/frame.jpg")
    assert "https://gateway.example/frame.jpg" in text(reader, f"/tasks/{done.pk}/")
    save_copy(done, b"image", kind=CopyKind.LAST_FRAME)
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert f'href="/tasks/{done.pk}/last-frame?download"' in page_text
    assert "https://gateway.example/frame.jpg" not in page_text


def test_a_last_frame_that_lags_behind_is_told_beside_the_saved_video(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film")
    frame = copy_of(done, CopyKind.LAST_FRAME, trouble=CopyTrouble.CUT_OFF)
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert 'data-kept="saved"' in page_text
    assert 'data-kept="at_risk"' in page_text
    change(frame, state="saved", trouble="")
    assert 'data-kept="at_risk"' not in text(reader, f"/tasks/{done.pk}/")


def test_once_saved_the_links_end_is_no_alarm(
    reader: Client, make_task: MakeTask, save_copy: SaveCopy, now: datetime
) -> None:
    soon = now + timedelta(minutes=10)
    task = make_task(status="succeeded", video_url=LINK, link_ends_at=soon)
    save_copy(task, b"film", link_ends_at=soon)
    assert "Link ends in" not in text(reader, "/")
    Task.objects.update(link_ends_at=now - timedelta(hours=1))
    assert "data-clip=" in text(reader, "/")
    assert f"/tasks/{task.pk}/video" in text(reader, f"/tasks/{task.pk}/")


def test_hevc_says_so_where_it_cannot_be_played(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film", video_codec="hevc")
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert "data-hevc" in page_text
    assert "encoded in HEVC (H.265)" in page_text
    Copy.objects.update(video_codec="h264")
    assert "HEVC" not in text(reader, f"/tasks/{done.pk}/")


def test_what_was_read_out_of_the_file_is_told_to_the_byte(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    copy = save_copy(
        done,
        b"x" * 1234,
        width=1280,
        height=720,
        duration=5.04,
        video_codec="h264",
        audio_codec="aac",
    )
    page_text = text(reader, f"/tasks/{done.pk}/")
    for each in ("1,234 bytes", "1280 × 720", "5.04 s", "h264", "aac"):
        assert each in page_text
    assert f'<span class="mono" id="fact-video-sha256">{copy.sha256}</span>' in page_text
    assert 'data-copy="#fact-video-sha256"' in page_text


def test_what_differs_from_the_order_is_said_in_plain_words(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film", mismatch="duration:5.04:10 size:640x640:1280x720 audio:no:yes")
    page_text = text(reader, f"/tasks/{done.pk}/")
    assert "The file is 5.04 s long. The task says 10 s." in page_text
    assert "The file is 640 × 640 pixels. The task says 1280 × 720." in page_text
    assert "Audio in the file: no. The task says: yes." in page_text
    assert "Differs from the request" in text(reader, "/")
