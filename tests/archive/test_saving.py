"""The whole way of a file: from a provider's answer into our own storage."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages

from tasks.media import posters
from tasks.media.posters import Previews
from tasks.models import ChangeCounter, Copy, CopyKind, CopyState, Credential, Task
from tasks.providers import PROVIDERS
from tasks.simulator import media
from tasks.simulator.server import Simulator
from tests.archive.conftest import CLIP, PICTURE, Save, Wait, content, sha256, stored, unfinished
from tests.archive.host import Host
from tests.conftest import MakeTask
from tests.tracking.conftest import Account, Clock, Follow, Look

pytestmark = pytest.mark.django_db
PRESETS = [provider.slug for provider in PROVIDERS]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_video_of_every_provider_ends_in_our_storage(
    preset: str, sim: Simulator, account: Account, follow: Follow, look: Look, save: Save
) -> None:
    task = look(follow(account(preset), "sim:ok sim:queue=0 sim:run=60", ago=90))
    copy = save(task.copies.get(kind=CopyKind.VIDEO))
    [record] = sim.tasks
    clip = media.video(record)
    assert copy.state == CopyState.SAVED, copy.trouble_message
    assert content(copy) == clip
    assert (copy.size, copy.sha256) == (len(clip), sha256(clip))
    assert (copy.duration, copy.video_codec, copy.audio_codec) == (5.0, "h264", "aac")
    assert unfinished() == []


def test_a_last_frame_is_saved_too(
    account: Account, follow: Follow, look: Look, save: Save
) -> None:
    task = follow(account(), "sim:ok sim:queue=0 sim:run=60", ago=90, return_last_frame=True)
    copy = save(look(task).copies.get(kind=CopyKind.LAST_FRAME))
    assert copy.is_saved and copy.name.endswith(".jpg")
    assert copy.width and copy.height and content(copy).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("preset", ["dataeyes", "tokenhot"])
def test_a_success_without_a_link_is_fetched_from_its_gateway_with_the_key(
    preset: str, account: Account, follow: Follow, look: Look, save: Save
) -> None:
    prompt = "sim:ok sim:novideo sim:queue=0 sim:run=60"
    task = look(follow(account(preset), prompt, ago=90))
    assert (task.status, task.video_url) == ("succeeded", "")
    copy = save(task.copies.get())
    assert copy.needs_key and copy.url.endswith("/content")
    assert copy.is_saved


def test_a_link_heard_later_takes_the_place_of_the_gateways_own(
    clock: Clock, make_task: MakeTask
) -> None:
    task = make_task(status="succeeded", video_url="", ended_at=clock.now)
    Copy.objects.follow([task], clock.now)
    task.video_url = "https://ark.example/v.mp4"
    Copy.objects.follow([task], clock.now)
    copy = task.copies.get()
    assert (copy.url, copy.needs_key) == ("https://ark.example/v.mp4", False)


def test_a_key_goes_to_its_credentials_own_origin_only(
    host: Host, wait: Wait, save: Save, credential: Credential, clock: Clock
) -> None:
    url = host.put("/v1/videos/cgt-1/content", CLIP)
    elsewhere = save(wait(url, needs_key=True))
    assert (elsewhere.trouble, host.asked) == ("no_key", [])
    Credential.objects.update(base_url=f"{host.origin}/v1")
    assert save(elsewhere, after=30).is_saved
    assert host.asked[0].headers["authorization"] == f"Bearer {credential.reveal_key()}"


def test_no_other_link_ever_gets_a_key(host: Host, wait: Wait, save: Save) -> None:
    Credential.objects.update(base_url=host.origin)
    assert save(wait(host.put("/v.mp4", CLIP))).is_saved
    assert "authorization" not in host.asked[0].headers


def test_a_name_is_made_of_our_own_ids(
    host: Host, wait: Wait, save: Save, own_folder: Path, clock: Clock
) -> None:
    copy = save(wait(host.put("/%2e%2e/%2e%2e/passwd.html", CLIP)))
    hashed = sha256(CLIP)[:12]
    assert copy.name == f"{clock.now:%Y/%m/%d}/{copy.task_id}-{copy.pk}-{hashed}.mp4"
    assert stored(own_folder) == [f"{copy.task_id}-{copy.pk}-{hashed}.mp4"]


def test_a_saved_file_is_not_fetched_again(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP)))
    save(copy, after=3600)
    assert len(host.asked) == 1
    assert (copy.due_at, copy.trouble, copy.saved_at) == (None, "", clock.now - timedelta(hours=1))


def test_open_pages_are_told_of_a_saved_file(host: Host, wait: Wait, save: Save) -> None:
    copy = wait(host.put("/v.mp4", CLIP))
    before = ChangeCounter.objects.now()
    assert save(copy).task.change == ChangeCounter.objects.now() > before


def test_differences_from_the_task_are_recorded(
    host: Host, wait: Wait, save: Save, make_task: MakeTask, clock: Clock
) -> None:
    asked = {"model": "doubao-seedance-2-0-260128", "resolution": "720p", "ratio": "16:9"}
    task = make_task(status="succeeded", duration=10, generate_audio=False, **asked)
    copy = save(wait(host.put("/v.mp4", CLIP), task))
    assert copy.is_saved
    assert copy.mismatches == [
        ("duration", "5", "10"),
        ("size", "960x540", "1280x720"),
        ("audio", "yes", "no"),
    ]


def test_a_property_that_was_not_requested_is_no_mismatch(
    host: Host, wait: Wait, save: Save, make_task: MakeTask
) -> None:
    task = make_task(status="succeeded", duration=-1, ratio="adaptive", resolution="720p")
    assert save(wait(host.put("/v.mp4", CLIP), task)).mismatches == []


def test_a_pictures_size_is_recorded(host: Host, wait: Wait, save: Save) -> None:
    copy = save(wait(host.put("/f.jpeg", PICTURE), kind=CopyKind.LAST_FRAME))
    assert (copy.width, copy.height, copy.size) == (960, 540, len(PICTURE))


def test_a_video_is_saved_whatever_becomes_of_its_poster(
    host: Host, wait: Wait, save: Save, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "can_make", lambda: True)
    monkeypatch.setattr(posters, "make", lambda path: Previews(b"a picture"))
    monkeypatch.setattr(Path, "write_bytes", lambda *_: 1 / 0)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert copy.is_saved and copy.poster == ""
    assert copy.previewed_at is None, "it is tried again later"


def test_files_of_an_earlier_try_are_removed(
    host: Host, wait: Wait, save: Save, own_folder: Path, clock: Clock
) -> None:
    """The earlier try had brought other bytes, and was killed before its row was written."""
    copy = wait(host.put("/v.mp4", CLIP))
    folder = own_folder / "videos" / f"{clock.now:%Y/%m/%d}"
    folder.mkdir(parents=True)
    (folder / f"{copy.task_id}-{copy.pk}-0123456789ab.mp4").write_bytes(b"other bytes")
    (folder / f"{copy.task_id}-{copy.pk}1-0123456789ab.mp4").write_bytes(b"of another copy")
    assert Path(save(copy).name).name in stored(own_folder)
    assert len(stored(own_folder)) == 2


def test_a_later_not_found_changes_nothing(
    sim: Simulator, account: Account, follow: Follow, look: Look, save: Save, clock: Clock
) -> None:
    """A record is gone upstream after a week; the task keeps its ending, the copy its file."""
    task = look(follow(account(), "sim:ok sim:queue=0 sim:run=60", ago=90))
    copy = save(task.copies.get())
    clock.go_on(8 * 86400)
    Task.objects.filter(pk=task.pk).check_now(clock.now)
    task = look(task)
    assert task.trouble == "not_found"
    assert (task.status, task.copies.get().state) == ("succeeded", CopyState.SAVED)
    assert storages["videos"].exists(copy.name)
