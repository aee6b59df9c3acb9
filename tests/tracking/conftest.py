"""A pretend provider, a clock that both it and the sweep read, and tasks on it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import pytest

from tasks.models import Credential, Project, Task
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tests.tracking.in_process import InProcess, Network, VirtualTime


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def unix(self) -> float:
        return self.now.timestamp()

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Replace waiting and sockets, unless the test is marked `sockets`."""
    network = Network(VirtualTime())
    if not request.node.get_closest_marker("sockets"):
        monkeypatch.setattr(time, "monotonic", network.time.monotonic)
        monkeypatch.setattr(time, "sleep", network.time.sleep)
        monkeypatch.setattr(asyncio.events, "new_event_loop", network.time.new_loop)
        monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: network)
    return network


@pytest.fixture(autouse=True)
def short_waits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten a sweep's pauses where they take real time; virtual ones cost only their turns."""
    if request.node.get_closest_marker("sockets"):
        monkeypatch.setattr(refresh, "IDLE_SLICE", 0.01)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sim(request: pytest.FixtureRequest, network: Network, clock: Clock) -> Iterator[Simulator]:
    over_sockets = request.node.get_closest_marker("sockets")
    made = Simulator(clock=clock.unix) if over_sockets else InProcess(network, clock=clock.unix)
    with made as simulator:
        yield simulator


Account = Callable[..., Credential]


@pytest.fixture
def account(db: None, sim: Simulator) -> Account:
    """account("dataeyes"): a credential of that preset at the simulator."""

    def account(preset: str = "volcengine", key: str = "sim-test", **fields: object) -> Credential:
        row = Credential(
            name=f"{preset} {key}", provider=preset, base_url=sim.base_url(preset), **fields
        )
        row.replace_key(key)
        row.save()
        return row

    return account


Follow = Callable[..., Task]


@pytest.fixture
def follow(project: Project, sim: Simulator, clock: Clock) -> Follow:
    """follow(credential, "a prompt"): make a task at the simulator and track it."""

    def follow(credential: Credential, prompt: str = "A paper boat", **fields: Any) -> Task:
        key = credential.reveal_key()
        remote_id = sim.create(prompt, preset=credential.provider, key=key, **fields)
        return track(remote_id, credential=credential, project=project, now=clock.now)

    return follow


def track(remote_id: str, *, credential: Credential, project: Project, now: datetime) -> Task:
    [task] = Task.objects.track(
        [remote_id], credential=credential, project=project, created_by=None, now=now
    )
    return task


Look = Callable[..., Task]


@pytest.fixture
def look(clock: Clock) -> Look:
    """look(task): let its next check come due and sweep once; the row as it then is."""

    def look(task: Task, *, after: float = 0) -> Task:
        clock.go_on(after)
        Task.objects.filter(pk=task.pk, check_after__isnull=False).update(check_after=clock.now)
        refresh.sweep(0, clock=clock)
        return Task.objects.get(pk=task.pk)

    return look
