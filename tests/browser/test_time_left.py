"""The rest of a running task ticks in the browser, by the same sums as on the server."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tasks.web.presenters.time_left import TimeLeft
from tests.browser.conftest import Enter
from tests.conftest import MakeTask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

KIND = {"model": "seedance-2-0", "resolution": "720p", "duration": 5}
USUAL = ((100, 101, 102, 103, 104, 105, 106, 107, 108, 109), (40, 50, 60, 70, 80, 90, 120, 150))
#: Draws one for each of the elapsed seconds, in a still time, and returns what they say.
DRAW = """([usual, elapsed]) => {
    const original = document.querySelector("[data-usual]");
    const drawn = elapsed.map((seconds) => {
        const each = original.cloneNode(true);
        each.dataset.usual = usual.join(" ");
        each.dataset.elapsed = seconds;
        original.parentNode.append(each);
        return each;
    });
    const now = performance.now();
    performance.now = () => now;
    return new Promise((done) => setTimeout(() => {
        done(drawn.map((each) => [
            each.querySelector("span").textContent,
            each.querySelector(".ring-done").getAttribute("stroke-dasharray"),
        ]));
    }, 1500));
}"""


def test_browser_and_server_tell_the_same_time_left(
    enter: Enter, member: User, make_task: MakeTask
) -> None:
    now = timezone.now()
    for seconds in USUAL[0]:
        times = {"running_at": now - timedelta(seconds=seconds), "ended_at": now}
        make_task(status="succeeded", **KIND, **times)
    running = make_task(running_at=now - timedelta(seconds=30), **KIND)
    page = enter(member, f"/tasks/{running.pk}/")
    left = page.locator("#task-status .time-left")
    expect(left).to_contain_text("about 1 min left")
    for usual in USUAL:
        elapsed = [0.5 + 7 * number for number in range(24)]
        told = page.evaluate(DRAW, [usual, elapsed])
        expected = [TimeLeft(each, usual) for each in elapsed]
        assert told == [[each.words, f"{each.percent} 100"] for each in expected]


def test_it_ticks_and_moves_nothing_beside_it(
    enter: Enter, member: User, make_task: MakeTask
) -> None:
    now = timezone.now()
    for seconds in USUAL[0]:
        times = {"running_at": now - timedelta(seconds=seconds), "ended_at": now}
        make_task(status="succeeded", **KIND, **times)
    make_task(running_at=now - timedelta(seconds=105), **KIND)
    page = enter(member)
    page.evaluate(
        """() => {
            window.shift = 0;
            new PerformanceObserver((list) => {
                for (const each of list.getEntries()) window.shift += each.value;
            }).observe({ type: "layout-shift" });
        }"""
    )
    left = page.locator(".take .time-left")
    expect(left).to_contain_text("taking longer than usual")  # after some seconds
    assert page.evaluate("window.shift") < 0.02
