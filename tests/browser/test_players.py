"""Chromium's own player before saved files that come in small parts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Page

from tasks.web.files import files
from tests.browser.conftest import Enter
from tests.conftest import MakeTask
from tests.web.conftest import save_copy  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

CLIP = (Path(settings.BASE_DIR) / "tasks/simulator/clips/sea.mp4").read_bytes()
PLAYER = """path => {
    const video = document.createElement("video");
    Object.assign(video, {id: "tried", muted: true, preload: "auto", src: path});
    document.body.append(video);
}"""
SEEK = """second => new Promise(done => {
    tried.onseeked = () => done(tried.currentTime);
    tried.currentTime = second;
})"""
SPAN = re.compile(r"bytes (\d+)-(\d+)/")
TO_THE_END = "() => new Promise(done => { tried.onended = () => done(true); tried.play(); })"


def test_a_saved_video_is_sought_and_played_in_parts(
    enter: Enter,
    viewer: User,
    make_task: MakeTask,
    save_copy: Any,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "PART", 16 * 1024)
    task = make_task()
    save_copy(task, CLIP)
    page: Page = enter(viewer)
    ranges: list[str] = []
    page.on("response", lambda got: ranges.append(got.headers.get("content-range", "")))
    page.evaluate(PLAYER, f"/tasks/{task.pk}/video")
    page.wait_for_function("() => tried.readyState === 4")
    assert page.evaluate(SEEK, 4.2) == pytest.approx(4.2)
    assert page.evaluate(TO_THE_END)
    assert page.evaluate("tried.error") is None
    lengths = [int(last) - int(first) + 1 for first, last in SPAN.findall(" ".join(ranges))]
    assert len(lengths) > 3 and max(lengths) == files.PART
