"""Every answer compared with the provider's own sample, key by key."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.simulator.server import Simulator
from tests.simulator.conftest import GENERATIONS, KEY, NATIVE_TASKS, Client, Clock, native_body

SAMPLES = Path(__file__).parent.parent / "samples"
PRO_1_5, PRO_1_0 = "doubao-seedance-1-5-pro-251215", "doubao-seedance-1-0-pro-250528"
VIDEOS = "/v1/videos"
FOUR_BY_THREE: dict[str, Any] = {"ratio": "4:3", "resolution": "720p", "duration": 5}


def sample(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((SAMPLES / name).read_text())
    return body


def shape(value: Any) -> Any:
    """Reduce a value to its keys and types at every depth; a list to those of its first item."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def without(names: tuple[str, ...], value: Any) -> dict[str, Any]:
    return {name: part for name, part in value.items() if name not in names}


@pytest.mark.parametrize(
    ("file", "prompt", "after", "fields"),
    [
        ("native/succeeded-1-5-pro.json", "", 200, {"model": PRO_1_5}),
        ("powertokens/succeeded.json", "", 200, {}),
        ("native/running.json", "sim:queue=1", 10, {}),
        (
            "native/failed-output-copyright.json",
            "sim:fail=OutputVideoSensitiveContentDetected.PolicyViolation",
            200,
            {},
        ),
    ],
)
def test_a_native_answer_has_the_keys_of_the_sample(
    sim: Simulator,
    clock: Clock,
    file: str,
    prompt: str,
    after: int,
    fields: dict[str, Any],
) -> None:
    task_id = sim.create(prompt, key=KEY, **fields)
    clock.forward(after)
    assert shape(Client(sim).native_task(task_id)) == shape(sample(file))


def test_a_queued_flex_task_has_the_keys_of_the_sample(sim: Simulator) -> None:
    task_id = sim.create(key=KEY, model=PRO_1_0, service_tier="flex")
    expected = without(("error",), sample("native/queued-flex.json"))  # null and absent are one
    assert shape(Client(sim).native_task(task_id)) == shape(expected)


def test_an_expired_flex_task_has_the_keys_of_the_sample(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:expire", key=KEY, model=PRO_1_0, service_tier="flex")
    clock.forward(100_000)
    assert shape(Client(sim).native_task(task_id)) == shape(sample("native/expired-flex.json"))


def test_the_recorded_failure_is_repeated_word_for_word(sim: Simulator, clock: Clock) -> None:
    recorded = sample("native/failed-output-copyright.json")["error"]
    task_id = sim.create(f"sim:fail={recorded['code']}", key=KEY)
    clock.forward(200)
    error = Client(sim).native_task(task_id)["error"]
    assert error["code"] == recorded["code"]
    assert error["message"].split(" Request id:")[0] == recorded["message"].split(" Request id:")[0]
    assert len(error["message"]) == len(recorded["message"])


def test_dataeyes_answers_as_its_page_shows(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(key=KEY, preset="dataeyes", model=PRO_1_5)
    clock.forward(200)
    answer = Client(sim, "dataeyes").get(f"{GENERATIONS}/{task_id}").json()
    assert shape(answer) == shape(sample("dataeyes/succeeded.json"))
    assert answer["data"]["fail_reason"] == answer["data"]["data"]["content"]["video_url"]


@pytest.mark.parametrize(
    ("file", "prompt", "after"),
    [
        ("submitted", "", 14),
        ("running", "sim:queue=1 sim:run=90", 31),
        ("failed", "sim:fail=InputImageSensitiveContentDetected", 200),
    ],
)
def test_an_unfinished_or_failed_task_has_the_keys_of_the_first_envelope(
    sim: Simulator, clock: Clock, file: str, prompt: str, after: int
) -> None:
    task_id = sim.create(prompt, key=KEY, preset="dataeyes", model=PRO_1_5)
    clock.forward(after)
    answer = Client(sim, "dataeyes").envelope(task_id)
    expected = sample(f"dataeyes/{file}.json")["data"]
    assert shape(without(("data",), answer)) == shape(without(("data",), expected))
    assert set(expected["data"]) <= set(answer["data"])
    assert (answer["status"], answer["progress"]) == (expected["status"], expected["progress"])


def test_dataeyes_keeps_the_order_and_the_escapes_of_go(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(key=KEY, preset="dataeyes", model=PRO_1_5)
    clock.forward(200)
    text = Client(sim, "dataeyes").get(f"{GENERATIONS}/{task_id}").text
    assert "\\u0026X-Tos-Date=" in text and "&" not in text
    expected = sample("dataeyes/succeeded.json")
    assert list(json.loads(text)["data"]) == list(expected["data"])
    assert list(json.loads(text)["data"]["data"]) == list(expected["data"]["data"])


def test_tokenhot_answers_as_its_page_shows(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(key=KEY, preset="tokenhot", **FOUR_BY_THREE)
    clock.forward(200)
    answer = Client(sim, "tokenhot").get(f"{GENERATIONS}/{task_id}").json()
    expected = sample("tokenhot/succeeded.json")
    assert shape(answer) == shape(expected)
    assert answer["data"]["data"]["usage"] == expected["data"]["data"]["usage"]


def test_yescale_answers_as_its_page_shows(sim: Simulator, clock: Clock) -> None:
    client, expected = Client(sim, "yescale"), sample("yescale/succeeded.json")
    task_id = client.ask("POST", "/seedance/generations", json=expected["request"]).json()["id"]
    clock.forward(200)
    answer = client.get(f"/seedance/generations/{task_id}").json()
    assert shape(answer) == shape(expected)
    assert list(answer) == list(expected)
    assert (answer["message"], answer["request"]) == (expected["message"], expected["request"])


@pytest.mark.parametrize("file", ["gen2-succeeded", "gen2-failed"])
def test_new_api_answers_as_recorded(sim: Simulator, clock: Clock, file: str) -> None:
    code = "InputImageSensitiveContentDetected.PrivacyInformation"
    prompt = f"sim:fail={code}" if file == "gen2-failed" else ""
    task_id = sim.create(prompt, key=KEY, preset="newapi")
    clock.forward(200)
    answer = Client(sim, "newapi").envelope(task_id)
    expected = sample(f"newapi/{file}.json")["data"]
    assert shape(without(("data",), answer)) == shape(without(("data",), expected))
    if file == "gen2-succeeded":
        assert shape(answer["data"]) == shape(expected["data"])
    else:  # the sample shortens the inner body
        assert set(expected["data"]) <= set(answer["data"])
        assert answer["result_url"] == answer["fail_reason"] == answer["data"]["error"]["message"]


@pytest.mark.parametrize(
    ("file", "prompt", "after"),
    [
        ("video-completed", "", 200),
        ("video-in-progress", "sim:queue=1 sim:run=90", 31),
        ("video-failed", "sim:fail=OutputVideoSensitiveContentDetected", 200),
    ],
)
def test_the_openai_video_object_has_the_keys_of_the_sample(
    sim: Simulator, clock: Clock, file: str, prompt: str, after: int
) -> None:
    task_id = sim.create(prompt, key=KEY, preset="newapi")
    clock.forward(after)
    answer = Client(sim, "newapi").get(f"{VIDEOS}/{task_id}").json()
    expected = sample(f"newapi/{file}.json")
    assert shape(answer) == shape(expected)
    assert answer["status"] == expected["status"]


@pytest.mark.parametrize("file", ["gen3-flat-running", "gen3-succeeded-without-link"])
def test_a_task_record_of_the_plugin_era_has_the_keys_of_the_sample(
    sim: Simulator, clock: Clock, file: str
) -> None:
    task_id = sim.create("sim:queue=1 sim:run=90", key=KEY, preset="newapi")
    clock.forward(31 if "running" in file else 200)
    answer = Client(sim, "newapi").get(f"/v1/tasks/{task_id}").json()
    expected = sample(f"newapi/{file}.json")
    expected = expected.get("data", expected)
    assert set(expected) <= set(answer)
    assert answer["status"] == expected["status"]


@pytest.mark.parametrize(
    ("slug", "key", "path", "file"),
    [
        ("volcengine", "ark-1", f"{NATIVE_TASKS}/x", "native/error-401-authentication"),
        ("volcengine", KEY, f"{NATIVE_TASKS}/x", "native/error-404-resource-not-found"),
        ("volcengine", "sim-fault-429", f"{NATIVE_TASKS}/x", "native/error-429-rate-limit"),
        ("volcengine", "sim-fault-500", f"{NATIVE_TASKS}/x", "native/error-500-internal"),
        ("newapi", "sk-1", f"{GENERATIONS}/x", "newapi/error-401-invalid-token"),
        ("newapi", "sim-quota0", f"{GENERATIONS}/x", "newapi/error-401-token-quota-used-up"),
        ("newapi", KEY, f"{GENERATIONS}/x", "newapi/error-400-task-not-exist"),
        ("newapi", KEY, "/v1/x", "newapi/error-404-invalid-url"),
        ("newapi", KEY, "/v1/tasks/x", "newapi/error-404-gen3-task-not-found"),
    ],
)
def test_an_error_has_the_status_and_the_keys_of_the_sample(
    sim: Simulator, slug: str, key: str, path: str, file: str
) -> None:
    answer = Client(sim, slug, key).get(path)
    assert f"error-{answer.status_code}-" in file
    assert shape(answer.json()) == shape(sample(f"{file}.json"))
    codes = [
        body.get("error", body).get("code") for body in (answer.json(), sample(f"{file}.json"))
    ]
    assert slug == "volcengine" or codes[0] == codes[1]


def test_an_upstream_refusal_comes_as_json_inside_json(sim: Simulator) -> None:
    body = {"model": "doubao-seedance-2.0", "prompt": "sim:refuse"}
    answer = Client(sim, "newapi").ask("POST", GENERATIONS, json=body)
    expected = sample("newapi/error-400-upstream-refusal.json")
    assert answer.status_code == 400
    assert shape(answer.json()) == shape(expected)
    inner = json.loads(answer.json()["message"])["error"]
    assert shape(inner) == shape(json.loads(expected["message"])["error"])


def test_a_model_without_a_channel_is_a_503(sim: Simulator) -> None:
    body = {"model": "gpt-5-seedless", "prompt": "x"}
    answer = Client(sim, "newapi").ask("POST", GENERATIONS, json=body)
    assert answer.status_code == 503
    assert shape(answer.json()) == shape(sample("newapi/error-503-no-channel.json"))


def test_a_powertokens_video_has_at_least_the_keys_of_its_page(
    sim: Simulator, clock: Clock
) -> None:
    http = Client(sim, "powertokens").http
    url = f"{sim.url}/powertokens{VIDEOS}"
    body = {"model": "seedance-2-0", "prompt": "x", "seconds": "5", "size": "720p"}
    task_id = http.post(url, json=body).json()["task_id"]
    clock.forward(200)
    answer = http.get(f"{url}/{task_id}").json()
    expected = sample("powertokens/videos-succeeded.json")
    assert set(expected) <= set(answer)
    assert answer["status"] == expected["status"]


def test_a_list_has_the_keys_of_the_sample(sim: Simulator) -> None:
    Client(sim).ask("POST", NATIVE_TASKS, json=native_body())
    answer = Client(sim).get(NATIVE_TASKS).json()
    assert list(answer) == list(sample("native/list.json"))
    assert {"id", "model", "status", "created_at", "updated_at"} <= set(answer["items"][0])
