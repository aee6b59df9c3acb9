"""Ark's rules: who may see a task and for how long, what cancels, what lists, what is refused."""

from typing import Any

import pytest
from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import ArkAuthenticationError, ArkNotFoundError

from tasks.simulator.server import Simulator
from tests.simulator.conftest import KEY, NATIVE_TASKS, Client, Clock, native_body

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


def refusal(sim: Simulator, body: Any, slug: str = "volcengine", key: str = KEY) -> tuple[int, str]:
    answer = Client(sim, slug, key).ask("POST", NATIVE_TASKS, json=body)
    return answer.status_code, answer.json().get("error", {}).get("code", "")


UNSUPPORTED = "InvalidParameter.UnsupportedParameter"
PRO_1_0 = "doubao-seedance-1-0-pro-250528"
PRO_1_5 = "doubao-seedance-1-5-pro-251215"
FILM = {"type": "video_url", "role": "reference_video"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://images.example.com/a.jpg"}}


@pytest.mark.parametrize(
    "body",
    [
        native_body(resolution="8k"),
        native_body(model="doubao-seedance-2-0-fast-260128", resolution="1080p"),
        native_body(ratio="5:4"),
        native_body(duration=3),
        native_body(duration="5"),
        native_body(service_tier="flex"),
        native_body(seed=11),
        native_body(camera_fixed=True),
        native_body(frames=29),
        native_body(model=PRO_1_0, frames=30),
        native_body(model=PRO_1_0, generate_audio=True),
        native_body(model=PRO_1_0, priority=3),
        native_body(model=PRO_1_5, draft=True, resolution="720p"),
        native_body(execution_expires_after=60),
        native_body(callback_url="ftp://example.com"),
        native_body(content="a prompt"),
        native_body(content=[{"type": "music"}]),
        native_body(content=[IMAGE | {"role": "last_frame"}]),
        native_body(content=[IMAGE, IMAGE | {"role": "reference_image"}]),
        native_body(model="doubao-seedance-1-0-lite-t2v-250428", content=[IMAGE]),
        native_body(content=[IMAGE | {"role": "reference_video"}]),
        native_body(content=[FILM | {"video_url": {"url": "data:video/mp4;base64,AAAA"}}]),
        native_body(model=PRO_1_5, content=[{"type": "draft_task", "draft_task": {"id": 7}}]),
        native_body(omni_reference_task_type="edit"),
        native_body(tools=[{"type": "code"}]),
        native_body(watermark="true"),
        [],
    ],
)
def test_a_body_field_that_a_model_does_not_take_is_a_400(sim: Simulator, body: Any) -> None:
    assert refusal(sim, body) == (400, "InvalidParameter")
    assert sim.tasks == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": [{"type": "text", "text": "x"}]}, "MissingParameter"),
        ({"model": PRO_1_0}, "MissingParameter"),
        (native_body(content=[{"type": "image_url", "image_url": {}}]), "InvalidImageURL.EmptyURL"),
        (
            native_body(content=[{"type": "image_url", "image_url": {"url": "x"}}]),
            "InvalidImageURL.InvalidFormat",
        ),
        (native_body("sim:refuse"), "InputTextSensitiveContentDetected"),
        (native_body(n=1), UNSUPPORTED),
        (native_body(metadata={"resolution": "720p"}), UNSUPPORTED),
        (native_body(content=[{"type": "text", "text": "x", "role": "user"}]), UNSUPPORTED),
        (native_body(content=[IMAGE | {"detail": "high"}]), UNSUPPORTED),
        (native_body(content=[IMAGE | {"image_url": {"url": "asset://x", "id": 1}}]), UNSUPPORTED),
    ],
)
def test_what_else_is_wrong_with_a_create_has_its_own_code(
    sim: Simulator, body: Any, code: str
) -> None:
    assert refusal(sim, body) == (400, code)


@pytest.mark.parametrize(
    ("fields", "doomed"),
    [
        ({"omni_reference_task_type": "edit"}, False),
        ({"omni_reference_task_type": "edit", "duration": 5}, True),
        ({"omni_reference_task_type": "extend", "ratio": "16:9"}, True),
        ({"omni_reference_task_type": "reference", "ratio": "16:9", "duration": 5}, False),
    ],
)
def test_2_5_fails_what_its_way_does_not_allow_only_after_a_while(
    sim: Simulator, clock: Clock, fields: dict[str, Any], doomed: bool
) -> None:
    film = FILM | {"video_url": {"url": "asset://take"}}
    content = [{"type": "text", "text": "x"}, film]
    task_id = sim.create(key=KEY, model="doubao-seedance-2-5-260628", content=content, **fields)
    clock.forward(2_000)
    task = Client(sim).native_task(task_id)
    assert ("error" in task) == doomed


def test_powertokens_takes_media_since_2_0_from_its_library_only(sim: Simulator) -> None:
    asset = IMAGE | {"image_url": {"url": "asset://still"}}
    for model, item, expected in (
        ("dreamina-seedance-2-0-260128", IMAGE, 400),
        ("dreamina-seedance-2-0-260128", asset, 200),
        ("seedance-1-5-pro-251215", IMAGE, 200),
    ):
        body = native_body(model=model, content=[{"type": "text", "text": "x"}, item])
        assert refusal(sim, body, "powertokens")[0] == expected


def test_yescale_takes_nothing_but_words_and_pictures(sim: Simulator) -> None:
    client = Client(sim, "yescale")

    def status(body: Any) -> int:
        return client.ask("POST", "/seedance/generations", json=body).status_code

    plain = native_body(model=PRO_1_0)
    assert status(plain) == 200
    assert status(plain | {"resolution": "480p"}) == 400
    assert status(plain | {"content": [*plain["content"], IMAGE]}) == 200
    assert status(plain | {"content": [IMAGE | {"role": "first_frame"}]}) == 400


def test_a_body_that_is_not_json_is_a_400(sim: Simulator) -> None:
    assert Client(sim).ask("POST", NATIVE_TASKS, content=b"{").status_code == 400


@pytest.mark.parametrize(
    ("slug", "model", "accepted"),
    [
        ("volcengine", "doubao-seedance-2-0-260128", True),
        ("volcengine", "dreamina-seedance-2-0-260128", False),
        ("volcengine", "doubao-seedance-9-0-300101", False),
        ("byteplus", "dreamina-seedance-2-0-260128", True),
        ("byteplus", "seedance-1-0-pro-250528", True),
        ("byteplus", "doubao-seedance-2-0-260128", False),
        ("powertokens", "dreamina-seedance-2-0-260128", True),
        ("native", "doubao-seedance-2.0", True),
        ("native", "ep-20260101-abcde", True),
    ],
)
def test_each_vendor_knows_its_own_model_names(
    sim: Simulator, slug: str, model: str, accepted: bool
) -> None:
    expected = (200, "") if accepted else (404, "InvalidEndpointOrModel.NotFound")
    assert refusal(sim, native_body(model=model), slug) == expected


def test_a_model_that_is_not_activated_is_a_404(sim: Simulator) -> None:
    assert refusal(sim, native_body(), key="sim-notopen") == (404, "ModelNotOpen")


def test_a_null_field_is_an_absent_field(sim: Simulator) -> None:
    assert refusal(sim, native_body(seed=None, resolution=None, tools=None)) == (200, "")


def test_flags_of_a_prompt_are_read_and_bad_ones_fall_back(sim: Simulator, clock: Clock) -> None:
    prompt = "A girl --rs 480p --rt 9:16 --dur 99 --seed 11 --cf true --wm maybe"
    task_id = sim.create(prompt, key=KEY, model=PRO_1_0)
    clock.forward(200)
    task = Client(sim).native_task(task_id)
    assert (task["resolution"], task["ratio"], task["duration"]) == ("480p", "9:16", 5)
    assert task["seed"] == 11


def test_a_body_field_beats_a_flag(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("A girl --ratio 9:16", key=KEY, ratio="1:1")
    clock.forward(200)
    assert Client(sim).native_task(task_id)["ratio"] == "1:1"


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"duration": 5, "resolution": "720p", "ratio": "16:9"}, 108_900),
        ({"duration": 5, "resolution": "720p", "ratio": "4:3"}, 109_586),
        ({"duration": 4, "resolution": "480p", "ratio": "16:9"}, 40_594),
        ({"duration": 10, "resolution": "720p", "ratio": "16:9"}, 216_900),
    ],
)
def test_tokens_are_those_of_recorded_tasks(
    sim: Simulator, clock: Clock, fields: dict[str, Any], tokens: int
) -> None:
    task_id = sim.create(key=KEY, **fields)
    clock.forward(200)
    assert Client(sim).native_task(task_id)["usage"]["total_tokens"] == tokens


def test_frames_are_answered_instead_of_a_duration(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(key=KEY, model=PRO_1_0, frames=29)
    clock.forward(200)
    task = Client(sim).native_task(task_id)
    assert task["frames"] == 29
    assert "duration" not in task


def test_2_5_fails_a_first_frame_with_a_fixed_ratio_only_after_a_while(
    sim: Simulator, clock: Clock
) -> None:
    content = [{"type": "text", "text": "x"}, IMAGE]
    model = "doubao-seedance-2-5-260628"
    task_id = sim.create(key=KEY, model=model, content=content, ratio="16:9")
    clock.forward(200)
    error = Client(sim).native_task(task_id)["error"]
    assert error["code"] == "InvalidParameter.TaskTypeConstraint"


def test_a_task_that_takes_longer_than_it_may_expires(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:run=9000", key=KEY, execution_expires_after=3600)
    clock.forward(3601)
    task = Client(sim).native_task(task_id)
    assert (task["status"], task["updated_at"] - task["created_at"]) == ("expired", 3600)


def test_a_stuck_task_never_ends(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:stuck", key=KEY)
    clock.forward(6 * DAY)
    assert Client(sim).native_task(task_id)["status"] == "running"


def test_a_task_can_succeed_without_a_video(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:novideo", key=KEY)
    clock.forward(200)
    task = Client(sim).native_task(task_id)
    assert (task["status"], task["content"]) == ("succeeded", {})


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
