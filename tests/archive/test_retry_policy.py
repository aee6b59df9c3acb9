"""Decisions after a failed try: repeat it, ask for another link, or give up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tasks.models import Copy, CopyState, Task
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tests.archive.conftest import CLIP, Save, Wait
from tests.archive.host import Host
from tests.tracking.conftest import Account, Clock, Follow, Look

pytestmark = pytest.mark.django_db


def test_a_file_that_is_missing_right_after_the_success_is_only_late(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = save(wait(f"{host.origin}/v.mp4"))
    assert (copy.trouble, copy.is_at_risk(clock.now)) == ("not_ready", False)
    assert copy.task.check_after is None
    assert clock.now < (copy.due_at or clock.now) <= clock.now + timedelta(seconds=30)
    host.put("/v.mp4", CLIP)
    assert save(copy, after=240).is_saved


NOT_READY = b'{"error":{"code":"video_not_ready","message":"video is not ready"}}'


def test_a_gateway_that_says_not_ready_is_waited_for(host: Host, wait: Wait, save: Save) -> None:
    copy = save(wait(host.put("/v.mp4", NOT_READY, status=400)))
    assert (copy.trouble, copy.state) == ("not_ready", CopyState.WAITING)
    host.put("/v.mp4", CLIP)
    assert save(copy, after=60).is_saved


def test_tries_become_rarer_but_never_stop(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = wait(host.put("/v.mp4", status=500))
    waits = []
    for _ in range(9):
        copy = save(copy)
        assert copy.due_at and copy.trouble == "server"
        waits.append((copy.due_at - clock.now).total_seconds())
    assert waits[0] < 5 < waits[4] < waits[8] <= 600
    assert copy.tries == 9


def test_the_retry_after_of_a_host_is_respected(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = save(wait(host.put("/v.mp4", status=429, headers={"Retry-After": "77"})))
    assert copy.trouble == "rate_limited"
    assert copy.due_at == clock.now + timedelta(seconds=77)


def test_the_nearer_the_end_the_sooner_the_next_try(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    url = host.put("/v.mp4", status=500)
    copy = save(wait(url, tries=8, link_ends_at=clock.now + timedelta(minutes=2)))
    assert copy.due_at and copy.due_at <= clock.now + timedelta(seconds=30)


def test_a_dead_link_asks_the_provider_once_for_another(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = save(wait(host.put("/v.mp4", status=403)))
    assert (copy.trouble, copy.state) == ("link_dead", CopyState.WAITING)
    assert copy.is_at_risk(clock.now)
    assert copy.task.check_after == clock.now


def test_a_fresh_link_saves_the_video(host: Host, wait: Wait, save: Save, clock: Clock) -> None:
    copy = save(wait(host.put("/v.mp4", status=403)))
    copy.task.video_url = host.put("/fresh.mp4", CLIP)
    Copy.objects.follow([copy.task], clock.now)
    copy = save(copy)
    assert copy.is_saved and host.asked[-1].path == "/fresh.mp4"


def answered(copy: Copy, clock: Clock, **fields: Any) -> None:
    """Leave the task as a sweep does whose provider said nothing new."""
    clock.go_on(30)
    fields = {"check_after": None, "asked_at": clock.now - timedelta(seconds=25)} | fields
    Task.objects.filter(pk=copy.task_id).update(**fields)


def test_a_link_that_is_over_and_not_replaced_is_gone(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = save(wait(host.put("/v.mp4", status=403), link_ends_at=clock.now))
    assert copy.state == CopyState.WAITING
    answered(copy, clock)
    copy = save(copy)
    assert (copy.state, copy.trouble, copy.due_at) == (CopyState.GONE, "link_dead", None)


@pytest.mark.parametrize(
    "state",
    [
        {"check_after": "now"},
        {"trouble": "server"},
        {"asked_at": "now"},
    ],
    ids=["not asked yet", "asked in vain", "the answer on its way"],
)
def test_nothing_is_given_up_before_the_provider_has_answered(
    state: dict[str, Any], host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = save(wait(host.put("/v.mp4", status=403), link_ends_at=clock.now))
    answered(copy, clock)
    now = {name: clock.now if value == "now" else value for name, value in state.items()}
    Task.objects.filter(pk=copy.task_id).update(**now)
    assert save(copy).state == CopyState.WAITING


def test_a_record_that_is_gone_upstream_cannot_be_asked(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = wait(host.put("/v.mp4", status=403), link_ends_at=clock.now)
    Task.objects.update(created_at=clock.now - timedelta(days=7))
    copy = save(copy)
    assert copy.state == CopyState.GONE
    assert copy.task.check_after is None


def test_a_403_before_the_links_own_end_may_pass(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = save(wait(host.put("/v.mp4", status=403)))
    answered(copy, clock)
    copy = save(copy)
    assert (copy.state, copy.trouble) == (CopyState.WAITING, "link_dead")
    host.put("/v.mp4", CLIP)
    assert save(copy, after=600).is_saved


HOUR = 3600


def shift(host: Host, clock: Clock, seconds: float) -> None:
    """Make our own clock wrong by so much from now on; the host's stays right."""
    start = clock.now
    clock.go_on(seconds)
    host.clock = lambda: clock.now - timedelta(seconds=seconds)
    assert host.clock() == start


def tried_again(copy: Copy, save: Save, clock: Clock) -> Copy:
    """Try twice; between, the provider was asked and had no other link."""
    copy = save(copy)
    answered(copy, clock)
    return save(copy)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
@pytest.mark.parametrize("ahead", [HOUR, 30 * HOUR], ids=["an hour", "thirty hours"])
def test_a_clock_that_is_ahead_gives_no_link_up_that_the_host_still_honours(
    host: Host, wait: Wait, save: Save, clock: Clock, status: int, ahead: float
) -> None:
    ends_at = clock.now + timedelta(minutes=50)
    copy = wait(host.put("/v.mp4", status=status), link_ends_at=ends_at)
    shift(host, clock, ahead)
    assert tried_again(copy, save, clock).state == CopyState.WAITING
    host.put("/v.mp4", CLIP)
    assert save(copy).is_saved


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, 30 * HOUR])
def test_a_link_that_has_ended_by_the_hosts_clock_is_over_whatever_ours_says(
    host: Host, wait: Wait, save: Save, clock: Clock, ahead: float
) -> None:
    copy = wait(host.put("/v.mp4", status=403), link_ends_at=clock.now)
    shift(host, clock, ahead)
    assert tried_again(copy, save, clock).state == CopyState.GONE


@pytest.mark.parametrize("status", [403, 500])
def test_where_no_host_tells_the_time_an_hour_of_ours_ends_nothing(
    host: Host, wait: Wait, save: Save, clock: Clock, status: int
) -> None:
    url = host.put("/v.mp4", status=status, tells_the_time=False)
    copy = tried_again(wait(url, link_ends_at=clock.now - timedelta(hours=1)), save, clock)
    assert (copy.state, copy.trouble) == (CopyState.WAITING, "link_dead")
    clock.go_on(24 * HOUR)
    assert tried_again(copy, save, clock).state == CopyState.GONE


def test_a_host_that_cannot_be_reached_says_nothing_of_the_link(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    url = "http://127.0.0.1:1/v.mp4"
    copy = tried_again(wait(url, link_ends_at=clock.now - timedelta(hours=1)), save, clock)
    assert copy.state == CopyState.WAITING


def test_a_wrong_setting_of_ours_says_nothing_of_the_link(
    host: Host, wait: Wait, save: Save, clock: Clock, settings: Any
) -> None:
    """A person may allow any minute what the guard refuses."""
    settings.PRIVATE_HOSTS = []
    url = host.put("/v.mp4", CLIP)
    copy = tried_again(wait(url, link_ends_at=clock.now - timedelta(hours=1)), save, clock)
    assert copy.state == CopyState.WAITING
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    assert save(copy).is_saved


def test_a_record_that_only_our_clock_calls_forgotten_is_asked_about(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = wait(host.put("/v.mp4", status=403), link_ends_at=clock.now)
    Task.objects.update(created_at=clock.now - timedelta(days=6, hours=23, minutes=30))
    shift(host, clock, HOUR)
    copy = save(copy)
    assert copy.state == CopyState.WAITING
    assert copy.task.check_after == clock.now


def test_a_410_is_believed_at_once(host: Host, wait: Wait, save: Save, clock: Clock) -> None:
    copy = save(wait(host.put("/v.mp4", status=410)))
    answered(copy, clock)
    assert save(copy).state == CopyState.GONE


def test_a_fresh_link_brings_back_what_was_gone(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    copy = wait(host.put("/v.mp4", status=410), state=CopyState.GONE, due_at=None)
    copy.task.video_url = host.put("/fresh.mp4", CLIP)
    Copy.objects.follow([copy.task], clock.now)
    assert save(copy).is_saved


def test_the_simulators_links_end_and_stay_ended(
    sim: Simulator, account: Account, follow: Follow, look: Look, save: Save, clock: Clock
) -> None:
    task = look(follow(account(), "sim:ok sim:queue=0 sim:run=60 sim:link=60", ago=90))
    copy = save(task.copies.get(), after=3600)
    assert (copy.trouble, copy.state) == ("link_dead", CopyState.WAITING)
    refresh.sweep(0, clock=clock)
    assert save(copy, after=60).state == CopyState.GONE


@pytest.mark.parametrize("preset", ["dataeyes", "tokenhot"])
def test_a_gateway_that_hears_403_upstream_has_a_dead_link(
    preset: str, account: Account, follow: Follow, look: Look, save: Save, clock: Clock
) -> None:
    prompt = "sim:ok sim:novideo sim:queue=0 sim:run=60 sim:link=60"
    task = look(follow(account(preset), prompt, ago=90))
    copy = save(task.copies.get(), after=3600)
    assert copy.trouble == "link_dead"
    refresh.sweep(0, clock=clock)
    assert save(copy, after=60).state == CopyState.GONE
