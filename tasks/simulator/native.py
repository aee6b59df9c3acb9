"""Ark's own dialect; how YEScale and PowerTokens differ from it is in `ark_variants.py`.

volcengine.com/docs/82379/1520757 (create), 1521309 (get), 1521675 (list), 1521720 (delete).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from tasks.providers.catalog.models import FPS, find_model, tokens
from tasks.providers.dialects import ark_errors
from tasks.providers.dialects.ark_errors import RefusalError, invalid
from tasks.simulator.ark_variants import (
    check_assets,
    check_flat,
    flat_json,
    native_body_of_video,
    video_object,
)
from tasks.simulator.faults import Fault, retry_header
from tasks.simulator.media import last_frame_url, video_url
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.model_list import models_json
from tasks.simulator.orders import Order, read_order
from tasks.simulator.presets import Preset
from tasks.simulator.records import WEEK, Record
from tasks.simulator.timeline import DAY, TaskState
from tasks.simulator.world import World

TASKS = "/contents/generations/tasks"
MODELS_PATH = "/models"
VIDEOS = "/v1/videos"  # PowerTokens
YESCALE = "/seedance/generations"

STATUSES = ("queued", "running", "cancelled", "succeeded", "failed", "expired")
INPUT_VIDEO_SECONDS = 5  # assumed: nobody here opens a reference video to measure it


# -- how a task is written --------------------------------------------------------------------


def task_json(record: Record, now: float, origin: str) -> dict[str, Any]:
    """Write the body of a GET; fields that are not known yet are absent, as they are at Ark."""
    order, state = record.order, record.state_at(now)
    result = _result(record, origin) if state.status == "succeeded" else {}
    fields = {
        "id": record.id,
        "model": order.model,
        "status": state.status,
        "error": task_error(record, state),
        **{name: result.pop(name, None) for name in ("content", "usage")},
        "created_at": int(record.created_at),
        "updated_at": state.updated_at,
        **result,
        "service_tier": order.service_tier,
        "execution_expires_after": order.execution_expires_after,
        "generate_audio": order.generate_audio,
        "draft": order.draft,
        "draft_task_id": order.draft_task_id or None,
        "safety_identifier": order.safety_identifier or None,
        "output_format": order.output_format or None,
        "priority": order.priority,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _result(record: Record, origin: str) -> dict[str, Any]:
    order, content = record.order, {}
    if record.timeline.has_video:
        content["video_url"] = video_url(record, origin)
        if order.return_last_frame:
            content["last_frame_url"] = last_frame_url(record, origin)
    length = {"frames": order.frames} if order.frames else {"duration": order.duration}
    return {
        "content": content,
        "usage": usage(order),
        "seed": order.seed,
        "resolution": order.resolution,
        "ratio": order.ratio,
        **length,
        "framespersecond": FPS,
        "tools": order.tools,
    }


def usage(order: Order) -> dict[str, Any]:
    """Count tokens by the documented formula, which counts one frame more than it says."""
    width, height = order.size
    videos = sum(item["type"] == "video_url" for item in order.content)
    count = tokens(
        width,
        height,
        order.duration,
        frames=order.frames,
        input_seconds=INPUT_VIDEO_SECONDS * videos,
        draft=bool(order.draft),
        audio=bool(order.generate_audio),
    )
    total: dict[str, Any] = {"completion_tokens": count, "total_tokens": count}
    return total | {"tool_usage": {"web_search": 1}} if order.tools else total


def task_error(record: Record, state: TaskState) -> dict[str, str] | None:
    """Write why a task failed, with the request id at the end; None where it did not."""
    if not state.error_code:
        return None
    text = f"{ark_errors.message(state.error_code)} Request id: {record.stem}"
    return {"code": state.error_code, "message": text}


# -- create, get, list, delete ----------------------------------------------------------------


def operation(request: Request) -> str:
    """Name what a request does: create, get, list, delete, models or other."""
    if request.path == MODELS_PATH and request.method == "GET":
        return "models"
    for root in (TASKS, VIDEOS, YESCALE):
        if request.path == root:
            return {"POST": "create", "GET": "list"}.get(request.method, "other")
        if request.path.startswith(root + "/"):
            return {"GET": "get", "DELETE": "delete"}.get(request.method, "other")
    return "other"


def key_of(request: Request) -> str:
    """Read the key; Ark wants the word Bearer, spelled exactly so."""
    return request.bearer()


def answer(world: World, preset: Preset, request: Request) -> Reply:
    """Answer as Ark, YEScale or PowerTokens would."""
    try:
        return _answer(world, preset, request)
    except RefusalError as refusal:
        return _refuse(refusal, request)


def trouble(request: Request, fault: Fault) -> Reply:
    """Answer 409, 429, 500 or 503 in Ark's words."""
    if fault.kind == "409":
        return _refuse(_running(request.path.rpartition("/")[2]), request)
    if fault.kind == "quota":
        return _refuse(_no_quota(request.now + (fault.retry_after or 3600)), request)
    codes = {"429": "AccountRateLimitExceeded", "500": "InternalServiceError"}
    code = codes.get(fault.kind, "ServerOverloaded")
    return _refuse(RefusalError(int(fault.kind), code), request, *retry_header(fault))


def _refuse(refusal: RefusalError, request: Request, *headers: tuple[str, str]) -> Reply:
    return as_json(refusal.body(request.request_id), refusal.status, *headers)


def _answer(world: World, preset: Preset, request: Request) -> Reply:
    # 1. The key, the path and the rate are checked before anything else.
    key, wanted = key_of(request), operation(request)
    if not key.startswith("sim-"):
        raise RefusalError(401, "AuthenticationError")
    if wanted not in _supported(preset, request.path):
        raise RefusalError(404, "NotFound", f"{request.method} {request.path} is not found.")
    if world.exceeds_limit(key, wanted, request.now):
        raise RefusalError(429, "AccountRateLimitExceeded")
    if wanted == "models":
        return as_json(models_json(preset.vendor, request.now))
    if wanted == "create":
        return _create(world, preset, request, key)
    if wanted == "list":
        return _list(world, preset, request, key)
    # 2. A get or a delete needs a task of this key that is still kept.
    task_id = request.path.rpartition("/")[2]
    record = world.tasks.find(task_id, preset=preset.slug, key=key)
    world.counts.note_task("gets", task_id)
    if record is None or not is_kept(record, request.now):
        raise RefusalError(404, "ResourceNotFound")
    if wanted == "delete":
        return _delete(world, record, request)
    # 3. Each path writes the task in its own form.
    if request.path.startswith(VIDEOS):
        return _video_reply(record, request)
    task = task_json(record, request.now, request.origin)
    return as_json(flat_json(record, task) if request.path.startswith(YESCALE) else task)


def _supported(preset: Preset, path: str) -> tuple[str, ...]:
    """List the operations that this provider offers at this path."""
    if preset.dialect == "yescale":
        return ("create", "get") if path.startswith(YESCALE) else ()
    if path.startswith(VIDEOS):
        return ("create", "get") if preset.slug == "powertokens" else ()
    if preset.slug == "powertokens":  # its pages describe no list
        return ("create", "get", "delete") if path.startswith(TASKS) else ()
    if path == MODELS_PATH:
        return ("models",)
    return ("create", "get", "list", "delete") if path.startswith(TASKS) else ()


def _create(world: World, preset: Preset, request: Request, key: str) -> Reply:
    at = created_at(request)
    task_id = world.new_id(at)
    try:
        body = request.data()
    except (ValueError, RecursionError):
        raise invalid("body", "the request body is not valid JSON") from None
    if request.path == VIDEOS:
        body = native_body_of_video(body)
    if preset.dialect == "yescale":
        check_flat(body)
    order = read_order(
        body,
        vendor=preset.vendor,
        dice=Random(task_id),
        not_open="-notopen" in key,
        steer=request.headers.get("x-sim-steer", ""),
    )
    check_not_ended(order.model, preset.vendor, at)
    if order.draft_task_id:
        draft = world.tasks.find(order.draft_task_id, preset=preset.slug, key=key)
        order = final_of(order, draft.order) if draft else order
    if preset.slug == "powertokens" and request.path != VIDEOS:
        check_assets(order)
    record = world.create(order, task_id=task_id, preset=preset.slug, key=key, at=at)
    if request.path == VIDEOS:
        return _video_reply(record, request)
    echo = {"safety_identifier": order.safety_identifier} if order.safety_identifier else {}
    return as_json({"id": record.id, **echo})


def check_not_ended(name: str, vendor: str, at: float) -> None:
    """Refuse a model that its vendor had shut down by then."""
    model, day = find_model(name), datetime.fromtimestamp(at, UTC).date()
    if model and model.retirement(vendor, day):
        raise RefusalError(404, "InvalidEndpointOrModel.ModelIDAccessDisabled")


def final_of(order: Order, draft: Order) -> Order:
    """Fill in what a final video takes over from its draft; only the resolution is its own."""
    taken_over = ("prompt", "ratio", "duration", "frames", "seed", "generate_audio")
    media = [item for item in draft.content if item["type"] not in ("text", "draft_task")]
    return replace(
        order,
        content=[*order.content, *media],
        **{name: getattr(draft, name) for name in taken_over},
    )


def created_at(request: Request) -> float:
    """Return now, or as many seconds ago as the X-Sim-Created-Ago header says."""
    ago = request.headers.get("x-sim-created-ago", "0")
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", ago):
        raise invalid("X-Sim-Created-Ago", f"seconds are expected, not {ago!r}")
    return request.now - float(ago)


def is_kept(record: Record, now: float) -> bool:
    """Whether Ark still has the task.

    It keeps a task for seven days from its creation, a cancelled one for a day from then, and
    none that was deleted.
    """
    if record.deleted_at is not None or now - record.created_at > WEEK:
        return False
    state = record.state_at(now)
    return state.status != "cancelled" or now - state.updated_at <= DAY


def _video_reply(record: Record, request: Request) -> Reply:
    state = record.state_at(request.now)
    return as_json(video_object(record, request, state, task_error(record, state)))


def _delete(world: World, record: Record, request: Request) -> Reply:
    """Cancel a queued task, remove an ended one."""
    status = record.state_at(request.now).status
    if status == "running":
        raise _running(record.id)
    if status == "cancelled":
        raise RefusalError(403, "OperationDenied.InvalidState")
    if status == "queued":
        world.tasks.change(record, cancelled_at=request.now)
    else:
        world.tasks.change(record, deleted_at=request.now)
    return as_json({})


def _running(task_id: str) -> RefusalError:
    text = f"Cannot delete task {task_id} because it is currently running."
    return RefusalError(409, "InvalidAction.RunningTaskDeletion", text)


def _no_quota(reset_at: float) -> RefusalError:
    """Build the refusal of an account whose plan has no quota left; Ark tells its own zone."""
    reset = datetime.fromtimestamp(reset_at, timezone(timedelta(hours=8)))
    text = f"You have exceeded the 5-hour usage quota. It will reset at {reset:%F %T} +0800 CST."
    return RefusalError(429, "AccountQuotaExceeded", text)


def _list(world: World, preset: Preset, request: Request, key: str) -> Reply:
    parameters: dict[str, list[str]] = {}
    for name, value in request.parameters():
        parameters.setdefault(name, []).append(value)
    number, size = _integer(parameters, "page_num", 1), _integer(parameters, "page_size", 20)
    records = [
        record
        for record in world.tasks.owned(preset=preset.slug, key=key)
        if is_kept(record, request.now) and _matches(record, parameters, request.now)
    ]
    records.sort(key=lambda record: record.created_at, reverse=True)
    page = records[(number - 1) * size : number * size]
    items = [task_json(record, request.now, request.origin) for record in page]
    return as_json({"total": len(records), "items": items})


def _integer(parameters: dict[str, list[str]], name: str, default: int) -> int:
    text = parameters.get(name, [str(default)])[0]
    if not text.isdecimal() or not 1 <= int(text) <= 500:
        raise invalid(name, "an integer from 1 to 500 is expected")
    return int(text)


def _matches(record: Record, parameters: dict[str, list[str]], now: float) -> bool:
    """Whether the list's filters let the task through; without a tier they ask for the default."""
    order = record.order
    status = parameters.get("filter.status", [""])[0]
    if status and status not in STATUSES:
        raise invalid("filter.status")
    tier = parameters.get("filter.service_tier", ["default"])[0]
    if tier not in ("default", "flex"):
        raise invalid("filter.service_tier")
    ids, models = parameters.get("filter.task_ids"), parameters.get("filter.model")
    return (
        order.service_tier == tier
        and (not ids or record.id in ids)
        and (not models or models[0] in (order.model, order.asked_model))
        and (not status or record.state_at(now).status == status)
    )
