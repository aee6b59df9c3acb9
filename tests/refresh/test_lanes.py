"""What counts as news in an answer."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from tasks import lanes
from tasks.lanes import Finding, Lane, Question
from tasks.models import Credential
from tasks.providers.client import CONNECTIONS, Client

BASE_URL = "https://gateway.example"


@pytest.fixture
def ask(credential: Credential, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finding]:
    """ask({…}, known="…"): what a lane makes of this answer, knowing an earlier one."""

    def ask(answer: dict[str, object], *, known: str = "") -> Finding:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
        monkeypatch.setattr(lanes, "Client", lambda *a, **k: Client(*a, **k, transport=transport))
        question = Question(
            pk=1, remote_id="cgt-1", base_url=BASE_URL, service_tier="", known_digest=known
        )
        return asyncio.run(_found(Lane(credential), question))

    return ask


async def _found(lane: Lane, question: Question) -> Finding:
    lane.put([question])
    lane.start()
    while lane.is_busy:
        await asyncio.sleep(0)
    await lane.close()
    [finding] = lane.take_findings()
    return finding


RUNNING = {"id": "cgt-1", "status": "running", "created_at": 1784279786, "updated_at": 1784279790}


def test_a_stamp_on_each_answer_is_no_news(ask: Callable[..., Finding]) -> None:
    first = ask(RUNNING | {"stamp": 1})
    assert first.remote and not first.is_old_news
    assert ask(RUNNING | {"stamp": 2}, known=first.digest).is_old_news
    assert ask(RUNNING | {"stamp": 1}, known=first.digest).is_old_news


@pytest.mark.parametrize("field", ["status", "updated_at", "seed", "service_tier", "ratio"])
def test_whatever_we_read_is_news(field: str, ask: Callable[..., Finding]) -> None:
    other = {"status": "queued", "updated_at": 1784279800, "seed": 7}.get(field, "flex")
    found = ask(RUNNING | {field: other}, known=ask(RUNNING).digest)
    assert found.remote and not found.is_old_news


def test_no_more_connections_than_allowed_are_used_at_once() -> None:
    at_once: set[int] = set()
    crowd: list[int] = []

    async def reply(request: httpx.Request) -> httpx.Response:
        at_once.add(id(request))
        crowd.append(len(at_once))
        await asyncio.sleep(0.001)
        at_once.discard(id(request))
        return httpx.Response(200, content=json.dumps(RUNNING))

    async def ask_often() -> None:
        async with Client(BASE_URL, "key", transport=httpx.MockTransport(reply)) as client:
            await asyncio.gather(*(client.get("/task") for _ in range(3 * CONNECTIONS)))

    asyncio.run(ask_often())
    assert max(crowd) == CONNECTIONS and len(crowd) == 3 * CONNECTIONS
