"""Several links to one film: they are tried in turn, and what came of each is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tasks.models import Copy, CopyState, Credential, Task
from tasks.models.copy_links import CopyLink, current
from tasks.providers import RemoteTask, VideoLink
from tasks.providers.status import Status
from tasks.tracking import refresh
from tests.archive.conftest import CLIP, Save, Wait, content
from tests.archive.host import Host
from tests.archive.test_retry_policy import answered
from tests.tracking.conftest import Account, Clock, Follow, Look

pytestmark = pytest.mark.django_db

DEAD: dict[str, Any] = {"status": 403}


@pytest.fixture
def film(wait: Wait, clock: Clock) -> Any:
    """film(url, url, …): a copy with these links, the first of which is to be tried."""

    def film(*found: str | CopyLink, **fields: Any) -> Copy:
        ends_at = fields.pop("ends_at", clock.now + timedelta(hours=24))
        links = [
            link if isinstance(link, CopyLink) else CopyLink(url=link, ends_at=ends_at)
            for link in found
        ]
        kept = [link.to_json() for link in links]
        return wait(links[0].url, links=kept, link_ends_at=ends_at, **fields)

    return film


def tries(copy: Copy) -> list[tuple[str, str, int]]:
    """Return path, trouble and number of the failed tries of each link."""
    return [
        (link.url.rpartition("/")[2], each.trouble, each.times)
        for link in copy.every_link
        for each in link.tries
    ]


def test_the_next_link_is_tried_at_once_when_one_is_dead(
    host: Host, film: Any, save: Save, clock: Clock
) -> None:
    gone = clock.now - timedelta(hours=1)
    copy = film(host.put("/a.mp4", **DEAD), host.put("/b.mp4", CLIP))
    Task.objects.update(ended_at=gone)
    copy = save(copy)
    assert (copy.state, copy.due_at, copy.trouble) == (CopyState.WAITING, clock.now, "")
    assert copy.task.check_after is None
    copy = save(copy)
    assert copy.is_saved and content(copy) == CLIP
    assert tries(copy) == [("a.mp4", "link_dead", 1)]
    assert [asked.path for asked in host.asked] == ["/a.mp4", "/b.mp4"]


@pytest.mark.parametrize(
    ("link", "trouble"),
    [
        ("http://10.0.0.8:3000/x.mp4", "private_address"),
        ("http://192.168.1.1/v1/x.mp4", "private_address"),
        ("https://user@cdn.example/x.mp4", "odd_address"),
    ],
)
def test_an_address_that_the_guard_refuses_stops_no_other_link(
    link: str, trouble: str, host: Host, film: Any, save: Save
) -> None:
    copy = save(film(link, host.put("/b.mp4", CLIP)))
    assert tries(copy) == [("x.mp4", trouble, 1)]
    assert save(copy).is_saved


def test_what_is_no_film_stops_no_other_link(host: Host, film: Any, save: Save) -> None:
    page = host.put("/a.mp4", b"<!doctype html><title>Sign in</title>")
    copy = save(film(page, host.put("/b.mp4", CLIP)))
    assert tries(copy) == [("a.mp4", "not_a_video", 1)]
    copy = save(copy)
    assert copy.is_saved and content(copy) == CLIP


def test_a_trouble_that_passes_leaves_the_link_three_tries(
    host: Host, film: Any, save: Save, clock: Clock
) -> None:
    copy = film(host.put("/a.mp4", status=503), host.put("/b.mp4", CLIP))
    for _ in range(2):
        copy = save(copy)
        assert copy.url.endswith("/a.mp4") and copy.due_at and copy.due_at > clock.now
        assert copy.trouble == "server"
    copy = save(copy)
    assert (copy.url.endswith("/b.mp4"), copy.due_at) == (True, clock.now)
    assert tries(copy) == [("a.mp4", "server", 3)]


def test_a_file_that_has_begun_to_come_is_not_begun_anew_elsewhere(
    host: Host, film: Any, save: Save
) -> None:
    copy = film(host.put("/a.mp4", CLIP, cut=20_000), host.put("/b.mp4", CLIP))
    for _ in range(4):
        copy = save(copy)
    assert copy.url.endswith("/a.mp4") and copy.bytes_done > 20_000
    host.put("/a.mp4", CLIP)
    assert save(copy).is_saved
    assert {asked.path for asked in host.asked} == {"/a.mp4"}


def test_nothing_of_one_link_is_taken_for_the_file_of_another(
    host: Host, film: Any, save: Save
) -> None:
    copy = film(host.put("/a.mp4", CLIP, cut=20_000), host.put("/b.mp4", CLIP))
    copy = save(copy)
    assert copy.bytes_done
    host.put("/a.mp4", status=410)
    copy = save(copy)
    assert (copy.bytes_done, copy.bytes_total, copy.etag) == (0, None, "")
    copy = save(copy)
    assert copy.is_saved and content(copy) == CLIP
    assert "range" not in host.asked[-1].headers


def test_only_when_all_are_dead_the_provider_is_asked_for_others_once(
    host: Host, film: Any, save: Save, clock: Clock
) -> None:
    copy = film(host.put("/a.mp4", **DEAD), host.put("/b.mp4", **DEAD))
    assert save(copy).task.check_after is None
    copy = save(copy)
    assert (copy.trouble, copy.task.check_after) == ("link_dead", clock.now)
    assert copy.url.endswith("/a.mp4") and copy.due_at and copy.due_at > clock.now
    answered(copy, clock)
    copy = save(save(copy))
    assert copy.task.check_after is None
    assert tries(copy) == [("a.mp4", "link_dead", 2), ("b.mp4", "link_dead", 2)]


def test_a_film_is_gone_only_when_all_of_its_links_are_over(
    host: Host, film: Any, save: Save, clock: Clock
) -> None:
    over, lives = clock.now, clock.now + timedelta(hours=3)
    first = CopyLink(url=host.put("/a.mp4", **DEAD), ends_at=over)
    second = CopyLink(url=host.put("/b.mp4", **DEAD), ends_at=lives)
    copy = save(save(film(first, second, ends_at=over)))
    answered(copy, clock)
    copy = save(save(copy))
    assert copy.state == CopyState.WAITING
    clock.go_on(4 * 3600)
    copy = save(save(copy))
    assert (copy.state, copy.trouble, copy.due_at) == (CopyState.GONE, "link_dead", None)


def test_a_link_that_nobody_asks_for_keeps_no_dead_film_alive(
    host: Host, film: Any, save: Save, clock: Clock
) -> None:
    """Alone it would be waited for until a person allows its host."""
    copy = film(host.put("/a.mp4", **DEAD), "http://10.0.0.8:3000/b.mp4", ends_at=clock.now)
    copy = save(save(copy))
    assert copy.task.check_after == clock.now
    answered(copy, clock)
    assert save(save(copy)).state == CopyState.GONE


def test_a_link_in_a_trouble_that_passes_keeps_the_film_and_its_words_are_shown(
    host: Host, film: Any, save: Save, clock: Clock
) -> None:
    copy = film(host.put("/a.mp4", status=410), host.put("/b.mp4", status=503))
    for _ in range(4):
        copy = save(copy)
    assert (copy.state, copy.trouble) == (CopyState.WAITING, "server")
    assert copy.task.check_after == clock.now  # for what replaces the dead one


# The key


def test_the_key_goes_to_the_credentials_own_host_alone(
    host: Host, film: Any, save: Save, account: Account
) -> None:
    copy = film(host.put("/a.mp4", **DEAD), host.put("/b.mp4", CLIP))
    Credential.objects.update(base_url=host.origin)
    Task.objects.update(ended_at=None, created_at=copy.created_at - timedelta(hours=1))
    own = CopyLink(url=f"{host.origin}/b.mp4", needs_key=True)
    elsewhere = CopyLink(url="https://gw.example/v1/videos/x/content", needs_key=True)
    first = copy.every_link[0]
    links = [elsewhere.to_json(), first.to_json(), own.to_json()]
    Copy.objects.update(links=links, url=elsewhere.url, needs_key=True)
    copy = save(copy)
    assert tries(copy) == [("content", "no_key", 1)]
    copy = save(save(copy))
    assert copy.is_saved
    sent = [asked.headers.get("authorization", "") for asked in host.asked]
    assert sent[0] == "" and sent[1].startswith("Bearer ")


# What an answer brings


def described(task: Task, *found: str, clock: Clock) -> Task:
    """Let an answer with these links be applied to the task, as the sweep does."""
    first, *others = [VideoLink(url=url) for url in found]
    remote = RemoteTask(
        id=task.remote_id,
        status=Status.SUCCEEDED,
        status_word="succeeded",
        raw={},
        video_url=first.url,
        other_links=tuple(others),
    )
    task.provider = "volcengine"  # which has no stream of its own
    task.apply_answer(remote, "", clock.now)
    Copy.objects.follow([task], clock.now)
    return task


A, B, C = (f"https://{name}.example/v.mp4" for name in "abc")


def test_all_links_of_an_answer_are_kept_in_their_order(wait: Wait, clock: Clock) -> None:
    task = wait(A).task
    Copy.objects.all().delete()
    described(task, B, C, A, clock=clock)
    copy = Copy.objects.get()
    assert [link.url for link in copy.every_link] == [B, C, A]
    assert (copy.url, task.video_url) == (B, B)
    assert all(link.ends_at == copy.link_ends_at for link in copy.every_link)


def test_a_new_link_is_tried_at_once_and_the_tries_of_the_others_are_kept(
    wait: Wait, clock: Clock
) -> None:
    task = wait(A).task
    described(task, A, B, clock=clock)
    copy = Copy.objects.get()
    tried = [link.after_try(clock.now, "link_dead", "HTTP 403") for link in copy.every_link]
    Copy.objects.update(
        links=[replace(link, is_over=True).to_json() for link in tried],
        state=CopyState.GONE,
        due_at=None,
        trouble="link_dead",
    )
    described(task, A, C, clock=clock)
    copy = Copy.objects.get()
    assert (copy.url, copy.state, copy.due_at) == (C, CopyState.WAITING, clock.now)
    assert [link.url for link in current(copy.every_link)] == [A, C]
    assert tries(copy) == [("v.mp4", "link_dead", 1)] * 2
    assert [link.url for link in copy.every_link if link.is_former] == [B]


def test_a_former_link_is_remembered_without_what_makes_it_a_key() -> None:
    link = CopyLink(url=f"{A}?X-Tos-Signature=5").as_former()
    assert (link.url, link.is_former) == (A, True)


def test_a_file_on_its_way_is_not_disturbed_by_further_links(wait: Wait, clock: Clock) -> None:
    copy = wait(A, state=CopyState.SAVING, bytes_done=7, due_at=clock.now + timedelta(seconds=9))
    described(copy.task, A, B, clock=clock)
    latest = Copy.objects.get()
    assert (latest.url, latest.bytes_done, latest.due_at) == (A, 7, copy.due_at)
    assert [link.url for link in latest.every_link] == [A, B]


def test_an_answer_with_fewer_links_takes_none_away(wait: Wait, clock: Clock) -> None:
    task = wait(A).task
    described(task, A, B, clock=clock)
    described(task, A, clock=clock)
    assert [link.url for link in Copy.objects.get().every_link] == [A, B]


def test_save_now_asks_again_for_links_of_dead_ones(
    host: Host, film: Any, save: Save, clock: Clock
) -> None:
    copy = save(save(film(host.put("/a.mp4", status=410), host.put("/b.mp4", status=410))))
    answered(copy, clock)
    copy = save(save(copy))
    assert copy.state == CopyState.GONE
    Copy.objects.all().save_now(clock.now)
    copy = save(save(copy))
    assert (copy.state, copy.task.check_after) == (CopyState.WAITING, clock.now)


@pytest.mark.parametrize("preset", ["dataeyes", "tokenhot"])
def test_behind_a_dead_link_a_gateways_own_stream_is_tried(
    preset: str, account: Account, follow: Follow, look: Look, save: Save, clock: Clock
) -> None:
    task = look(follow(account(preset), "sim:ok sim:queue=0 sim:run=60", ago=90))
    copy = task.copies.get()
    stream = f"{task.base_url}/v1/videos/{task.remote_id}/content"
    assert [link.url for link in copy.every_link] == [task.video_url, stream]
    dead = replace(copy.every_link[0], url=f"{task.video_url}x")
    Copy.objects.update(url=dead.url, links=[dead.to_json(), copy.every_link[1].to_json()])
    copy = save(save(copy, after=900))
    assert copy.is_saved and copy.url == stream


@pytest.mark.parametrize(("word", "tried"), [("behind", []), ("behind=dead", ["link_dead"])])
def test_a_gateway_behind_a_gateway_gives_its_film(
    word: str,
    tried: list[str],
    account: Account,
    follow: Follow,
    look: Look,
    save: Save,
    clock: Clock,
) -> None:
    """The inner gateway's own link, at localhost:3000 and under its own id, is never asked for."""
    task = look(follow(account("newapi"), f"sim:ok sim:{word} sim:queue=0 sim:run=60", ago=900))
    copy = task.copies.get()
    stream = f"{task.base_url}/v1/videos/{task.remote_id}/content"
    assert [link.url for link in copy.every_link] == [task.video_url, stream]
    assert "X-Tos-Signature" in task.video_url and not task.video_needs_key
    clock.go_on(900)
    copy = save(copy)
    if tried:
        copy = save(copy)
    assert copy.is_saved
    assert [trouble for _, trouble, _ in tries(copy)] == tried
    assert copy.url == (stream if tried else task.video_url)


def test_a_film_that_an_earlier_release_left_with_anothers_link_is_read_anew(
    account: Account, follow: Follow, look: Look, save: Save, clock: Clock
) -> None:
    """The answer is the same as then: it had all links all the time."""
    task = look(follow(account("newapi"), "sim:ok sim:behind sim:queue=0 sim:run=60", ago=900))
    right = task.video_url
    wrong = f"{task.base_url}/v1/videos/task_other/content"
    Task.objects.update(video_url=wrong, video_needs_key=True, link_ends_at=None)
    Copy.objects.update(url=wrong, needs_key=True, link_ends_at=None, links=None)
    clock.go_on(900)
    copy = save(task.copies.get())
    assert copy.trouble == "link_dead"
    refresh.sweep(0, clock=clock)
    copy = save(copy)
    assert copy.is_saved and copy.url == right
