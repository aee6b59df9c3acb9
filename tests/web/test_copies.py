"""What becomes of a video, as the pages say it: in words, with an icon, and live."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import ChangeCounter, Copy, CopyState, CopyTrouble, Kind, Lease, Task
from tasks.providers import Trouble
from tasks.showing.copies import LOOKS
from tasks.showing.pulse import Pulse
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.test_live import ask, poller, swapped

LINK = "https://gateway.example/film.mp4"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def done(make_task: MakeTask) -> Task:
    return make_task(status="succeeded", video_url=LINK)


def copy_of(task: Task, kind: Kind = Kind.VIDEO, **fields: object) -> Copy:
    usual = {"url": LINK, "created_at": timezone.now()}
    return Copy.objects.create(task=task, kind=kind, **usual | fields)


def change(copy: Copy, **fields: object) -> None:
    """As the archive does it: the row, and the next number for its task."""
    Copy.objects.filter(pk=copy.pk).update(**fields)
    Task.objects.filter(pk=copy.task_id).update(change=ChangeCounter.objects.next())


def text(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


# Each state and its words

FAR, NEAR, PAST = timedelta(hours=20), timedelta(minutes=90), timedelta(minutes=-1)


@pytest.mark.parametrize(
    ("fields", "ends_in", "state", "words"),
    [
        ({}, FAR, "waiting", ["Waiting to be saved", "Link ends in"]),
        ({"state": "saving", "bytes_done": 43, "bytes_total": 100}, FAR, "saving", ["43 %"]),
        ({"state": "saving", "bytes_done": 3 * 2**20}, FAR, "saving", ["Saving", "3.0\xa0MB"]),
        ({"state": "saved"}, FAR, "saved", ["Saved"]),
        ({"state": "saved"}, PAST, "saved_only_here", ["Gone upstream, saved here"]),
        ({}, NEAR, "at_risk", ["At risk", "Link ends in", ">1:29:"]),
        ({"trouble": "connection"}, FAR, "at_risk", ["At risk", "Link ends in"]),
        ({"trouble": CopyTrouble.LINK_DEAD}, PAST, "at_risk", ["At risk", "The link has ended"]),
        ({"state": "saving", "bytes_done": 1, "bytes_total": 2}, NEAR, "at_risk", ["50 %"]),
        ({"state": "gone"}, PAST, "gone", ["Gone upstream, lost"]),
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
        said = reader.get(page).content.decode()
        assert f'data-kept="{state}"' in said
        for each in words:
            assert each in said
        assert (f'data-until="{ends_at.isoformat()}"' in said) is ("Link ends in" in said)


def test_every_state_has_an_icon_a_tone_and_a_word_of_its_own() -> None:
    assert len({str(word) for _look, word in LOOKS.values()}) == len(LOOKS)
    assert {CopyState(state) for state in LOOKS if state in set(CopyState)} == set(CopyState)


def test_a_file_that_is_not_there_yet_is_no_risk(reader: Client, done: Task, now: datetime) -> None:
    copy_of(done, trouble=CopyTrouble.NOT_READY, tries=1, link_ends_at=now + FAR)
    said = text(reader, f"/tasks/{done.pk}/")
    assert 'data-kept="waiting"' in said
    assert "some minutes after the success" in said


@pytest.mark.parametrize("trouble", sorted({*CopyTrouble, *Trouble}))
def test_each_trouble_is_told_with_the_last_words_and_the_next_try(
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
        said = text(reader, page)
        assert "HTTP 599 Odd: word for word" in said and "Our own words" not in said
        assert "3 failed tries" in said
        assert "in 5 minutes" in said
        assert f"<p>{trouble}</p>" not in said, "a sentence, not the bare word"


def test_what_a_restore_did_not_find_is_told_as_what_it_is(
    reader: Client, done: Task, now: datetime
) -> None:
    copy_of(done, state="gone", trouble=CopyTrouble.MISSING, trouble_message="In English.")
    said = text(reader, f"/tasks/{done.pk}/")
    assert "missing from the storage when a backup was restored" in said
    assert "was not saved before" not in said and "In English." not in said


def test_a_task_the_provider_forgot_keeps_its_video_and_says_so(
    reader: Client, make_task: MakeTask, save_copy: SaveCopy, now: datetime
) -> None:
    forgotten = make_task(status="succeeded", video_url=LINK, trouble=Trouble.NOT_FOUND)
    save_copy(forgotten, b"film", link_ends_at=now + FAR)
    said = text(reader, f"/tasks/{forgotten.pk}/")
    assert "Gone upstream, saved here" in said
    assert 'data-status="succeeded"' in said


# The saved video


def test_a_saved_video_plays_and_downloads_from_our_origin(
    reader: Client, done: Task, save_copy: SaveCopy, now: datetime
) -> None:
    save_copy(done, b"film", poster=b"image", link_ends_at=now + FAR)
    video = f"/tasks/{done.pk}/video"
    for page in ("/", f"/tasks/{done.pk}/"):
        said = text(reader, page)
        assert f'<video src="{video}" poster="/tasks/{done.pk}/poster"' in said
        assert LINK not in said.replace("&quot;", "")
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
    save_copy(done, b"image", kind=Kind.LAST_FRAME)
    said = text(reader, f"/tasks/{done.pk}/")
    assert f'href="/tasks/{done.pk}/last-frame?download"' in said
    assert "https://gateway.example/frame.jpg" not in said


def test_a_last_frame_that_lags_behind_is_told_beside_the_saved_video(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film")
    frame = copy_of(done, Kind.LAST_FRAME, trouble=CopyTrouble.CUT_OFF)
    said = text(reader, f"/tasks/{done.pk}/")
    assert 'data-kept="saved"' in said
    assert 'data-kept="at_risk"' in said
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
    assert "<video" in text(reader, "/")
    assert f"/tasks/{task.pk}/video" in text(reader, f"/tasks/{task.pk}/")


def test_hevc_says_so_where_it_cannot_be_played(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film", video_codec="hevc")
    said = text(reader, f"/tasks/{done.pk}/")
    assert "data-hevc" in said
    assert "made in HEVC (H.265)" in said
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
    said = text(reader, f"/tasks/{done.pk}/")
    for each in ("1,234 bytes", "1280 × 720", "5.04 s", "h264", "aac"):
        assert each in said
    assert f'<span class="mono" id="fact-video-sha256">{copy.sha256}</span>' in said
    assert 'data-copy="#fact-video-sha256"' in said


def test_what_differs_from_the_order_is_said_in_plain_words(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film", mismatch="duration:5.04:10 size:640x640:1280x720 audio:no:yes")
    said = text(reader, f"/tasks/{done.pk}/")
    assert "The file runs for 5.04 s; the task says 10 s." in said
    assert "The file is 640 × 640 pixels; the task says 1280 × 720." in said
    assert "Sound in the file: no; the task says: yes." in said
    assert "Not as it was ordered" in text(reader, "/")


# Live


def test_the_mark_changes_by_itself_and_the_player_goes_over_to_our_file(
    reader: Client, done: Task, now: datetime
) -> None:
    copy = copy_of(done, link_ends_at=now + FAR)
    for path in ("/", f"/tasks/{done.pk}/"):
        change(copy, state="waiting", bytes_done=0)
        page = reader.get(path)
        change(copy, state="saving", bytes_done=1, bytes_total=4)
        first = ask(reader, page)
        assert b'data-kept="saving"' in first.content
        assert b"25 %" in first.content
        assert f"t{done.pk}-screen" not in swapped(first), "nothing else has become of the player"
        change(copy, state="saved", name="a.mp4")
        second = ask(reader, first)
        assert b'data-kept="saved"' in second.content
        assert f"t{done.pk}-screen" in swapped(second)
        assert f'src="/tasks/{done.pk}/video"' in second.content.decode()
        change(copy, poster="")
        assert b"<video" not in ask(reader, second).content


def test_a_page_says_once_that_its_video_is_saved(reader: Client, done: Task) -> None:
    copy = copy_of(done)
    page = reader.get(f"/tasks/{done.pk}/")
    change(copy, state="saved", name="a.mp4")
    answer = ask(reader, page)
    assert b"The video is saved." in answer.content
    change(copy, poster="")
    assert b"The video is saved." not in ask(reader, answer).content


def test_a_page_asks_often_while_something_is_being_saved(
    reader: Client, done: Task, now: datetime
) -> None:
    copy = copy_of(done, state="saving")
    assert poller(reader.get("/"))[1] == 2
    change(copy, state="waiting", due_at=now + timedelta(hours=1))
    assert poller(reader.get("/"))[1] == 20
    change(copy, state="waiting", due_at=now)
    assert poller(reader.get("/"))[1] == 2


def test_time_alone_turns_a_mark_where_the_page_asks_for_it(
    reader: Client, done: Task, now: datetime
) -> None:
    copy = copy_of(done, link_ends_at=now + FAR)
    for path in ("/", f"/tasks/{done.pk}/", "/archive/"):
        Copy.objects.update(link_ends_at=now + FAR)
        page = reader.get(path)
        Copy.objects.update(link_ends_at=now + NEAR)  # as if the hours had gone by
        assert ask(reader, page).status_code == 204
        asked = poller(page)[0].replace("?", "?turned=1&")
        answer = reader.get(asked, headers={"hx-request": "true"})
        assert b'data-kept="at_risk"' in answer.content, path
        assert str(copy.pk)


def test_two_files_of_each_row_cost_a_list_and_a_live_answer_one_query(
    reader: Client,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tasks = [make_task(status="succeeded", video_url=LINK) for _ in range(20)]
    copies = [copy_of(task, kind) for task in tasks for kind in Kind]
    with django_assert_num_queries(18):
        page = reader.get("/")
    for copy in copies:
        change(copy, state="saving", bytes_done=5)
    with django_assert_num_queries(9):
        ask(reader, page)
    quiet = ask(reader, page)
    with django_assert_num_queries(3):
        assert ask(reader, quiet).status_code == 204


# The header's pulse


def beat(name: str, ago: float) -> None:
    at = timezone.now() - timedelta(seconds=ago)
    Lease.objects.update_or_create(name=name, defaults={"until": at, "beat_at": at})


def test_the_header_counts_what_is_at_risk_down_to_the_first_end(
    reader: Client, client_of: ClientOf, stranger: User, make_task: MakeTask, now: datetime
) -> None:
    assert "at risk" not in text(reader, "/")
    for minutes in (50, 20, 600):
        copy_of(make_task(status="succeeded"), link_ends_at=now + timedelta(minutes=minutes))
    copy_of(make_task(status="succeeded"), state="saved", link_ends_at=now + NEAR)
    said = text(reader, "/")
    assert "2 at risk" in said
    assert 'href="/archive/?state=at_risk"' in said
    assert f'data-until="{(now + timedelta(minutes=20)).isoformat()}"' in said
    assert "at risk" not in text(client_of(stranger), "/")


def test_the_longest_queue_is_counted_within_bounds_and_says_so(
    make_task: MakeTask, member: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.showing.pulse.WINDOW", 2)
    for _ in range(3):
        copy_of(make_task(status="succeeded"), link_ends_at=now + NEAR)
    pulse = Pulse.read(member, now)
    assert (pulse.at_risk, pulse.at_least) == (2, True)


@pytest.mark.parametrize(
    ("sweep", "archive", "words"),
    [
        (5, 5, ""),
        (40, 5, "Worker last seen"),
        (5, 40, "Archive last seen"),
        (40, 40, "Worker last seen"),
    ],
)
def test_a_silent_process_is_told_to_everyone_who_is_signed_in(
    client_of: ClientOf, stranger: User, sweep: float, archive: float, words: str
) -> None:
    beat("sweep", sweep)
    beat("archive", archive)
    said = text(client_of(stranger), "/")
    assert words in said
    assert ("last seen" in said) is bool(words)
    assert ("0:40</time> ago" in said) is bool(words)


def test_a_worker_that_never_ran_is_told_too(reader: Client) -> None:
    assert "Worker last seen never" in text(reader, "/")


def test_the_pulse_is_silent_while_nothing_is_new(
    reader: Client,
    make_task: MakeTask,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    beat("sweep", 3)
    beat("archive", 3)
    first = reader.get("/pulse/")
    asks = first.content.decode().split('hx-get="')[1].split('"')[0]
    beat("sweep", 1)
    with django_assert_num_queries(4):
        assert reader.get(asks).status_code == 204
    copy_of(make_task(status="succeeded"), link_ends_at=now + NEAR)
    assert b"1 at risk" in reader.get(asks).content


def test_nobody_signed_in_is_told_nothing(client: Client, db: None) -> None:
    assert client.get("/pulse/").status_code == 204
