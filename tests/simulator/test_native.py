"""Ark's rules: who may see a task and for how long, what cancels, what lists."""

from typing import Any

import pytest
from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import ArkAuthenticationError, ArkNotFoundError

from tasks.simulator import world
from tasks.simulator.server import Simulator
from tests.simulator.conftest import KEY, NATIVE_TASKS, PRO_1_5, Client, Clock, native_body

DAY = 86_400


def statuses(client: Client, task_id: str, clock: Clock, times: list[float]) -> list[str]:
    seen = []
    for seconds in times:
        clock.forward(seconds)
        seen.append(client.native_task(task_id)["status"])
    return seen


def test_a_task_moves_from_the_queue_through_running_to_its_end(
    sim: Simulator, clock: Clock
) -> None:
    task_id = sim.create("sim:queue=3 sim:run=5", key=KEY)
    seen = statuses(Client(sim), task_id, clock, [0, 2, 2, 3, 3])
    assert seen == ["queued", "queued", "running", "running", "succeeded"]


def test_an_id_tells_the_time_in_beijing(sim: Simulator) -> None:
    task_id = sim.create(key=KEY)
    assert task_id.startswith("cgt-20261118190640-")  # 1795000000 is 11:06:40 UTC
    assert len(task_id.rpartition("-")[2]) == 5


def test_no_id_is_given_twice(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "_SMALL", "ab")  # 32 ids a second
    assert len({sim.create(key=KEY) for _ in range(32)}) == 32


def test_speed_makes_everything_of_a_task_faster(clock: Clock) -> None:
    with Simulator(clock=clock, speed=10) as sim:
        task_id = sim.create("sim:queue=30 sim:run=50", key=KEY)
        assert statuses(Client(sim), task_id, clock, [2, 2, 5]) == [
            "queued",
            "running",
            "succeeded",
        ]


@pytest.mark.parametrize("header", ["", "Bearer ark-1", "sim-tests", "Basic sim-tests"])
def test_only_a_bearer_key_that_begins_with_sim_is_accepted(sim: Simulator, header: str) -> None:
    client = Client(sim)
    client.http.headers["Authorization"] = header
    answer = client.get(f"{NATIVE_TASKS}/x")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "AuthenticationError"


def test_a_task_belongs_to_the_key_and_the_provider_that_made_it(sim: Simulator) -> None:
    task_id = sim.create(key="sim-one")
    for client in (Client(sim, key="sim-two"), Client(sim, "native", "sim-one")):
        assert client.get(f"{NATIVE_TASKS}/{task_id}").status_code == 404
    assert Client(sim, key="sim-one").get(f"{NATIVE_TASKS}/{task_id}").status_code == 200


def test_a_record_is_kept_for_seven_days(sim: Simulator, clock: Clock) -> None:
    task_id, client = sim.create(key=KEY), Client(sim)
    clock.forward(7 * DAY - 1)
    assert client.get(f"{NATIVE_TASKS}/{task_id}").status_code == 200
    clock.forward(2)
    assert client.get(f"{NATIVE_TASKS}/{task_id}").status_code == 404
    assert client.get(NATIVE_TASKS).json()["total"] == 0


def test_a_cancelled_record_is_kept_for_a_day(sim: Simulator, clock: Clock) -> None:
    task_id, client = sim.create("sim:queue=60", key=KEY), Client(sim)
    assert client.ask("DELETE", f"{NATIVE_TASKS}/{task_id}").json() == {}
    clock.forward(DAY - 1)
    assert client.native_task(task_id)["status"] == "cancelled"
    clock.forward(2)
    assert client.get(f"{NATIVE_TASKS}/{task_id}").status_code == 404


@pytest.mark.parametrize(
    ("prompt", "wait", "status_code", "then"),
    [
        ("sim:queue=60", 0, 200, "cancelled"),
        ("sim:queue=1 sim:run=60", 5, 403, "running"),
        ("sim:queue=1 sim:run=1", 5, 200, ""),
        ("sim:queue=1 sim:run=1 sim:fail", 5, 200, ""),
        ("sim:queue=1 sim:run=1 sim:expire", 5, 200, ""),
        ("sim:cancel", 60, 403, "cancelled"),
    ],
)
def test_delete_cancels_what_waits_and_removes_what_ended(
    sim: Simulator, clock: Clock, prompt: str, wait: float, status_code: int, then: str
) -> None:
    task_id, client = sim.create(prompt, key=KEY), Client(sim)
    clock.forward(wait)
    answer = client.ask("DELETE", f"{NATIVE_TASKS}/{task_id}")
    assert answer.status_code == status_code
    if status_code == 403:
        assert answer.json()["error"]["code"] == "OperationDenied.InvalidState"
    after = client.get(f"{NATIVE_TASKS}/{task_id}")
    assert (after.json()["status"] if after.status_code == 200 else "") == then


def ids(client: Client, query: str) -> list[str]:
    return [item["id"] for item in client.get(f"{NATIVE_TASKS}?{query}").json()["items"]]


def test_a_list_filters_by_id_status_model_and_tier(sim: Simulator, clock: Clock) -> None:
    done = sim.create("sim:queue=1 sim:run=1", key=KEY)
    clock.forward(60)
    flex = sim.create(key=KEY, model="doubao-seedance-1-0-pro-250528", service_tier="flex")
    queued = sim.create("sim:queue=60", key=KEY, model="ep-20260101-abcde")
    client = Client(sim)
    assert ids(client, "") == [queued, done]  # newest first, and no flex unless asked for
    assert ids(client, "filter.service_tier=flex") == [flex]
    assert ids(client, f"filter.task_ids={done}&filter.task_ids={queued}") == [queued, done]
    assert ids(client, f"filter.task_ids={done}&filter.task_ids=cgt-nobody") == [done]
    assert ids(client, "filter.status=queued") == [queued]
    assert client.get(f"{NATIVE_TASKS}?filter.service_tier=fast").status_code == 400
    assert ids(client, "filter.model=ep-20260101-abcde") == [queued]


def test_a_list_comes_in_pages(sim: Simulator, clock: Clock) -> None:
    made = []
    for _ in range(5):
        made.append(sim.create(key=KEY))
        clock.forward(1)
    client = Client(sim)
    pages = [ids(client, f"page_size=2&page_num={number}") for number in (1, 2, 3, 4)]
    assert [task for page in pages for task in page] == made[::-1]
    assert client.get(f"{NATIVE_TASKS}?page_size=2").json()["total"] == 5
    assert client.get(f"{NATIVE_TASKS}?page_size=501").status_code == 400


def test_powertokens_has_no_list(sim: Simulator) -> None:
    assert Client(sim, "powertokens").get(NATIVE_TASKS).status_code == 404


def test_a_body_that_is_not_json_is_a_400(sim: Simulator) -> None:
    assert Client(sim).ask("POST", NATIVE_TASKS, content=b"{").status_code == 400


def test_a_task_that_takes_longer_than_it_may_expires(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:run=9000", key=KEY, execution_expires_after=3600)
    clock.forward(3601)
    task = Client(sim).native_task(task_id)
    assert (task["status"], task["updated_at"] - task["created_at"]) == ("expired", 3600)


def test_a_stuck_task_never_ends(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:stuck", key=KEY)
    clock.forward(6 * DAY)
    assert Client(sim).native_task(task_id)["status"] == "running"


def test_left_to_chance_most_tasks_succeed_and_some_do_not(clock: Clock) -> None:
    with Simulator(clock=clock, accidents=True) as sim:
        for _ in range(300):
            sim.create(key=KEY)
        clock.forward(3 * DAY)
        items = Client(sim).get(f"{NATIVE_TASKS}?page_size=500").json()["items"]
    succeeded = sum(item["status"] == "succeeded" for item in items)
    assert 240 < succeeded < 300
    assert {item["status"] for item in items} == {"succeeded", "failed", "expired"}


def test_a_task_can_be_made_in_the_past_and_steered_by_a_header(sim: Simulator) -> None:
    client = Client(sim)
    headers = {"X-Sim-Created-Ago": "90000", "X-Sim-Steer": "fail"}
    made = client.ask("POST", NATIVE_TASKS, json=native_body(), headers=headers).json()
    task = client.native_task(made["id"])
    assert task["created_at"] == int(sim.world.clock() - 90_000)
    assert task["error"]["code"] == "OutputVideoSensitiveContentDetected"


def test_real_limits_can_be_switched_on_for_a_key(sim: Simulator, clock: Clock) -> None:
    client = Client(sim, key="sim-limits-1")
    task_id = sim.create(key="sim-limits-1")
    codes = [client.get(f"{NATIVE_TASKS}/{task_id}").status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
    assert [client.get(NATIVE_TASKS).status_code for _ in range(2)] == [200, 429]
    clock.forward(1.01)
    assert client.get(NATIVE_TASKS).status_code == 200


def test_the_official_sdk_works_unmodified(sim: Simulator, clock: Clock) -> None:
    tasks = Ark(base_url=sim.base_url("volcengine"), api_key=KEY).content_generation.tasks
    content: list[Any] = [{"type": "text", "text": "A harbour at dawn sim:queue=3 sim:run=5"}]
    made = tasks.create(
        model=PRO_1_5,
        content=content,
        ratio="16:9",
        duration=5,
        return_last_frame=True,
        safety_identifier="u-1",
    )
    assert made.safety_identifier == "u-1"
    assert tasks.get(task_id=made.id).status == "queued"
    clock.forward(20)
    task = tasks.get(task_id=made.id)
    assert (task.status, task.usage.total_tokens, task.duration) == ("succeeded", 108_900, 5)
    assert task.content.video_url and task.content.last_frame_url
    listed = tasks.list(page_num=1, page_size=10, status="succeeded", task_ids=[made.id, "cgt-x"])
    assert (listed.total, [item.id for item in listed.items]) == (1, [made.id])
    tasks.delete(task_id=made.id)
    with pytest.raises(ArkNotFoundError) as missing:
        tasks.get(task_id=made.id)
    assert missing.value.code == "ResourceNotFound"


def test_the_official_sdk_sees_a_wrong_key(sim: Simulator) -> None:
    tasks = Ark(base_url=sim.base_url("volcengine"), api_key="ark-1").content_generation.tasks
    with pytest.raises(ArkAuthenticationError):
        tasks.get(task_id="cgt-x")
