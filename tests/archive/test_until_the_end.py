"""A paid video is tried for as long as its link lives, and shown as at risk all the while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.archive import Archive
from tasks.models import Copy, CopyState, Task
from tests.archive.conftest import CLIP, Wait, content
from tests.archive.host import Host
from tests.tracking.conftest import Clock

pytestmark = pytest.mark.django_db

LIFE = timedelta(hours=3)  # long enough for tries to become as rare as they ever are
LONGEST_WAIT = timedelta(minutes=10)  # between two tries
FAULTS = [
    {"status": 500},
    {"status": 403},
    {"body": CLIP, "cut": 0},
    {"body": CLIP[:-100], "length": len(CLIP) - 100},
]


def go_on(copy: Copy, clock: Clock) -> Copy:
    """Let the time of its next try come, and try."""
    assert copy.due_at, "nothing is tried any more"
    clock.now = max(clock.now, copy.due_at)
    Archive(clock=clock).run(0)
    return Copy.objects.select_related("task").get(pk=copy.pk)


@pytest.mark.parametrize("fault", FAULTS, ids=["500", "403", "breaks off", "shortened"])
def test_a_host_that_fails_until_shortly_before_the_end_costs_no_video(
    fault: dict[str, object], host: Host, wait: Wait, clock: Clock
) -> None:
    url = host.put("/v.mp4", **fault)  # type: ignore[arg-type]
    ends_at = clock.now + LIFE
    copy, tries = wait(url, link_ends_at=ends_at), 0
    while clock.now < ends_at - timedelta(minutes=5):
        before = clock.now
        copy, tries = go_on(copy, clock), tries + 1
        Task.objects.update(asked_at=clock.now, check_after=None)  # it has no other link
        assert clock.now - before <= LONGEST_WAIT
        assert copy.state == CopyState.WAITING and not copy.is_saved
        assert copy.is_at_risk(clock.now) or tries == 1
        assert copy.link_ends_at == ends_at
    host.put("/v.mp4", CLIP)
    while clock.now < ends_at and not copy.is_saved:
        copy = go_on(copy, clock)
    assert copy.is_saved and content(copy) == CLIP
