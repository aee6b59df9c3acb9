"""Behaviour of gateways alone: slow polls of Ark, statuses they hide, three generations."""

from typing import Any

import pytest

from tasks.simulator.server import Simulator
from tests.simulator.conftest import GENERATIONS, KEY, Client, Clock

DAY = 86_400


def row(sim: Simulator, task_id: str, slug: str = "newapi") -> tuple[str, str]:
    data = Client(sim, slug).envelope(task_id)
    return data["status"], data["progress"]


def test_a_gateway_polls_ark_every_15_seconds(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:queue=3 sim:run=30", preset="newapi", key=KEY)
    rows = []
    for _ in range(8):
        rows.append(row(sim, task_id))
        clock.forward(7)
    assert rows == [
        ("NOT_START", "0%"),
        ("NOT_START", "0%"),
        ("NOT_START", "0%"),
        ("IN_PROGRESS", "50%"),  # 21 s: polled at 15 s, it has been running since 3 s
        ("IN_PROGRESS", "50%"),
        ("IN_PROGRESS", "50%"),  # 35 s: polled at 30 s, it ended at 33 s
        ("IN_PROGRESS", "50%"),
        ("SUCCESS", "100%"),
    ]


def test_a_gateway_polls_faster_where_its_tasks_are_faster(clock: Clock) -> None:
    with Simulator(clock=clock, speed=10) as sim:
        task_id = sim.create("sim:queue=3 sim:run=300", preset="newapi", key=KEY)
        clock.forward(1.6)
        assert row(sim, task_id) == ("IN_PROGRESS", "50%")


def test_a_gateways_times_are_those_of_its_own_polls(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:queue=3 sim:run=30", preset="dataeyes", key=KEY)
    clock.forward(100)
    data = Client(sim, "dataeyes").envelope(task_id)
    submitted = data["submit_time"]
    assert (data["start_time"], data["finish_time"]) == (submitted + 15, submitted + 45)
    assert data["data"]["updated_at"] == submitted + 33


@pytest.mark.parametrize(
    ("prompt", "hidden"),
    [("sim:queue=1 sim:run=1 sim:expire", "expired"), ("sim:cancel", "cancelled")],
)
def test_a_status_unknown_to_its_adaptor_is_in_progress_until_the_gateways_own_timeout(
    sim: Simulator, clock: Clock, prompt: str, hidden: str
) -> None:
    task_id = sim.create(prompt, preset="newapi", key=KEY)
    clock.forward(60)
    data = Client(sim, "newapi").envelope(task_id)
    assert (data["status"], data["progress"]) == ("IN_PROGRESS", "30%")
    assert data["data"]["status"] == hidden
    clock.forward(DAY)
    data = Client(sim, "newapi").envelope(task_id)
    assert (data["status"], data["progress"]) == ("FAILURE", "100%")
    assert data["fail_reason"] == data["result_url"] == "任务超时（1440分钟）"


def test_a_gateway_keeps_its_rows_longer_than_ark(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(preset="dataeyes", key=KEY)
    clock.forward(30 * DAY)
    assert row(sim, task_id, "dataeyes") == ("SUCCESS", "100%")


@pytest.mark.parametrize(
    ("slug", "prefix"), [("dataeyes", "cgt-"), ("tokenhot", "task_"), ("newapi", "task_")]
)
def test_a_create_answers_with_a_video_object(sim: Simulator, slug: str, prefix: str) -> None:
    body = {"model": "doubao-seedance-2.0", "prompt": "A harbour", "seconds": "8"}
    answer = Client(sim, slug).ask("POST", GENERATIONS, json=body).json()
    assert answer["id"] == answer["task_id"]
    assert answer["id"].startswith(prefix)
    assert (answer["object"], answer["status"]) == ("video", "queued")
    assert answer["model"] == "doubao-seedance-2.0"
    assert (sim.tasks[0].order.model, sim.tasks[0].order.duration) == (
        "doubao-seedance-2-0-260128",
        8,
    )


def test_metadata_becomes_the_native_body(sim: Simulator, clock: Clock) -> None:
    body = {
        "model": "doubao-seedance-1-5-pro-251215",
        "prompt": "A harbour",
        "images": ["https://images.example.com/1.jpg", "https://images.example.com/2.jpg"],
        "duration": 11,  # ignored, as the gateway does
        "metadata": {"ratio": "9:16", "resolution": "480p", "duration": 6, "output_format": "mov"},
    }
    client = Client(sim, "newapi")
    task_id = client.ask("POST", GENERATIONS, json=body).json()["id"]
    clock.forward(200)
    inner = client.envelope(task_id)["data"]
    assert (inner["ratio"], inner["resolution"], inner["duration"]) == ("9:16", "480p", 6)
    roles = [item.get("role") for item in sim.tasks[0].order.content]
    assert roles == ["first_frame", "last_frame", None]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"model": "doubao-seedance-2.0"}, "invalid_request"),
        ({"prompt": "x"}, "missing_model"),
        ({"model": "doubao-seedance-2.0", "prompt": "x", "seconds": "soon"}, "invalid_seconds"),
        ([], "invalid_json"),
        ({"model": "seedance-2-0", "prompt": "x", "seconds": 5}, "invalid_json"),
        ({"model": "seedance-2-0", "prompt": "x", "images": "https://a.example/1"}, "invalid_json"),
        ({"model": "seedance-2-0", "prompt": "x", "metadata": []}, "invalid_json"),
        (
            {"model": "seedance-2-0", "prompt": "x", "metadata": {"ratio": "5:4"}},
            "fail_to_fetch_task",
        ),
    ],
)
def test_a_gateway_refuses_in_its_own_form(sim: Simulator, body: Any, code: str) -> None:
    answer = Client(sim, "newapi").ask("POST", GENERATIONS, json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (400, code, None)


@pytest.mark.parametrize(
    "metadata",
    [
        {"resolution": 720},
        {"duration": "long"},
        {"watermark": "perhaps"},
        {"content": "a prompt"},
        {"content": [{"type": "image_url", "image_url": "https://a.example/1.jpg"}]},
    ],
)
def test_metadata_that_the_adaptor_cannot_hold_is_a_500_of_the_gateway(
    sim: Simulator, metadata: Any
) -> None:
    body = {"model": "seedance-2-0", "prompt": "x", "metadata": metadata}
    answer = Client(sim, "newapi").ask("POST", GENERATIONS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (500, "build_request_failed")
    assert sim.tasks == []


def test_metadata_without_a_field_in_the_adaptor_is_dropped_silently(sim: Simulator) -> None:
    metadata = {"omni_reference_task_type": "edit", "output_format": "mov", "n": 2, "seed": "11"}
    body = {"model": "doubao-seedance-1-0-pro-250528", "prompt": "x", "metadata": metadata}
    assert Client(sim, "newapi").ask("POST", GENERATIONS, json=body).status_code == 200
    order = sim.tasks[0].order
    assert (order.task_type, order.output_format, order.seed) == ("", "", 11)


def test_a_gateway_cannot_forward_a_draft(sim: Simulator) -> None:
    draft = {"type": "draft_task", "draft_task": {"id": "cgt-1"}}
    body = {
        "model": "doubao-seedance-1-5-pro-251215",
        "prompt": "x",
        "metadata": {"content": [draft]},
    }
    answer = Client(sim, "newapi").ask("POST", GENERATIONS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "fail_to_fetch_task")


def test_another_keys_task_does_not_exist(sim: Simulator) -> None:
    task_id = sim.create(preset="newapi", key="sim-one")
    answer = Client(sim, "newapi", "sim-two").get(f"{GENERATIONS}/{task_id}")
    assert (answer.status_code, answer.json()["code"]) == (400, "task_not_exist")


@pytest.mark.parametrize("header", ["Bearer sim-tests", "bearer sim-tests", "sim-tests"])
def test_a_gateway_takes_a_key_with_or_without_the_word_bearer(sim: Simulator, header: str) -> None:
    client = Client(sim, "newapi")
    client.http.headers["Authorization"] = header
    assert client.get("/v1/models").json()["data"][0]["object"] == "model"


def test_a_get_with_a_token_without_money_is_a_401_as_well(sim: Simulator) -> None:
    task_id = sim.create(preset="newapi", key="sim-quota0")
    answer = Client(sim, "newapi", "sim-quota0").get(f"{GENERATIONS}/{task_id}")
    assert answer.status_code == 401


def test_an_unknown_path_is_named_without_our_prefix(sim: Simulator) -> None:
    answer = Client(sim, "tokenhot").get("/v1/v1/videos/x")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invalid URL (GET /v1/v1/videos/x)"


@pytest.mark.parametrize("path", ["", "/", "/contents/generations/tasks/x"])
def test_paths_outside_the_api_are_the_web_application(sim: Simulator, path: str) -> None:
    answer = Client(sim, "newapi").get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_the_content_of_a_video_needs_the_key_and_the_end(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:queue=1 sim:run=1 sim:link=60", preset="newapi", key=KEY)
    client, path = Client(sim, "newapi"), f"/v1/videos/{task_id}/content"
    assert client.get(path).status_code == 400
    clock.forward(20)
    video = client.get(path)
    assert (video.status_code, video.headers["content-type"]) == (200, "video/mp4")
    assert video.content[4:8] == b"ftyp"
    assert Client(sim, "newapi", "sk-1").get(path).status_code == 401
    assert client.get("/v1/videos/task_x/content").status_code == 404
    clock.forward(300)
    gone = client.get(path)
    assert gone.status_code == 502
    assert gone.json()["error"]["message"] == "Upstream service returned status 403"


def test_a_multipart_create_is_read(sim: Simulator) -> None:
    form = {"model": (None, "seedance-2-0"), "prompt": (None, "A harbour"), "seconds": (None, "5")}
    answer = Client(sim, "newapi").ask("POST", "/v1/videos", files=form)
    assert answer.json()["status"] == "queued"
    assert sim.tasks[0].order.prompt == "A harbour"


def test_since_the_plugin_era_a_video_is_an_artifact(sim: Simulator, clock: Clock) -> None:
    task_id, client = sim.create(preset="newapi", key=KEY), Client(sim, "newapi")
    assert client.get(f"/v1/tasks/{task_id}/artifacts").status_code == 409
    clock.forward(200)
    files = client.get(f"/v1/tasks/{task_id}/artifacts").json()["artifacts"]
    link = files[0]["content_url"]
    del client.http.headers["Authorization"]
    assert client.http.get(link).content[4:8] == b"ftyp"
    assert client.http.get(link + "x").status_code == 404


def test_yescale_reads_flags_and_echoes_the_request(sim: Simulator, clock: Clock) -> None:
    body = {
        "model": "doubao-seedance-1-0-pro-250528",
        "content": [{"type": "text", "text": "A girl --resolution 480p --ratio 4:3 --duration 5"}],
    }
    client = Client(sim, "yescale")
    task_id = client.ask("POST", "/seedance/generations", json=body).json()["id"]
    clock.forward(200)
    task = client.get(f"/seedance/generations/{task_id}").json()
    assert (task["request"], task["usage"]["total_tokens"]) == (body, 47_311)
    assert client.get("/seedance/generations").status_code == 404
