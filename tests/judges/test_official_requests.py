"""Requests to Ark, each as its official SDK would send it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings

from tasks.providers import Provider, provider
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.registry import PROVIDERS
from tests.judges import environments
from tests.providers.generations import any_generation
from tests.providers.requests_table import SENT

HERE = Path(__file__).parent
IDS = ("cgt-20261120120000-aaaaa", "cgt-20261120120000-bbbbb")
LISTERS = [service for service in PROVIDERS if service.can_list_by_id]
CANCELLERS = [service for service in PROVIDERS if service.can_cancel]

pytestmark = pytest.mark.xdist_group("judges from PyPI")

#: sent("delete", task_id="cgt-1"): the request of this call of the SDK.
Sent = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def official() -> Iterator[Callable[[str], Sent]]:
    """Start each SDK's process when it is first asked for, and end them with the session."""
    with ExitStack() as stack:
        running: dict[str, subprocess.Popen[str]] = {}

        def sdk(module: str) -> Sent:
            if module not in running:
                running[module] = stack.enter_context(_start(module))
            return lambda call, **arguments: _ask(running[module], call, arguments)

        yield sdk


def _start(module: str) -> subprocess.Popen[str]:
    command = [str(environments.python()), str(HERE / "sdk_requests.py"), module]
    return subprocess.Popen(
        command,
        env=environments.variables(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ask(process: subprocess.Popen[str], call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin and process.stdout
    print(json.dumps({"call": call, "arguments": arguments}), file=process.stdin, flush=True)
    return dict(json.loads(process.stdout.readline()))


@pytest.fixture(scope="session")
def volcengine(official: Callable[[str], Sent]) -> Sent:
    return official("volcenginesdkarkruntime")


@pytest.fixture(params=["volcenginesdkarkruntime", "byteplussdkarkruntime"])
def sent(request: pytest.FixtureRequest, official: Callable[[str], Sent]) -> Sent:
    return official(request.param)


def ours(method: str, path: str | None, body: object = None) -> dict[str, Any]:
    """Write a request of ours as sdk_requests.py does; the order of filters means nothing."""
    assert path
    path, _, query = path.partition("?")
    pairs = sorted(map(list, parse_qsl(query)))
    return {"method": method, "path": path, "query": pairs, "body": body}


@given(asked=any_generation)
@settings(max_examples=60)
def test_a_create_is_what_the_official_sdk_sends(
    volcengine: Sent, asked: GenerationRequest
) -> None:
    assert asked.catalogued
    request = provider("volcengine").dialect.create_request(asked, asked.catalogued)
    body = json.loads(json.dumps(request.body))
    expected = volcengine("create", **body)
    expected["body"] = {k: value for k, value in expected["body"].items() if value is not None}
    assert ours("POST", request.path, body) == expected


def test_the_table_of_requests_has_every_field_of_the_official_sdk(volcengine: Sent) -> None:
    """Fields that are not given are sent as null."""
    fields = volcengine("create", model="ep-1", content=[])["body"].keys()
    places = {place.partition(".")[0] for place, _ in SENT["native"].values()}
    assert fields == places | {"model", "omni_reference_task_type"}


@pytest.mark.parametrize("service", LISTERS, ids=lambda service: service.slug)
@pytest.mark.parametrize("tier", ["", "flex"])
def test_lists_are_what_the_official_sdk_sends(service: Provider, tier: str, sent: Sent) -> None:
    named = service.dialect.list_path(IDS, service_tier=tier)
    expected = sent("list", page_num=1, page_size=2, task_ids=list(IDS), service_tier=tier)
    assert ours("GET", named) == expected
    page = service.dialect.page_request(3, size=200, service_tier=tier)
    assert page
    expected = sent("list", page_num=3, page_size=200, service_tier=tier)
    assert ours("GET", page.path) == expected


@pytest.mark.parametrize("service", CANCELLERS, ids=lambda service: service.slug)
def test_cancels_and_polls_are_what_the_official_sdk_sends(service: Provider, sent: Sent) -> None:
    dialect = service.dialect
    assert ours("DELETE", dialect.cancel_path(IDS[0])) == sent("delete", task_id=IDS[0])
    assert ours("GET", dialect.task_path(IDS[0])) == sent("get", task_id=IDS[0])
