"""Every request gets an answer, whatever it contains: no dropped connection, no 500."""

import json
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.simulator.messages import Request
from tasks.simulator.presets import PRESETS, Preset
from tasks.simulator.routes import route
from tasks.simulator.server import Simulator
from tasks.simulator.world import World
from tests.simulator.conftest import KEY, NATIVE_TASKS, WEB, Client

ROOTS = {"newapi": "/v1/video/generations", "yescale": "/seedance/generations"}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["sim:queue=x", "sim:link=1e9", "--dur nan", "\ud800", "text", "first_frame"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "role", "image_url", "url", "draft_task", "content"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
fields = (
    "content prompt metadata images image seconds media resolution ratio duration frames seed "
    "service_tier priority draft tools callback_url safety_identifier execution_expires_after"
).split()
bodies = st.builds(
    lambda model, rest: {"model": model, **rest},
    st.sampled_from(["doubao-seedance-2-0-260128", "seedance-1-0-pro-250528", "ep-1"]) | values,
    st.dictionaries(st.sampled_from(fields), values, max_size=6),
)


@pytest.mark.exhaustive
@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.slug)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=values | bodies)
def test_any_create_body_gets_an_answer(preset: Preset, body: Any) -> None:
    root = ROOTS.get(preset.dialect, NATIVE_TASKS)
    request = Request(
        method="POST",
        path=f"/{preset.slug}{preset.base}{root}",
        headers={"authorization": f"Bearer {KEY}"},
        body=json.dumps(body).encode(),
        now=1_795_000_000,
    )
    world = World(clock=lambda: 1_795_000_000)
    reply = route(world, request)
    assert reply.status in (200, 400, 404, 503)
    assert json.loads(reply.body)
    for task in world.tasks:
        assert task.timeline.ends_at >= task.created_at


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: -1\r\n\r\n",
        "Content-Length: x\r\n\r\n",
        "Content-Length: 99999999999\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_an_unreadable_body_is_a_400(sim: Simulator, rest: str) -> None:
    host, port = sim.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(f"POST /native HTTP/1.1\r\nHost: sim\r\n{rest}".encode())
        answer = connection.makefile("rb").read()  # to the end: the server hangs up
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_deeply_nested_json_is_refused_like_text(sim: Simulator) -> None:
    nested = "[" * 100_000
    answers = []
    for metadata in ("no JSON", nested):
        body = {"model": "seedance-2-0", "prompt": "x", "metadata": metadata}
        answers += [Client(sim, "newapi").ask("POST", ROOTS["newapi"], json=body).json()]
    assert answers[0] == answers[1] and "unmarshal" in str(answers)
    fault = f'{{"kind": {nested}'
    assert WEB.put(f"{sim.url}/_sim/faults/k", content=fault).status_code == 400


@pytest.mark.parametrize("ago", ["-1", "nan", "1e99", "soon"])
@pytest.mark.parametrize("slug", ["native", "newapi"])
def test_a_strange_age_is_a_400(sim: Simulator, slug: str, ago: str) -> None:
    body = {"model": "seedance-2-0", "prompt": "x", "content": [{"type": "text", "text": "x"}]}
    root = ROOTS.get(slug, NATIVE_TASKS)
    headers = {"X-Sim-Created-Ago": ago}
    answer = Client(sim, slug).ask("POST", root, json=body, headers=headers)
    assert answer.status_code == 400


def test_an_unknown_path_is_a_404(sim: Simulator) -> None:
    for path in ("/nobody", "/_sim/x", "/native/api/v3/files"):
        answer = WEB.get(sim.url + path, headers={"Authorization": f"Bearer {KEY}"})
        assert answer.status_code == 404, path
