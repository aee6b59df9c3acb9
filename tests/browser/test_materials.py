"""Videos and sounds in a real browser: dropped, shown, played, sent; and proxies of clips."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from tasks.media import posters
from tasks.models import Copy, Credential, Task
from tasks.simulator.server import Simulator
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible
from tests.browser.test_compose import HAND_OVER, choose_mode, part, send, settled
from tests.conftest import MakeTask
from tests.media.sounds import wav
from tests.web.conftest import save_copy

__all__ = ["save_copy"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("save_copy")]  # a storage of its own

CLIP = (Path(django_settings.BASE_DIR) / "tasks/simulator/clips/sea.mp4").read_bytes()
HEVC = (Path(django_settings.BASE_DIR) / "tests/samples/containers/hevc.mp4").read_bytes()
TYPES = {"mp4": "video/mp4", "wav": "audio/wav"}


def drop(place: Locator, **files: bytes) -> bool:
    """Drop files of these kinds; whether the page took them."""
    payload = [
        {"name": f"a.{kind}", "type": TYPES[kind], "bytes": b64encode(content).decode()}
        for kind, content in files.items()
    ]
    taken: bool = place.evaluate(HAND_OVER, {"kind": "drop", "files": payload})
    return taken


@pytest.fixture
def form(enter: Enter, account: Credential, member: User, complaints: list[str]) -> Page:
    return enter(member, "/tasks/new/")


@pytest.fixture
def shares(settings: Any) -> None:
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, "https://dailies.example.com"


@pytest.mark.usefixtures("shares")
def test_a_video_and_a_sound_dropped_on_the_prompt_are_shown_played_and_sent(
    form: Page, sim: Simulator
) -> None:
    assert drop(form.get_by_label("Prompt", exact=True), mp4=CLIP, wav=wav())
    film = part(form, "reference_video").locator(".upload video")
    tone = part(form, "reference_audio").locator(".upload audio")
    expect(film).to_be_visible()
    expect(tone).to_be_visible()
    expect(form.get_by_label("Mode", exact=True)).to_have_value("reference")
    settled(form)
    if posters.can_make():
        wave = part(form, "reference_audio").locator("img")
        expect(wave).to_have_js_property("naturalWidth", 320)
        expect(film).to_have_attribute("poster", re.compile(r"/uploads/\d+/picture/\w{16}"))
    for each in (film, tone):
        each.evaluate("media => { media.muted = true; return media.play(); }")
        assert each.evaluate("media => media.duration") == pytest.approx(5.0, abs=0.1)
    assert_accessible(form)
    form.get_by_label("Prompt", exact=True).fill("As in the input video")
    settled(form)
    form.get_by_role("button", name="Generate").click()
    expect(form.get_by_role("link", name="Show it")).to_be_visible()
    send()
    [record] = sim.tasks
    kinds = [item["type"] for item in record.order.content]
    assert kinds == ["text", "video_url", "audio_url"]
    assert Task.objects.get().submission.uploads.count() == 2


def test_where_no_links_are_shared_a_video_is_not_even_uploaded(form: Page) -> None:
    posts: list[str] = []
    form.on("request", lambda sent: posts.append(sent.url))
    assert drop(form.get_by_label("Prompt", exact=True), mp4=CLIP)
    told = form.locator(".pictures-refused", has_text="DAILIES_SHARES_UPLOADS")
    expect(told).to_be_visible()
    choose_mode(form, "References to video")
    expect(part(form, "reference_video").locator("[data-closed]")).to_be_visible()
    expect(part(form, "reference_video").locator("input[type=file]")).to_have_count(0)
    expect(part(form, "reference_audio").locator("input[type=file]")).to_have_count(1)
    assert not any("/upload/" in url for url in posts)
    settled(form)
    assert_accessible(form)


@pytest.mark.usefixtures("shares")
def test_a_file_dropped_on_a_place_of_another_kind_goes_to_its_own(form: Page) -> None:
    choose_mode(form, "References to video")
    settled(form)
    assert drop(part(form, "reference_image"), wav=wav())
    expect(part(form, "reference_audio").locator(".upload audio")).to_be_visible()
    expect(part(form, "reference_image").locator(".upload")).to_have_count(0)


# Proxies


@pytest.fixture
def clip(make_task: MakeTask, save_copy: Any) -> Task:
    """A clip that Chromium cannot decode, with a small version that it can."""
    task = make_task(status="succeeded")
    copy: Copy = save_copy(task, HEVC, video_codec="hevc", proxy_hash="7" * 16)
    Copy.objects.filter(pk=copy.pk).update(proxy=save_copy(make_task(), CLIP).name)
    return task


def test_a_player_that_fails_offers_the_small_version(
    enter: Enter, viewer: User, clip: Task
) -> None:
    page = enter(viewer, clip.get_absolute_url())
    failed = page.locator("[data-unplayable]")
    expect(failed).to_be_visible()
    expect(failed.get_by_role("link")).to_have_attribute("href", f"/tasks/{clip.pk}/video?download")
    assert_accessible(page)
    failed.locator("[data-play-proxy]").click()
    expect(failed).to_be_hidden()
    video = page.locator("video[data-player]")
    page.wait_for_function("() => document.querySelector('video[data-player]').currentTime > 0")
    assert video.evaluate("video => [video.videoWidth, video.error]") == [960, None]


LIES = "HTMLMediaElement.prototype.canPlayType = () => 'probably';"
SPARES = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"


@pytest.mark.parametrize(
    "before", ["", LIES, SPARES, LIES + SPARES], ids="known drawn spared played".split()
)
def test_a_row_draws_and_plays_the_small_version_by_itself(
    enter: Enter, viewer: User, clip: Task, before: str
) -> None:
    """Known from the start, when its first frame cannot be drawn, or when it is to play."""
    page = enter(viewer, clip.get_absolute_url())
    page.add_init_script(before)
    page.goto(page.url.split("/tasks/")[0])
    screen = page.locator(f"#t{clip.pk}-screen")
    if SPARES not in before:
        drawn = screen.locator("[data-clip] img")
        expect(drawn).to_have_js_property("naturalWidth", 640)
        expect(screen.locator("video")).to_have_count(0)
    screen.locator("[data-clip-play]").click()
    video = screen.locator("video")
    expect(video).to_have_attribute("src", f"/tasks/{clip.pk}/proxy/{'7' * 16}")
    page.wait_for_function("video => video.currentTime > 0.2", arg=video.element_handle())
    expect(screen.locator("[data-unplayable]")).to_be_hidden()
    expect(page.locator(".is-broken")).to_have_count(0)
