"""Drive an official SDK of Ark through every step that it offers for video tasks.

ark_sdk.py MODULE BASE_URL FAMILY [options as in steps.py]
ark_sdk.py volcenginesdkarkruntime http://127.0.0.1:8901/volcengine/api/v3 doubao
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import urllib.request
from collections.abc import Collection
from functools import cache
from typing import Any

import steps
from steps import UNTIL_ASKED

given = steps.options("module", "base_url", "family")
FAMILY = given.family
sdk = importlib.import_module(given.module)
errors = importlib.import_module(f"{given.module}._exceptions")

MODEL, DRAFTING_MODEL = f"{FAMILY}-seedance-2-0-260128", f"{FAMILY}-seedance-2-5-260628"
# The models before 2.0 have no prefix at BytePlus; these alone have the flex tier.
FLEX_MODEL = f"{'doubao-' if FAMILY == 'doubao' else ''}seedance-1-0-pro-250528"
PICTURE = "https://images.example.com/harbour.jpg"
ENDED = ("succeeded", "failed", "cancelled", "expired")


@cache
def tasks(key: str = "sim-judge", **options: Any) -> Any:
    """Return the SDK's video tasks for a key; the options are the client's."""
    client = sdk.Ark(base_url=given.base_url, api_key=steps.key(key), **options)
    return client.content_generation.tasks


def text(prompt: str) -> dict[str, str]:
    return {"type": "text", "text": prompt}


def create(prompt: str, key: str = "sim-judge", **fields: Any) -> str:
    """Create a task and return its id."""
    return tasks(key).create(**{"model": MODEL, "content": [text(prompt)], **fields}).id


def end_of(task_id: str, key: str = "sim-judge") -> Any:
    """Return a task once it has ended."""
    return until(ENDED, task_id, key)


def until(statuses: Collection[str], task_id: str, key: str = "sim-judge") -> Any:
    """Return a task once its status is one of these."""
    return steps.until(
        lambda task: task.status in statuses, lambda: tasks(key).get(task_id=task_id), given
    )


def refusal(kind: type[Exception], prompt: str, key: str = "sim-judge") -> Any:
    """Return why a provider refuses a create: the error, or the reason of the task that failed."""
    if not given.refused_later:
        return steps.refusal(kind, lambda: create(prompt, key))
    task = end_of(create(prompt, key), key)
    assert task.status == "failed", task
    return task.error


def create_with_every_field() -> None:
    frames = [
        {"type": "image_url", "image_url": {"url": PICTURE}, "role": role}
        for role in ("first_frame", "last_frame")
    ]
    made = tasks().create(
        model=MODEL,
        content=[text(f"A harbour at dawn {UNTIL_ASKED}"), *frames],
        safety_identifier="user-1",
        callback_url="http://127.0.0.1:9/changed",
        return_last_frame=True,
        service_tier="default",
        execution_expires_after=7200,
        priority=3,
        generate_audio=True,
        draft=False,
        camera_fixed=False,
        watermark=True,
        seed=-1,
        resolution="720p",
        ratio="16:9",
        duration=5,
        output_format="mp4",
    )
    assert made.id.startswith("cgt-"), made
    task = end_of(made.id)
    shown = (task.model, task.status, task.resolution, task.ratio, task.duration, task.priority)
    assert shown == (MODEL, "succeeded", "720p", "16:9", 5, 3), task
    assert (task.generate_audio, task.execution_expires_after) == (True, 7200), task
    assert task.usage.total_tokens == task.usage.completion_tokens == 108_900, task
    assert task.safety_identifier == "user-1" and task.framespersecond == 24, task
    assert task.content.last_frame_url, task


def create_with_references() -> None:
    def reference(kind: str, url: str) -> dict[str, Any]:
        return {"type": f"{kind}_url", f"{kind}_url": {"url": url}, "role": f"reference_{kind}"}

    media = [
        reference("image", f"data:image/png;base64,{base64.b64encode(steps.PNG).decode()}"),
        reference("video", "https://media.example.com/take.mp4"),
        reference("audio", "asset://asset-20261120-abcde"),
    ]
    made = tasks().create(model=MODEL, content=[text(f"The same street {UNTIL_ASKED}"), *media])
    assert end_of(made.id).status == "succeeded"


def create_with_the_raw_answer() -> None:
    raw = tasks().with_raw_response.create(model=MODEL, content=[text("sim:queue=600")])
    assert raw.headers["x-request-id"], raw.headers
    assert raw.parse().id.startswith("cgt-"), raw


def create_with_web_search() -> None:
    found = create(f"Today's news {UNTIL_ASKED}", extra_body={"tools": [{"type": "web_search"}]})
    tools = end_of(found).tools
    assert [getattr(tool, "type", None) or tool["type"] for tool in tools] == ["web_search"]


def create_a_draft_and_its_final() -> None:
    draft = create(f"A rooftop {UNTIL_ASKED}", model=DRAFTING_MODEL, draft=True, duration=5)
    shown = end_of(draft)
    assert (shown.draft, shown.resolution) == (True, "480p"), shown
    content = [{"type": "draft_task", "draft_task": {"id": draft}}]
    final = create("", model=DRAFTING_MODEL, content=content)
    assert tasks().get(task_id=final).draft_task_id == draft


def get_each_status() -> None:
    prompts = {
        "queued": "sim:queue=600",
        "running": "sim:queue=0 sim:stuck",
        "succeeded": UNTIL_ASKED,
        "failed": f"{UNTIL_ASKED} sim:fail=OutputVideoSensitiveContentDetected",
        "cancelled": "sim:queue=0 sim:cancel",
    }
    ids = {status: create(prompt) for status, prompt in prompts.items()}
    found = {status: until([status], task_id) for status, task_id in ids.items()}
    assert {status: task.status for status, task in found.items()} == {s: s for s in prompts}
    assert found["queued"].created_at and found["queued"].updated_at, found["queued"]
    error = found["failed"].error
    assert error.code == "OutputVideoSensitiveContentDetected" and error.message, error


def get_until_done_and_download() -> None:
    made = create("sim:queue=10 sim:run=20")
    task = until(["succeeded"], made)
    with urllib.request.urlopen(task.content.video_url) as answer:
        assert answer.headers["content-type"] == "video/mp4"
        assert steps.is_video(answer.read())


def list_by_every_filter() -> None:
    ids = [create(f"{number} {UNTIL_ASKED}") for number in range(3)]
    queued = create("sim:queue=600")
    cheap = create("sim:queue=600", model=FLEX_MODEL, service_tier="flex")
    assert {end_of(made).status for made in ids} == {"succeeded"}
    listed = tasks().list(task_ids=ids)
    assert listed.total == 3 and {item.id for item in listed.items} == set(ids), listed
    assert [item.id for item in tasks().list(task_ids=queued).items] == [queued]
    page = tasks().list(page_num=2, page_size=2, task_ids=ids)
    assert (page.total, len(page.items)) == (3, 1), page
    one = tasks().list(status="queued", model=MODEL, task_ids=[*ids, queued])
    assert [item.id for item in one.items] == [queued], one
    assert {item.status for item in tasks().list(status="succeeded").items} == {"succeeded"}
    flex = tasks().list(service_tier="flex", task_ids=[queued, cheap])
    assert [item.id for item in flex.items] == [cheap], flex


def delete_a_queued_task() -> None:
    made = create("sim:queue=600")
    tasks().delete(task_id=made)
    assert end_of(made).status == "cancelled"


def delete_a_finished_task() -> None:
    made = create(UNTIL_ASKED)
    assert end_of(made).status == "succeeded"
    tasks().delete(task_id=made)
    gone = steps.refusal(errors.ArkNotFoundError, lambda: tasks().get(task_id=made))
    assert (gone.code, gone.status_code) == ("ResourceNotFound", 404), gone


def delete_a_running_task() -> None:
    made = create("sim:queue=0 sim:stuck")
    until(["running"], made)
    late = steps.refusal(errors.ArkConflictError, lambda: tasks(max_retries=0).delete(task_id=made))
    assert late.code == "InvalidAction.RunningTaskDeletion", late
    assert tasks().get(task_id=made).status == "running"


def be_refused_with_a_wrong_key() -> None:
    for call in (
        lambda of: of.create(model=MODEL, content=[text("A harbour")]),
        lambda of: of.get(task_id="cgt-20261120120000-abcde"),
        lambda of: of.list(),
        lambda of: of.delete(task_id="cgt-20261120120000-abcde"),
    ):
        error = steps.refusal(
            errors.ArkAuthenticationError, lambda call=call: call(tasks("ark-wrong"))
        )
        assert (error.code, bool(error.request_id)) == ("AuthenticationError", True), error


def be_refused_an_unknown_task() -> None:
    for call in (tasks().get, tasks().delete):
        error = steps.refusal(
            errors.ArkNotFoundError, lambda call=call: call(task_id="cgt-20261120120000-abcde")
        )
        assert (error.code, error.type) == ("ResourceNotFound", "NotFound"), error


def be_refused_a_bad_parameter() -> None:
    bad: list[dict[str, Any]] = [{"duration": 99}, {"ratio": "2:7"}, {"resolution": "8k"}]
    for fields in (*bad, {"content": []}):
        error = steps.refusal(
            errors.ArkBadRequestError, lambda fields=fields: create("A harbour", **fields)
        )
        assert error.code in ("InvalidParameter", "MissingParameter"), error
        assert error.param == next(iter(fields)), error


def be_refused_an_unknown_model() -> None:
    error = steps.refusal(errors.ArkNotFoundError, lambda: create("A boat", model="seedance-9"))
    assert error.code == "InvalidEndpointOrModel.NotFound", error


def be_refused_a_model_that_is_not_open() -> None:
    error = refusal(errors.ArkNotFoundError, "A boat", "sim-notopen-judge")
    assert error.code == "ModelNotOpen", error


def be_refused_a_sensitive_prompt() -> None:
    prompt = "sim:refuse=InputTextSensitiveContentDetected"
    error = refusal(errors.ArkBadRequestError, prompt)
    assert error.code == "InputTextSensitiveContentDetected", error


def ask_again_after_an_overload() -> None:
    """Every second GET of this key is answered with 503, which is repeated unasked."""
    key = "sim-fault-503-on-get-50pct"
    made = create(UNTIL_ASKED, key)
    assert [end_of(made, key).status for _ in range(2)] == ["succeeded"] * 2


def be_refused_too_many_requests() -> None:
    of = tasks("sim-fault-429-on-create", max_retries=0)
    error = steps.refusal(
        errors.ArkRateLimitError, lambda: of.create(model=MODEL, content=[text("A boat")])
    )
    assert error.code == "AccountRateLimitExceeded", error


def do_the_same_asynchronously() -> None:
    asyncio.run(_all_four())


async def _all_four() -> None:
    client = sdk.AsyncArk(base_url=given.base_url, api_key=steps.key())
    of = client.content_generation.tasks
    made = await of.create(model=MODEL, content=[text("sim:queue=600")])
    raw = await of.with_raw_response.create(model=MODEL, content=[text("sim:queue=600")])
    assert raw.headers["x-request-id"], raw.headers
    assert (await of.get(task_id=made.id)).status == "queued"
    assert [item.id for item in (await of.list(task_ids=[made.id])).items] == [made.id]
    await of.delete(task_id=made.id)
    assert end_of(made.id).status == "cancelled"
    try:
        await of.get(task_id="cgt-20261120120000-abcde")
    except errors.ArkNotFoundError as error:
        assert error.code == "ResourceNotFound", error
    else:
        raise AssertionError("an unknown task was found")
    await client.close()


if __name__ == "__main__":
    steps.report(
        [
            create_with_every_field,
            create_with_references,
            create_with_the_raw_answer,
            create_with_web_search,
            create_a_draft_and_its_final,
            get_each_status,
            get_until_done_and_download,
            list_by_every_filter,
            delete_a_queued_task,
            delete_a_finished_task,
            delete_a_running_task,
            be_refused_with_a_wrong_key,
            be_refused_an_unknown_task,
            be_refused_a_bad_parameter,
            be_refused_an_unknown_model,
            be_refused_a_model_that_is_not_open,
            be_refused_a_sensitive_prompt,
            be_refused_too_many_requests,
            ask_again_after_an_overload,
            do_the_same_asynchronously,
        ],
        given,
    )
