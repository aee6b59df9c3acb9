"""The product's dialects read what the simulator writes, at every provider."""

import pytest

from tasks.providers import Answer, provider
from tasks.providers.answers import RemoteTask
from tasks.providers.status import Status
from tasks.simulator.presets import PRESETS
from tasks.simulator.server import Simulator
from tests.simulator.conftest import KEY, Client, Clock

SLUGS = [preset.slug for preset in PRESETS]
WITHOUT_TOKENS = {"openrouter", "wavespeed", "atlascloud"}


def read(sim: Simulator, slug: str, task_id: str) -> RemoteTask:
    dialect, client = provider(slug).dialect, Client(sim, slug)
    response = client.get(dialect.task_path(task_id))
    answer = Answer(
        status_code=response.status_code, headers=dict(response.headers), body=response.content
    )
    return dialect.read_task(answer, remote_id=task_id, base_url=client.base)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_task_is_followed_to_its_video(sim: Simulator, clock: Clock, slug: str) -> None:
    task_id = sim.create("sim:queue=31 sim:run=31", preset=slug, key=KEY)
    clock.forward(20)
    assert read(sim, slug, task_id).status is Status.QUEUED
    clock.forward(30)
    assert read(sim, slug, task_id).status is Status.RUNNING
    clock.forward(60)
    task = read(sim, slug, task_id)
    assert task.status is Status.SUCCEEDED
    assert task.total_tokens == (None if slug in WITHOUT_TOKENS else 108_900)
    assert task.cost_micros == (762_300 if slug == "openrouter" else None)
    assert task.video_url.startswith(sim.url)
    assert task.video_needs_key == (slug == "openrouter")
    if not task.video_needs_key:
        assert task.link_ends_at is not None
        days = 7 if slug in ("wavespeed", "atlascloud") else 1
        ends_at = int(sim.tasks[0].timeline.ends_at) + days * 86_400
        assert task.link_ends_at.timestamp() == ends_at


def test_a_copy_that_openrouter_keeps_has_a_link_that_says_its_end(
    sim: Simulator, clock: Clock
) -> None:
    task_id = sim.create("sim:queue=1 sim:run=1 sim:stored", preset="openrouter", key=KEY)
    clock.forward(60)
    task = read(sim, "openrouter", task_id)
    assert not task.video_needs_key and task.link_ends_at is not None


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    ("word", "status"),
    [("fail", Status.FAILED), ("expire", Status.EXPIRED), ("cancel", Status.CANCELLED)],
)
def test_every_bad_end_is_read(
    sim: Simulator, clock: Clock, slug: str, word: str, status: Status
) -> None:
    task_id = sim.create(f"sim:{word}", preset=slug, key=KEY)
    clock.forward(300)
    task = read(sim, slug, task_id)
    has_word = slug not in ("wavespeed", "atlascloud")
    assert task.status is (status if has_word else Status.FAILED)
    assert task.video_url == ""
    assert (word == "fail" or not has_word) == bool(task.error_message)


@pytest.mark.parametrize("slug", SLUGS)
def test_success_without_a_video_is_success(sim: Simulator, clock: Clock, slug: str) -> None:
    task_id = sim.create("sim:novideo", preset=slug, key=KEY)
    clock.forward(300)
    task = read(sim, slug, task_id)
    assert (task.status, task.video_url) == (Status.SUCCEEDED, "")
