"""A running simulator whose clock only moves when a test says so."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tasks.simulator.server import Simulator

KEY = "sim-tests"
NATIVE_TASKS = "/contents/generations/tasks"
GENERATIONS = "/v1/video/generations"
PRO_1_0 = "doubao-seedance-1-0-pro-250528"
PRO_1_5 = "doubao-seedance-1-5-pro-251215"
IMAGE = {"type": "image_url", "image_url": {"url": "https://images.example.com/a.jpg"}}


#: One client without a key for all tests; it loads no certificates, which would take 20 ms.
WEB = httpx.Client(timeout=5, verify=False)


class Clock:
    """A clock in Unix seconds that moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.25

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Iterator[Simulator]:
    with Simulator(clock=clock) as simulator:
        yield simulator


class Client:
    """An HTTP client with a key, below one preset's base URL."""

    def __init__(self, sim: Simulator, slug: str = "volcengine", key: str = KEY) -> None:
        self.slug = slug
        self.http = httpx.Client(
            headers={"Authorization": f"Bearer {key}"}, timeout=5, verify=False
        )
        self.base = sim.base_url(slug)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.http.request(method, self.base + path, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def native_task(self, task_id: str) -> dict[str, Any]:
        return self.get(f"{NATIVE_TASKS}/{task_id}").json()

    def envelope(self, task_id: str) -> dict[str, Any]:
        return self.get(f"{GENERATIONS}/{task_id}").json()["data"]


def native_body(prompt: str = "A quiet harbour", **fields: Any) -> dict[str, Any]:
    body = {
        "model": "doubao-seedance-2-0-260128",
        "content": [{"type": "text", "text": prompt}],
    }
    return body | fields
