"""The simulator as a process: index, restart, callbacks, command and demonstration."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from tasks.providers.catalog.models import find_model
from tasks.simulator import demo
from tasks.simulator.presets import BY_SLUG
from tasks.simulator.server import Simulator
from tasks.simulator.shots import SHOTS
from tests.simulator.conftest import KEY, NATIVE_TASKS, WEB, Client, Clock, native_body

ROOT = Path(__file__).parent.parent.parent
SLUGS = (
    "volcengine byteplus powertokens dataeyes tokenhot yescale "
    "openrouter wavespeed atlascloud anyfast native newapi"
).split()


def test_the_index_maps_every_slug_to_a_base_url(sim: Simulator) -> None:
    assert list(WEB.get(sim.url).json()) == SLUGS
    renamed = WEB.get(sim.url, headers={"Host": "sim.example:99"}).json()
    assert renamed["volcengine"] == "http://sim.example:99/volcengine/api/v3"
    assert renamed["powertokens"] == "http://sim.example:99/powertokens/byteplus/api/v3"
    assert renamed["dataeyes"] == "http://sim.example:99/dataeyes"


def test_many_requests_share_a_connection(sim: Simulator) -> None:
    http, ports = Client(sim).http, set()
    for _ in range(3):
        stream = http.get(sim.url).extensions["network_stream"]
        ports.add(stream.get_extra_info("client_addr"))
    assert len(ports) == 1


def test_a_chunked_body_is_read(sim: Simulator) -> None:
    text = json.dumps(native_body()).encode()
    pieces = iter([text[:10], text[10:]])
    assert Client(sim).ask("POST", NATIVE_TASKS, content=pieces).status_code == 200


def test_a_restart_continues_where_the_simulator_was(tmp_path: Path, clock: Clock) -> None:
    state = tmp_path / "tasks.jsonl"
    with Simulator(clock=clock, state=state) as sim:
        lasting = sim.create("sim:queue=10 sim:run=20 a\u2028b", key=KEY, seed=-1)
        deleted, cancelled = sim.create("sim:run=1 sim:queue=1", key=KEY), sim.create(key=KEY)
        Client(sim).ask("DELETE", f"{NATIVE_TASKS}/{cancelled}")
        clock.forward(5)
        Client(sim).ask("DELETE", f"{NATIVE_TASKS}/{deleted}")
    with state.open("a") as file:
        file.write('{"task": {"id": "cgt-torn')  # killed while writing
    clock.forward(10)
    with Simulator(clock=clock, state=state, speed=100) as sim:
        client = Client(sim)
        assert client.native_task(lasting)["status"] == "running"  # at its own speed
        assert client.native_task(cancelled)["status"] == "cancelled"
        assert client.get(f"{NATIVE_TASKS}/{deleted}").status_code == 404
        later = sim.create(key=KEY)
        clock.forward(60)
        url = client.native_task(lasting)["content"]["video_url"]
        assert WEB.get(url).status_code == 200
    with Simulator(clock=clock, state=state) as sim:
        assert {task.id for task in sim.tasks} == {lasting, deleted, cancelled, later}


def test_a_file_of_version_0_1_is_read(tmp_path: Path, clock: Clock) -> None:
    state = tmp_path / "tasks.jsonl"
    with Simulator(clock=clock, state=state) as sim:
        task_id = sim.create(key=KEY)
    text = state.read_text().replace('"steer": ""', '"wishes": "fail=InternalServiceError"')
    state.write_text(text.replace('"input_error"', '"doomed"'))
    clock.forward(200)
    with Simulator(clock=clock, state=state) as sim:
        assert Client(sim).native_task(task_id)["error"]["code"] == "InternalServiceError"


@contextmanager
def listener(answer: int = 200) -> Iterator[tuple[str, Queue[dict[str, Any]]]]:
    """Run a small server, and yield its URL and a queue of what is posted to it."""
    posted: Queue[dict[str, Any]] = Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answer)
            self.end_headers()
            posted.put(json.loads(body))

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", posted
    server.shutdown()
    server.server_close()


def test_every_change_is_called_back(sim: Simulator, clock: Clock) -> None:
    with listener() as (url, posted):
        task_id = sim.create("sim:queue=3 sim:run=5", key=KEY, callback_url=url)
        bodies = [posted.get(timeout=30)]
        for _ in range(2):
            clock.forward(5)
            bodies.append(posted.get(timeout=30))
        assert [task["status"] for task in bodies] == ["queued", "running", "succeeded"]
        assert bodies[-1] == Client(sim).native_task(task_id)


def test_a_cancelled_task_is_never_called_back(sim: Simulator) -> None:
    with listener() as (url, posted):
        task_id = sim.create("sim:queue=30", key=KEY, callback_url=url)
        assert posted.get(timeout=30)["status"] == "queued"
        Client(sim).ask("DELETE", f"{NATIVE_TASKS}/{task_id}")
        with pytest.raises(Empty):
            posted.get(timeout=0.2)


def test_an_unacknowledged_end_is_called_back_four_times(sim: Simulator, clock: Clock) -> None:
    with listener(answer=500) as (url, posted):
        task_id = sim.create("sim:queue=1 sim:run=1", key=KEY, callback_url=url)
        posted.get(timeout=30)
        clock.forward(60)
        ends = [posted.get(timeout=30) for _ in range(4)]
        assert {(task["id"], task["status"]) for task in ends} == {(task_id, "succeeded")}
        with pytest.raises(Empty):
            posted.get(timeout=0.2)


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `manage.py simulator …` in a process of its own."""
    line = [sys.executable, "manage.py", "simulator", *arguments]
    with subprocess.Popen(
        line, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.process
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_one_line_and_ends_quietly(end: signal.Signals) -> None:
    with command("--port", "0", "--seed-demo") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(
            r"Simulator listens on (http://127\.0\.0\.1:\d+/) \(keys begin with sim-\)\n", line
        )
        assert match, line
        base = WEB.get(match[1]).json()["volcengine"]
        headers = {"Authorization": f"Bearer {demo.KEY}"}
        assert WEB.get(base + NATIVE_TASKS, headers=headers).json()["total"] > 5
        process.send_signal(end)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0


@pytest.mark.process
def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with command("--port", port) as process:
            out, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert out == ""
    assert re.fullmatch(rf"CommandError: Cannot listen on 127\.0\.0\.1:{port}: .*\n", error)


def test_every_sample_of_the_demonstration_is_accepted(sim: Simulator) -> None:
    for shot, path, body, extra in demo.requests():
        headers = {"Authorization": f"Bearer {demo.KEY}", **extra}
        answer = WEB.post(sim.base_url(shot.preset) + path, json=body, headers=headers)
        assert answer.status_code in (200, 202), (shot, answer.text)
    assert len(sim.tasks) == len(SHOTS) >= 40
    assert {task.preset for task in sim.tasks} == set(BY_SLUG)


def test_the_samples_are_in_every_state_and_shape(sim: Simulator) -> None:
    demo.seed(sim.world)
    ages = [sim.world.clock() - task.created_at for task in sim.tasks]
    assert min(ages) < 30 and max(ages) > 86_400
    assert any(86_400 - 4 * 3600 < age < 86_400 for age in ages)  # links that expire soon
    assert {task.order.ratio for task in sim.tasks} == {*find_model("seedance-2-0").sizes["720p"]}  # type: ignore[union-attr]
    assert any(re.search(r"[\u4e00-\u9fff]", shot.prompt) for shot in SHOTS)
    assert not any("sim:" in shot.prompt for shot in SHOTS)
