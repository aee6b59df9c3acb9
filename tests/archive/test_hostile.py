"""Files that must never be called saved, and the trouble that is shown for them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tasks.models import CopyKind, CopyState, Credential
from tasks.simulator.server import Simulator
from tests.archive.conftest import CLIP, PICTURE, Save, Wait, content, stored, unfinished
from tests.archive.host import Host
from tests.tracking.conftest import Account, Follow, Look

pytestmark = pytest.mark.django_db

PAGE = b"<!doctype html><html><script>alert(1)</script></html>"


def archive_file() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("video.mp4", CLIP)
    return file.getvalue()


NO_VIDEOS = {
    "a web page": PAGE,
    "a picture with scripts": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a zip": archive_file(),
    "half a video": CLIP[: len(CLIP) // 2],
    "a video without its last byte": CLIP[:-1],
    "a head alone": CLIP[:36],
    "zeros": bytes(5000),
}


@pytest.mark.parametrize("kind", NO_VIDEOS)
def test_a_file_that_is_no_video_is_not_saved(
    kind: str, host: Host, wait: Wait, save: Save, own_folder: Any
) -> None:
    """The host says 200, video/mp4 and the right length all the same."""
    copy = wait(host.put("/v.mp4", NO_VIDEOS[kind], headers={"Content-Type": "video/mp4"}))
    copy = save(copy)
    assert (copy.state, copy.trouble) == (CopyState.WAITING, "not_a_video")
    assert copy.trouble_message and copy.tries == 1 and copy.is_at_risk(copy.created_at)
    assert (stored(own_folder), unfinished(), copy.name, copy.bytes_done) == ([], [], "", 0)


def test_a_maintenance_page_is_forgotten_when_the_video_is_back(
    host: Host, wait: Wait, save: Save
) -> None:
    copy = save(wait(host.put("/v.mp4", PAGE)))
    host.put("/v.mp4", CLIP)
    copy = save(copy, after=60)
    assert copy.is_saved and content(copy) == CLIP
    assert (copy.trouble, copy.trouble_message) == ("", "")


def test_a_video_is_no_last_frame(host: Host, wait: Wait, save: Save) -> None:
    assert save(wait(host.put("/f.jpg", CLIP), kind=CopyKind.LAST_FRAME)).trouble == "not_a_video"


def test_half_a_picture_is_no_last_frame(host: Host, wait: Wait, save: Save) -> None:
    half = PICTURE[: len(PICTURE) // 2]
    assert save(wait(host.put("/f.jpg", half), kind=CopyKind.LAST_FRAME)).trouble == "not_a_video"


@pytest.mark.parametrize("told", [True, False], ids=["that says so", "that only sends"])
def test_a_file_larger_than_allowed_is_not_fetched(
    told: bool, host: Host, wait: Wait, save: Save, settings: Any
) -> None:
    settings.LARGEST_VIDEO = len(CLIP) - 1
    copy = save(wait(host.put("/v.mp4", CLIP, length=None if told else -1)))
    assert copy.trouble == "too_large"
    assert (unfinished(), copy.bytes_done) == ([], 0)


def test_a_file_with_a_false_length_is_not_saved(host: Host, wait: Wait, save: Save) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP, length=len(CLIP) + 100)))
    assert (copy.trouble, copy.state) == ("connection", CopyState.WAITING)


def test_a_file_of_unknown_length_is_saved(host: Host, wait: Wait, save: Save) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP, length=-1)))
    assert copy.is_saved and copy.bytes_total == len(CLIP)


def test_a_wrong_type_does_not_matter(host: Host, wait: Wait, save: Save) -> None:
    """Types and names of a host are ignored: we serve files under a type of our own."""
    wrong = {"Content-Type": "text/html", "Content-Disposition": "attachment; filename=../../x.sh"}
    assert save(wait(host.put("/v.mp4", CLIP, headers=wrong))).name.endswith(".mp4")


def test_a_link_into_a_private_network_is_not_asked(
    host: Host, wait: Wait, save: Save, settings: Any
) -> None:
    settings.PRIVATE_HOSTS = []
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert (copy.trouble, host.asked) == ("private_address", [])


def test_a_gateways_words_are_kept_without_the_links_secrets(
    host: Host, wait: Wait, save: Save
) -> None:
    Credential.objects.update(base_url=host.origin)
    body = b'{"error":{"message":"no /up/v.mp4?X-Tos-Signature=c0ffee&X-Tos-Date=1 for you"}}'
    copy = save(wait(host.put("/v.mp4", body, status=503) + "?sign=c0ffee", needs_key=True))
    assert copy.trouble == "server"
    assert "for you" in copy.trouble_message and "c0ffee" not in copy.trouble_message


@pytest.mark.parametrize("fault", ["html", "empty", "truncated", "500", "503", "429"])
def test_the_simulators_faults_are_survived(
    fault: str, sim: Simulator, account: Account, follow: Follow, look: Look, save: Save
) -> None:
    task = look(follow(account(), "sim:ok sim:queue=0 sim:run=60", ago=90))
    sim.fault("media", fault)
    copy = save(task.copies.get())
    assert copy.state == CopyState.WAITING and copy.trouble
    assert not Credential.objects.exclude(trouble="").exists()
    sim.fault("media", "")
    assert save(copy, after=60).is_saved
