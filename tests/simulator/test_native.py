"""Ark's rules: who sees a task and for how long, what a delete does, what a list shows."""

import pytest

from tasks.simulator import world
from tasks.simulator.server import Simulator
from tests.simulator.conftest import KEY, NATIVE_TASKS, Client, Clock, native_body

DAY = 86_400


def statuses(client: Client, task_id: str, clock: Clock, times: list[float]) -> list[str]:
    """Return the task's status after each of these waits, in seconds."""
    polled = []
    for seconds in times:
        clock.forward(seconds)
        polled.append(client.native_task(task_id)["status"])
    return polled


def test_a_task_moves_from_the_queue_through_running_to_its_end(
    sim: Simulator, clock: Clock
) -> None:
    task_id = sim.create("sim:queue=3 sim:run=5", key=KEY)
    seen = statuses(Client(sim), task_id, clock, [0, 2, 2, 3, 3])
    assert seen == ["queued", "queued", "running", "running", "succeeded"]


def test_an_id_contains_the_time_in_beijing(sim: Simulator) -> None:
    task_id = sim.create(key=KEY)
    assert task_id.startswith("cgt-20261118190640-")  # 1795000000 is 11:06:40 UTC
    assert len(task_id.rpartition("-")[2]) == 5


def test_no_id_is_given_twice(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "_LOWER", "ab")  # 32 ids a second
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


def test_a_task_belongs_to_the_key_and_the_provider_that_created_it(sim: Simulator) -> None:
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
    ("prompt", "wait", "status_code", "status_after"),
    [
        ("sim:queue=60", 0, 200, "cancelled"),
        ("sim:queue=1 sim:run=60", 5, 409, "running"),
        ("sim:queue=1 sim:run=1", 5, 200, ""),
        ("sim:queue=1 sim:run=1 sim:fail", 5, 200, ""),
        ("sim:queue=1 sim:run=1 sim:expire", 5, 200, ""),
        ("sim:cancel", 60, 403, "cancelled"),
    ],
)
def test_delete_cancels_a_queued_task_and_removes_an_ended_one(
    sim: Simulator, clock: Clock, prompt: str, wait: float, status_code: int, status_after: str
) -> None:
    task_id, client = sim.create(prompt, key=KEY), Client(sim)
    clock.forward(wait)
    answer = client.ask("DELETE", f"{NATIVE_TASKS}/{task_id}")
    assert answer.status_code == status_code
    codes = {403: "OperationDenied.InvalidState", 409: "InvalidAction.RunningTaskDeletion"}
    assert answer.json().get("error", {}).get("code") == codes.get(status_code)
    after = client.get(f"{NATIVE_TASKS}/{task_id}")
    assert (after.json()["status"] if after.status_code == 200 else "") == status_after


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
    created = []
    for _ in range(5):
        created.append(sim.create(key=KEY))
        clock.forward(1)
    client = Client(sim)
    pages = [ids(client, f"page_size=2&page_num={number}") for number in (1, 2, 3, 4)]
    assert [task for page in pages for task in page] == created[::-1]
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


def test_headers_can_create_a_task_in_the_past_and_steer_it(sim: Simulator) -> None:
    client = Client(sim)
    headers = {"X-Sim-Created-Ago": "90000", "X-Sim-Steer": "fail"}
    answer = client.ask("POST", NATIVE_TASKS, json=native_body(), headers=headers).json()
    task = client.native_task(answer["id"])
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
