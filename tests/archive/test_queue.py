"""The order of the queue, the number of files at once, and claims that exclude each other."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tasks import archive
from tasks.archive import Archive, claims, pool
from tasks.archive.job import host_of
from tasks.archive.pool import PER_HOST
from tasks.models import Copy, CopyState, Lease, Task
from tests.archive.conftest import CLIP, Save, Wait, content
from tests.archive.host import Host, running_host
from tests.processes.conftest import eventually
from tests.tracking.conftest import Clock

in_threads = pytest.mark.django_db(transaction=True)
pytestmark = pytest.mark.django_db


def claim(clock: Clock, room: int = 8, busy: dict[str, int] | None = None) -> list[Copy]:
    return claims.claim(clock.now, room=room, busy=Counter(busy or {}), skip=())


def test_the_copy_whose_link_ends_first_comes_first(wait: Wait, clock: Clock) -> None:
    hours = {"a": 9, "b": 3, "c": None, "d": 1}
    for name, left in hours.items():
        end = None if left is None else clock.now + timedelta(hours=left)
        wait(f"https://{name}.example/v.mp4", link_ends_at=end)
    assert [copy.url[8] for copy in claim(clock)] == ["d", "b", "a", "c"]


def test_a_full_host_hides_no_other_one(wait: Wait, clock: Clock) -> None:
    for number in range(20):
        wait(f"https://one.example/{number}.mp4")
    wait("https://one.example.evil/v.mp4", link_ends_at=None)
    wait("https://two.example/v.mp4", link_ends_at=None)
    found = Counter(host_of(copy.url) for copy in claim(clock, busy={"https://one.example/": 1}))
    assert found == {
        "https://one.example/": PER_HOST - 1,
        "https://one.example.evil/": 1,
        "https://two.example/": 1,
    }


def test_links_without_a_path_have_their_share_too(wait: Wait, clock: Clock) -> None:
    for number in range(20):
        wait(f"https://one.example?clip={number}")
    assert len(claim(clock)) == PER_HOST
    assert claim(clock, busy={"https://one.example/": PER_HOST}) == []


def test_no_more_than_there_is_room_for(wait: Wait, clock: Clock) -> None:
    for number in range(9):
        wait(f"https://{number}.example/v.mp4")
    assert len(claim(clock, room=4)) == 4


def test_a_claimed_copy_is_not_claimed_again(wait: Wait, clock: Clock) -> None:
    copy = wait("https://a.example/v.mp4")
    change = copy.task.change
    assert [c.pk for c in claim(clock)] == [copy.pk]
    assert claim(clock) == []
    copy = Copy.objects.get()
    assert (copy.state, copy.task.change) == (CopyState.SAVING, change + 1)


def test_a_copy_claimed_by_a_dead_process_comes_due_again(wait: Wait, clock: Clock) -> None:
    copy = wait("https://a.example/v.mp4")
    claim(clock)
    clock.go_on(claims.CLAIM.total_seconds() + 1)
    assert [c.pk for c in claim(clock)] == [copy.pk]


def test_a_clock_that_was_set_back_puts_nothing_off_for_ever(wait: Wait, clock: Clock) -> None:
    copy = wait("https://a.example/v.mp4", due_at=clock.now + timedelta(days=3))
    assert [c.pk for c in claim(clock)] == [copy.pk]


@in_threads
def test_two_archives_never_claim_the_same(wait: Wait, clock: Clock) -> None:
    for number in range(60):
        wait(f"https://{number}.example/v.mp4")
    found: list[int] = []
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        for _ in range(30):
            found.extend(copy.pk for copy in claim(clock, room=3))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 60


def test_several_come_at_once_but_few_from_one_host(
    host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    gate = threading.Event()
    for number in range(6):
        wait(host.put(f"/{number}.mp4", CLIP, gate=gate))
    with running_host() as other:
        wait(other.put("/v.mp4", CLIP))
        open_when_full = threading.Thread(target=_open_when_full, args=(gate, host))
        open_when_full.start()
        for _ in range(3):
            Archive(clock=clock).run(0.2)
        open_when_full.join()
    assert host.most_open == PER_HOST
    assert Copy.objects.filter(state=CopyState.SAVED).count() == 7


@pytest.fixture
def long_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that was quick counts as quick, however slow this machine is."""
    monkeypatch.setattr(pool, "RECENT_SECONDS", 60.0)


@in_threads
@pytest.mark.usefixtures("long_memory")
def test_a_long_queue_of_quick_files_takes_few_claims(
    host: Host, wait: Wait, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, claimed = claims.claim, []

    def counted(*args: Any, **kwargs: Any) -> list[Copy]:
        claimed.append(claim(*args, **kwargs))
        return claimed[-1]

    monkeypatch.setattr(claims, "claim", counted)
    for number in range(40):
        wait(host.put(f"/{number}.mp4", CLIP))
    with working(clock):
        eventually(lambda: not Copy.objects.unsaved().exists(), within=20)
    assert host.most_open <= PER_HOST
    assert len(host.asked) == sum(map(len, claimed)) == 40
    assert len([copies for copies in claimed if copies]) < 20


@in_threads
def test_no_file_of_a_slow_host_is_claimed_ahead(host: Host, wait: Wait, clock: Clock) -> None:
    gate = threading.Event()
    for number in range(9):
        wait(host.put(f"/{number}.mp4", CLIP, gate=gate))
    with working(clock):
        eventually(lambda: host.open == PER_HOST, within=5)
        time.sleep(3 * archive.TURN)
        assert Copy.objects.filter(state=CopyState.SAVING).count() == PER_HOST
        gate.set()
        eventually(lambda: not Copy.objects.unsaved().exists(), within=20)


@in_threads
@pytest.mark.usefixtures("long_memory")
def test_a_host_that_falls_silent_with_files_in_hand_keeps_no_other_one_waiting(
    host: Host, wait: Wait, clock: Clock
) -> None:
    gate = threading.Event()
    for number in range(20):
        wait(host.put(f"/{number}.mp4", CLIP, gate=gate if number > 7 else None))
    with running_host() as other, working(clock):
        eventually(lambda: Copy.objects.filter(state=CopyState.SAVING).count() > 8, within=5)
        late = [wait(other.put(f"/{number}.mp4", CLIP)).pk for number in range(6)]
        saved = Copy.objects.filter(pk__in=late, state=CopyState.SAVED)
        eventually(lambda: saved.count() == len(late), within=10)
        eventually(lambda: states()[CopyState.SAVED] == 8 + len(late), within=10)
        gate.set()


@in_threads
@pytest.mark.usefixtures("long_memory")
def test_claims_are_given_back_when_the_archive_is_asked_to_end(
    host: Host, wait: Wait, clock: Clock
) -> None:
    gate = threading.Event()
    for number in range(12):
        wait(host.put(f"/{number}.mp4", CLIP, gate=gate if number > 5 else None))
    with working(clock):
        eventually(lambda: states()[CopyState.SAVED] == 6, within=10)
        eventually(lambda: states()[CopyState.SAVING] > PER_HOST, within=5)
        assert host.open <= PER_HOST
    assert states() == {CopyState.SAVED: 6, CopyState.WAITING: 6}
    gate.set()


def states() -> Counter[str]:
    """Count the copies in each state."""
    return Counter(Copy.objects.values_list("state", flat=True))


def _open_when_full(gate: threading.Event, host: Host) -> None:
    """Open the gate when the host is full, or after a while, so that a failing test ends."""
    with suppress(AssertionError):
        eventually(lambda: host.open >= PER_HOST, within=20)
    gate.set()


# Save now


def test_save_now_tries_at_once_as_if_nothing_had_failed(wait: Wait, clock: Clock) -> None:
    later = clock.now + timedelta(minutes=5)
    tired = wait("https://a.example/v.mp4", due_at=later, tries=9, trouble="server")
    gone = wait("https://b.example/v.mp4", state=CopyState.GONE, due_at=None, trouble="link_dead")
    before = {copy.pk: copy.task.change for copy in (tired, gone)}
    assert Copy.objects.filter(pk__in=before).save_now(clock.now) == 2
    for copy in Copy.objects.select_related("task"):
        assert (copy.state, copy.due_at, copy.tries) == (CopyState.WAITING, clock.now, 0)
        assert copy.trouble == ""
        assert copy.task.change > before[copy.pk]


@pytest.mark.parametrize("state", [CopyState.SAVED, CopyState.SAVING])
def test_save_now_leaves_other_copies_alone(state: str, wait: Wait, clock: Clock) -> None:
    due_at = None if state == CopyState.SAVED else clock.now + timedelta(seconds=20)
    copy = wait("https://a.example/v.mp4", state=state, due_at=due_at)
    assert Copy.objects.all().save_now(clock.now) == 0
    copy.refresh_from_db()
    assert (copy.state, copy.due_at) == (state, due_at)


# While it works


@contextmanager
def working(clock: Clock | None = None) -> Iterator[None]:
    """An archive in a thread, for as long as the block lasts."""
    its = Archive(**({"clock": clock} if clock else {}))
    end = threading.Event()

    def work() -> None:
        while not end.is_set():
            its._with_database(its._turn)
            its._rest()
        its._close()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


@in_threads
def test_progress_is_shown_while_a_file_comes(
    host: Host, wait: Wait, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    gate = threading.Event()
    copy = wait(host.put("/v.mp4", CLIP, gate=gate))

    def progress() -> bool:
        copy.refresh_from_db()
        return copy.bytes_done > 0

    with working(clock):
        eventually(progress, within=5)
        assert (copy.state, copy.bytes_total) == (CopyState.SAVING, len(CLIP))
        change = Task.objects.get().change
        assert change > 2  # made, claimed, and told how far it is
        gate.set()
        eventually(lambda: Copy.objects.get().is_saved, within=5)
    assert Task.objects.get().change > change


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.archive import partial_file

    monkeypatch.setattr(partial_file, "SYNC_SECONDS", 0.0)
    monkeypatch.setattr(archive, "RENEW_SECONDS", 0.05)


@in_threads
def test_a_fresh_link_stops_what_comes_from_the_old_one(
    host: Host, wait: Wait, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    copy = wait(host.put("/old.mp4", CLIP, gate=threading.Event()))
    with working(clock):
        eventually(lambda: host.asked, within=5)
        copy.task.video_url = host.put("/fresh.mp4", CLIP)
        Copy.objects.follow([copy.task], clock.now)
        eventually(lambda: Copy.objects.get().is_saved, within=5)
    assert [asked.path for asked in host.asked] == ["/old.mp4", "/fresh.mp4"]
    assert content(Copy.objects.get()) == CLIP


@in_threads
def test_a_running_archive_gives_back_its_claims_when_asked_to_end(
    host: Host, wait: Wait, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    copy = wait(host.put("/v.mp4", CLIP, gate=threading.Event()))
    with working(clock):
        eventually(lambda: Copy.objects.get().bytes_done > 0, within=5)
    copy.refresh_from_db()
    assert (copy.state, copy.due_at) == (CopyState.WAITING, clock.now)
    assert copy.bytes_done == len(CLIP) // 2
    assert Lease.objects.get(name="archive").until == clock.now


@in_threads
def test_a_second_archive_stands_by(host: Host, wait: Wait, clock: Clock) -> None:
    Lease.objects.take("archive", "another", now=clock.now, seconds=10)
    copy = wait(host.put("/v.mp4", CLIP))
    Archive(clock=clock).run(0.1)
    copy.refresh_from_db()
    assert (copy.state, host.asked) == (CopyState.WAITING, [])
    clock.go_on(11)
    Archive(clock=clock).run(0)
    copy.refresh_from_db()
    assert copy.is_saved
