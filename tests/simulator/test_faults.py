"""Every fault, requested by key, by request and at run time."""

import time

import httpx
import pytest

from tasks.simulator.faults import Fault, fault_in_key, parse_fault
from tasks.simulator.server import Simulator
from tests.simulator.conftest import GENERATIONS, NATIVE_TASKS, WEB, Client, native_body


def ask(sim: Simulator, key: str, slug: str = "volcengine") -> httpx.Response:
    root = GENERATIONS if slug == "newapi" else NATIVE_TASKS
    return Client(sim, slug, key).get(f"{root}/{sim.create(preset=slug, key=key)}")


@pytest.mark.parametrize("slug", ["volcengine", "newapi", "yescale"])
@pytest.mark.parametrize("kind", [429, 500, 503])
def test_a_key_can_ask_for_an_error_status(sim: Simulator, slug: str, kind: int) -> None:
    answer = ask(sim, f"sim-fault-{kind}", slug)
    assert answer.status_code == kind
    assert "retry-after" not in answer.headers
    assert {"error"} == set(answer.json()) or {"code", "message", "data"} == set(answer.json())


def test_a_429_can_say_when_to_come_back(sim: Simulator) -> None:
    answer = ask(sim, "sim-fault-429-retry-after-7")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_a_web_page_comes_with_200(sim: Simulator) -> None:
    answer = ask(sim, "sim-fault-html")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html")


def test_an_empty_body_comes_with_200(sim: Simulator) -> None:
    answer = ask(sim, "sim-fault-empty")
    assert (answer.status_code, answer.content) == (200, b"")


def test_truncated_json_ends_in_the_middle(sim: Simulator) -> None:
    answer = ask(sim, "sim-fault-truncated")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        answer.json()


def test_a_drip_sends_bytes_one_by_one(sim: Simulator) -> None:
    key = "sim-fault-drip"
    task_id, client, pieces = sim.create(key=key), Client(sim, key=key), []
    url = f"{client.base}{NATIVE_TASKS}/{task_id}"
    started = time.monotonic()
    with client.http.stream("GET", url) as answer:
        for piece in answer.iter_raw():
            pieces.append(piece)
            if len(pieces) == 3:
                break
    assert all(len(piece) == 1 for piece in pieces)
    assert time.monotonic() - started > 0.3


@pytest.mark.parametrize("slug", ["volcengine", "newapi", "dataeyes", "yescale"])
def test_a_wrong_id_is_that_of_another_task(sim: Simulator, slug: str) -> None:
    key = "sim-fault-wrong-id"
    roots = {"volcengine": NATIVE_TASKS, "yescale": "/seedance/generations"}
    other, own = (sim.create(preset=slug, key=key) for _ in range(2))
    text = Client(sim, slug, key).get(f"{roots.get(slug, GENERATIONS)}/{own}").text
    assert own not in text
    assert other in text


def test_a_wrong_id_is_invented_where_there_is_no_other_task(sim: Simulator) -> None:
    key = "sim-fault-wrong-id"
    own = sim.create(key=key)
    task = Client(sim, key=key).native_task(own)
    assert task["id"] != own
    assert len(task["id"]) == len(own)


@pytest.mark.parametrize("slug", ["volcengine", "newapi"])
def test_a_create_whose_answer_is_lost_still_makes_a_task(sim: Simulator, slug: str) -> None:
    client = Client(sim, slug, "sim-fault-lost-create")
    body = native_body() if slug == "volcengine" else {"model": "seedance-2-0", "prompt": "x"}
    with pytest.raises(httpx.RemoteProtocolError):
        client.ask("POST", NATIVE_TASKS if slug == "volcengine" else GENERATIONS, json=body)
    assert len(sim.tasks) == 1
    assert sim.requests_seen[-1].status == 0
    if slug == "volcengine":
        assert client.get(NATIVE_TASKS).json()["items"][0]["id"] == sim.tasks[0].id


def test_a_create_can_be_dropped_before_a_task_is_made(sim: Simulator) -> None:
    client = Client(sim, key="sim-fault-dropped-create")
    with pytest.raises(httpx.RemoteProtocolError):
        client.ask("POST", NATIVE_TASKS, json=native_body())
    assert (sim.tasks, sim.requests_seen[-1].status) == ([], 0)
    assert client.get(NATIVE_TASKS).json()["items"] == []


def test_a_create_that_fails_makes_no_task(sim: Simulator) -> None:
    answer = Client(sim, key="sim-fault-500").ask("POST", NATIVE_TASKS, json=native_body())
    assert (answer.status_code, sim.tasks) == (500, [])


def test_a_share_is_spread_evenly(sim: Simulator) -> None:
    key = "sim-fault-500-20pct"
    path = f"{NATIVE_TASKS}/{sim.create(key=key)}"
    client = Client(sim, key=key)
    codes = [client.get(path).status_code for _ in range(20)]
    assert codes == ([200] * 4 + [500]) * 4


@pytest.mark.parametrize("where", ["header", "query"])
def test_a_single_request_can_ask_for_a_fault(sim: Simulator, where: str) -> None:
    path, client = f"{NATIVE_TASKS}/{sim.create(key='sim-1')}", Client(sim, key="sim-1")
    fault = "429;retry-after=7"
    options = {
        "header": {"headers": {"X-Sim-Fault": fault}},
        "query": {"params": {"sim_fault": fault}},
    }[where]
    answer = client.get(path, **options)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert client.get(path).status_code == 200


def test_an_unknown_fault_is_named(sim: Simulator) -> None:
    answer = Client(sim).get(NATIVE_TASKS, headers={"X-Sim-Fault": "flood"})
    assert answer.status_code == 400
    assert "'flood'" in answer.json()["error"]


def test_a_fault_can_be_switched_on_and_off_for_a_key(sim: Simulator) -> None:
    path, client = f"{NATIVE_TASKS}/{sim.create(key='sim-1')}", Client(sim, key="sim-1")
    switch = f"{sim.url}/_sim/faults/sim-1"
    assert WEB.put(switch, json={"fault": "429", "retry_after": 3, "on": "get"}).status_code == 200
    assert client.get(path).headers["retry-after"] == "3"
    assert client.get(NATIVE_TASKS).status_code == 200  # a list is not a get
    assert WEB.put(switch, json={"fault": "flood"}).status_code == 400
    assert WEB.delete(switch).json() == {}
    assert client.get(path).status_code == 200


def test_the_switches_themselves_never_fail(sim: Simulator) -> None:
    headers = {"X-Sim-Fault": "500", "Authorization": "Bearer sim-fault-500"}
    assert WEB.get(f"{sim.url}/_sim/counts", headers=headers).status_code == 200


def test_counts_show_the_requests(sim: Simulator) -> None:
    client = Client(sim, key="sim-1")
    task_id = client.ask("POST", NATIVE_TASKS, json=native_body()).json()["id"]
    for _ in range(3):
        client.native_task(task_id)
    counts = WEB.get(f"{sim.url}/_sim/counts").json()
    assert counts["keys"]["sim-1"] == {"create": 1, "get": 3}
    assert counts["tasks"][task_id] == {"creates": 1, "gets": 3}
    assert sim.counts.gets[task_id] == 3


def test_counts_show_the_faults(sim: Simulator) -> None:
    client = Client(sim, key="sim-1")
    sim.fault("sim-1", "500;share=50")
    sim.fault("media", "html")
    for _ in range(4):
        client.ask("POST", NATIVE_TASKS, json=native_body())
    WEB.get(f"{sim.url}/ark-acg-cn-beijing/model/nothing.mp4")
    assert WEB.get(f"{sim.url}/_sim/counts").json()["faults"] == {"500": 2, "html": 1}


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("sim-1", None),
        ("sim-fault-429", Fault(kind="429")),
        ("sim-fault-429-retry-after-7", Fault(kind="429", retry_after=7)),
        ("sim-ann-fault-html-20pct-x", Fault(kind="html", share=20)),
        ("sim-fault-wrong-id", Fault(kind="wrong-id")),
        ("sim-fault-500-on-create-50pct", Fault(kind="500", on="create", share=50)),
    ],
)
def test_the_name_of_a_key_gives_its_fault(key: str, fault: Fault | None) -> None:
    assert fault_in_key(key) == fault


def test_the_short_form_takes_every_option() -> None:
    expected = Fault(kind="500", retry_after=7, on="list", share=5)
    assert parse_fault("500; retry-after=7; on=list; share=5") == expected
