"""Values that the simulator takes because live Ark does, and the models that it lists."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.simulator.server import Simulator
from tests.simulator.conftest import KEY, NATIVE_TASKS, PRO_1_0, Client, Clock, native_body

PRO_1_5 = "seedance-1-5-pro-251215"
FLASH, V25 = "dreamina-seedance-2-5-flash-261115", "dreamina-seedance-2-5-260628"
NEXT = "dreamina-seedance-3-0-270115"


def created(sim: Simulator, slug: str = "byteplus", **fields: Any) -> Any:
    return Client(sim, slug).ask("POST", NATIVE_TASKS, json=native_body(**fields))


@pytest.mark.parametrize(
    ("slug", "fields"),
    [
        ("byteplus", {"model": FLASH, "resolution": "720p", "duration": 30}),
        ("byteplus", {"model": V25, "resolution": "4k"}),
        ("byteplus", {"model": V25, "resolution": "4K"}),
        ("byteplus", {"model": NEXT, "resolution": "720p"}),
        ("volcengine", {"resolution": "4K"}),
        ("volcengine", {"ratio": "1.91:1"}),
        ("volcengine", {"model": PRO_1_0, "ratio": "5:4"}),
        ("volcengine", {"model": PRO_1_0, "ratio": "3:2"}),
    ],
)
def test_what_live_ark_takes_is_taken(sim: Simulator, slug: str, fields: dict[str, Any]) -> None:
    assert created(sim, slug, **fields).status_code == 200


@pytest.mark.parametrize(
    ("slug", "fields", "status"),
    [
        ("byteplus", {"model": FLASH, "resolution": "1080p"}, 400),
        ("byteplus", {"model": FLASH, "draft": True}, 400),
        ("byteplus", {"model": FLASH, "duration": 31}, 400),
        ("volcengine", {"model": "doubao-seedance-2-5-flash-261115"}, 404),
        ("volcengine", {"ratio": "5:4"}, 400),
        ("volcengine", {"model": PRO_1_0, "ratio": "1.91:1"}, 400),
        ("volcengine", {"model": "doubao-seedance-2-0-fast-260128", "resolution": "4K"}, 400),
    ],
)
def test_what_a_model_does_not_take_is_refused(
    sim: Simulator, slug: str, fields: dict[str, Any], status: int
) -> None:
    assert created(sim, slug, **fields).status_code == status


def test_a_resolution_in_capitals_is_answered_in_small_letters(
    sim: Simulator, clock: Clock
) -> None:
    task_id = sim.create("sim:queue=1 sim:run=1", key=KEY, resolution="4K")
    clock.forward(60)
    assert Client(sim).native_task(task_id)["resolution"] == "4k"


def test_a_model_ends_at_its_vendor_on_its_day(sim: Simulator) -> None:
    body = native_body(model=PRO_1_5)
    client, ended = Client(sim, "byteplus"), 1794355200  # 2026-11-11 00:00 UTC
    for at, status in ((ended - 1, 200), (ended + 1, 404)):
        ago = {"X-Sim-Created-Ago": str(int(sim.world.clock() - at))}
        answer = client.ask("POST", NATIVE_TASKS, json=body, headers=ago)
        assert answer.status_code == status


def test_a_final_takes_over_what_its_draft_had_and_is_1080p(sim: Simulator, clock: Clock) -> None:
    client = Client(sim, "byteplus")
    fields = {"model": V25, "ratio": "9:16", "duration": 6, "generate_audio": False}
    draft = native_body("sim:queue=1 sim:run=1", draft=True, **fields)
    draft_id = client.ask("POST", NATIVE_TASKS, json=draft).json()["id"]
    item = {"type": "draft_task", "draft_task": {"id": draft_id}}
    refused = client.ask("POST", NATIVE_TASKS, json=_final(item, resolution="720p"))
    assert refused.status_code == 400
    final_id = client.ask("POST", NATIVE_TASKS, json=_final(item)).json()["id"]
    clock.forward(60)
    drawn, final = client.native_task(draft_id), client.native_task(final_id)
    taken_over = ("ratio", "duration", "seed", "generate_audio")
    assert [final[name] for name in taken_over] == [drawn[name] for name in taken_over]
    assert (final["resolution"], final["draft_task_id"]) == ("1080p", draft_id)
    assert final["usage"]["total_tokens"] == 1080 * 1920 * (24 * 6 + 1) // 1024


def _final(item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": V25, "content": [item], **fields}


@pytest.mark.parametrize(
    ("slug", "path"), [("byteplus", "/models"), ("native", "/models"), ("newapi", "/v1/models")]
)
def test_the_models_are_listed_with_one_that_is_new(sim: Simulator, slug: str, path: str) -> None:
    listed = [each["id"] for each in Client(sim, slug).get(path).json()["data"]]
    assert sum("seedance-3-0" in name for name in listed) == 1
    assert len(listed) == len(set(listed)) > 8


def test_arks_list_has_status_and_kinds_of_task_and_needs_a_key(sim: Simulator) -> None:
    listed = {each["id"]: each for each in Client(sim, "byteplus").get("/models").json()["data"]}
    assert listed["seedance-1-0-lite-t2v-250428"]["status"] == "Shutdown"
    assert "TextToVideo" in listed[V25]["task_type"]
    assert Client(sim, "byteplus", key="sk-wrong").get("/models").status_code == 401
    assert Client(sim, "powertokens").get("/models").status_code == 404
