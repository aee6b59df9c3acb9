"""The poller of a credential: which answers count as a change, and how many connections it uses."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from tasks.models import Credential
from tasks.providers.transport.client import CONNECTIONS, Client
from tasks.tracking import poller
from tasks.tracking.poller import CredentialPoller, PollRequest, PollResult

BASE_URL = "https://gateway.example"


@pytest.fixture
def ask(credential: Credential, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PollResult]:
    """ask({…}, known="…"): the poller's result for this answer, given an earlier one's digest."""

    def ask(answer: dict[str, object], *, known: str = "") -> PollResult:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
        monkeypatch.setattr(poller, "Client", lambda *a, **k: Client(*a, **k, transport=transport))
        request = PollRequest(
            pk=1, remote_id="cgt-1", base_url=BASE_URL, service_tier="", known_digest=known
        )
        return asyncio.run(_result_of(CredentialPoller(credential), request))

    return ask


async def _result_of(poller: CredentialPoller, request: PollRequest) -> PollResult:
    poller.enqueue([request])
    poller.start()
    while poller.is_busy:
        await asyncio.sleep(0)
    await poller.close()
    [result] = poller.take_results()
    return result


RUNNING = {"id": "cgt-1", "status": "running", "created_at": 1784279786, "updated_at": 1784279790}


def test_a_time_stamp_in_each_answer_is_no_change(ask: Callable[..., PollResult]) -> None:
    first = ask(RUNNING | {"stamp": 1})
    assert first.remote and not first.is_unchanged
    assert ask(RUNNING | {"stamp": 2}, known=first.digest).is_unchanged
    assert ask(RUNNING | {"stamp": 1}, known=first.digest).is_unchanged


@pytest.mark.parametrize("field", ["status", "updated_at", "seed", "service_tier", "ratio"])
def test_a_change_of_any_field_that_is_read_is_a_change(
    field: str, ask: Callable[..., PollResult]
) -> None:
    other = {"status": "queued", "updated_at": 1784279800, "seed": 7}.get(field, "flex")
    found = ask(RUNNING | {field: other}, known=ask(RUNNING).digest)
    assert found.remote and not found.is_unchanged


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
