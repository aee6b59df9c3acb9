"""Our own dialects read what the simulator writes, at every provider."""

import pytest

from tasks.providers import Answer, provider
from tasks.providers.base import RemoteTask
from tasks.simulator.presets import PRESETS
from tasks.simulator.server import Simulator
from tasks.status import Status
from tests.simulator.conftest import KEY, Client, Clock

SLUGS = [preset.slug for preset in PRESETS]


def read(sim: Simulator, slug: str, task_id: str) -> RemoteTask:
    dialect, client = provider(slug).dialect, Client(sim, slug)
    got = client.get(dialect.task_path(task_id))
    answer = Answer(status_code=got.status_code, headers=dict(got.headers), body=got.content)
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
    assert (task.status, task.total_tokens) == (Status.SUCCEEDED, 108_900)
    assert task.video_url.startswith(sim.url)
    assert task.link_ends_at is not None
    assert task.link_ends_at.timestamp() == int(sim.tasks[0].story.ends_at) + 86_400


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    ("wish", "status"),
    [("fail", Status.FAILED), ("expire", Status.EXPIRED), ("cancel", Status.CANCELLED)],
)
def test_every_bad_end_is_understood(
    sim: Simulator, clock: Clock, slug: str, wish: str, status: Status
) -> None:
    task_id = sim.create(f"sim:{wish}", preset=slug, key=KEY)
    clock.forward(300)
    task = read(sim, slug, task_id)
    assert task.status is status
    assert task.video_url == ""
    assert (wish == "fail") == bool(task.error_message)


@pytest.mark.parametrize("slug", SLUGS)
def test_success_without_a_video_is_success(sim: Simulator, clock: Clock, slug: str) -> None:
    task_id = sim.create("sim:novideo", preset=slug, key=KEY)
    clock.forward(300)
    task = read(sim, slug, task_id)
    assert (task.status, task.video_url) == (Status.SUCCEEDED, "")
