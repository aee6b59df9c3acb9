"""Ark's own dialect, its flat echo at YEScale, and PowerTokens' OpenAI-like twin.

volcengine.com/docs/82379/1520757 (create), 1521309 (get), 1521675 (list), 1521720 (delete).
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from tasks.providers.catalog import FPS, frame_size, tokens
from tasks.simulator import errors
from tasks.simulator.errors import Refusal, invalid, missing
from tasks.simulator.faults import Fault, retry_header
from tasks.simulator.media import last_frame_url, video_url
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.orders import Order, read_order
from tasks.simulator.presets import Preset
from tasks.simulator.records import WEEK, Record
from tasks.simulator.story import DAY, Moment, moment
from tasks.simulator.world import World

TASKS = "/contents/generations/tasks"
TWIN = "/v1/videos"  # PowerTokens
YESCALE = "/seedance/generations"
YESCALE_LABEL = "YEScale - Seedance Video Generation - Fetch"

STATUSES = ("queued", "running", "cancelled", "succeeded", "failed", "expired")
INPUT_VIDEO_SECONDS = 5  # nobody here opens a reference video to measure it


# -- what a task looks like -------------------------------------------------------------------


def task_json(record: Record, now: float, origin: str) -> dict[str, Any]:
    """The body of a GET; what is not known yet is absent, as it is at Ark."""
    order, state = record.order, moment(record, now)
    done = _result(record, origin) if state.status == "succeeded" else {}
    fields = {
        "id": record.id,
        "model": order.model,
        "status": state.status,
        "error": task_error(record, state),
        **{name: done.get(name) for name in ("content", "usage")},
        "created_at": int(record.created_at),
        "updated_at": state.updated_at,
        **{name: value for name, value in done.items() if name not in ("content", "usage")},
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
    order = record.order
    length = {"frames": order.frames} if order.frames else {"duration": order.duration}
    return {
        "content": _content(record, origin),
        "usage": usage(order),
        "seed": order.seed,
        "resolution": order.resolution,
        "ratio": order.ratio,
        **length,
        "framespersecond": FPS,
        "tools": order.tools,
    }


def _content(record: Record, origin: str) -> dict[str, str]:
    if not record.story.has_video:
        return {}
    content = {"video_url": video_url(record, origin)}
    if record.order.return_last_frame:
        content["last_frame_url"] = last_frame_url(record, origin)
    return content


def usage(order: Order) -> dict[str, Any]:
    """Tokens by the documented formula, which counts one frame more than it says."""
    width, height = frame_size(order.model, order.resolution, order.ratio) or (1280, 720)
    videos = sum(item["type"] == "video_url" for item in order.content)
    count = tokens(
        width,
        height,
        order.frames / FPS if order.frames else order.duration,
        input_seconds=INPUT_VIDEO_SECONDS * videos,
        draft=bool(order.draft),
        audio=bool(order.generate_audio),
    )
    total: dict[str, Any] = {"completion_tokens": count, "total_tokens": count}
    return total | {"tool_usage": {"web_search": 1}} if order.tools else total


def task_error(record: Record, state: Moment) -> dict[str, str] | None:
    """The reason of a failed task, its request id at the end."""
    if not state.error_code:
        return None
    text = f"{errors.message(state.error_code)} Request id: {record.stem}"
    return {"code": state.error_code, "message": text}


# -- create, get, list, delete ----------------------------------------------------------------


def operation(request: Request) -> str:
    """What a request is about: create, get, list, delete or other."""
    for root in (TASKS, TWIN, YESCALE):
        if request.path == root:
            return {"POST": "create", "GET": "list"}.get(request.method, "other")
        if request.path.startswith(root + "/"):
            return {"GET": "get", "DELETE": "delete"}.get(request.method, "other")
    return "other"


def key_of(request: Request) -> str:
    """Ark wants the word Bearer, spelled so."""
    return request.bearer()


def answer(world: World, preset: Preset, request: Request) -> Reply:
    """Answer as Ark, YEScale or PowerTokens would."""
    try:
        return _answer(world, preset, request)
    except Refusal as refusal:
        return _refuse(refusal, request)


def trouble(request: Request, fault: Fault) -> Reply:
    """429, 500 and 503 in Ark's words."""
    codes = {"429": "AccountRateLimitExceeded", "500": "InternalServiceError"}
    code = codes.get(fault.kind, "ServerOverloaded")
    return _refuse(Refusal(int(fault.kind), code), request, *retry_header(fault))


def _refuse(refusal: Refusal, request: Request, *headers: tuple[str, str]) -> Reply:
    return as_json(refusal.body(request.request_id), refusal.status, *headers)


def _answer(world: World, preset: Preset, request: Request) -> Reply:
    key, wanted = key_of(request), operation(request)
    if not key.startswith("sim-"):
        raise Refusal(401, "AuthenticationError")
    if wanted not in _known(preset, request.path):
        raise Refusal(404, "NotFound", f"{request.method} {request.path} is not found.")
    if world.too_many(key, wanted, request.now):
        raise Refusal(429, "AccountRateLimitExceeded")
    if wanted == "create":
        return _create(world, preset, request, key)
    if wanted == "list":
        return as_json(_list(world, preset, request, key))
    record = _find(world, preset, request, key)
    return _delete(world, record, request) if wanted == "delete" else _get(world, record, request)


def _known(preset: Preset, path: str) -> tuple[str, ...]:
    """What this provider can do at this path."""
    if preset.dialect == "yescale":
        return ("create", "get") if path.startswith(YESCALE) else ()
    if path.startswith(TWIN):
        return ("create", "get") if preset.slug == "powertokens" else ()
    if preset.slug == "powertokens":  # its pages describe no list
        return ("create", "get", "delete") if path.startswith(TASKS) else ()
    return ("create", "get", "list", "delete") if path.startswith(TASKS) else ()


def _create(world: World, preset: Preset, request: Request, key: str) -> Reply:
    at = created_at(request)
    task_id = world.new_id(at)
    body = _body(request)
    if request.path == TWIN:
        body = _from_twin(body)
    order = read_order(
        body,
        vendor=preset.vendor,
        dice=Random(task_id),
        not_open="-notopen" in key,
        wishes=request.headers.get("x-sim-steer", ""),
    )
    record = world.create(order, task_id=task_id, preset=preset.slug, key=key, at=at)
    if request.path == TWIN:
        return as_json(_twin_json(record, request))
    echo = {"safety_identifier": order.safety_identifier} if order.safety_identifier else {}
    return as_json({"id": record.id, **echo})


def created_at(request: Request) -> float:
    """Now, or as long ago as the X-Sim-Created-Ago header says, in seconds."""
    ago = request.headers.get("x-sim-created-ago", "0")
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", ago):
        raise invalid("X-Sim-Created-Ago", f"seconds are expected, not {ago!r}")
    return request.now - float(ago)


def _body(request: Request) -> object:
    try:
        return request.data()
    except (ValueError, RecursionError):
        raise invalid("body", "the request body is not valid JSON") from None


def _find(world: World, preset: Preset, request: Request, key: str) -> Record:
    task_id = request.path.rpartition("/")[2]
    record = world.tasks.find(task_id, preset=preset.slug, key=key)
    world.counts.note_task("gets", task_id)
    if record is None or not is_kept(record, request.now):
        raise Refusal(404, "ResourceNotFound")
    return record


def is_kept(record: Record, now: float) -> bool:
    """Seven days from its creation; a cancelled task one day from then; until deleted."""
    if record.deleted_at is not None or now - record.created_at > WEEK:
        return False
    state = moment(record, now)
    return state.status != "cancelled" or now - state.updated_at <= DAY


def _get(world: World, record: Record, request: Request) -> Reply:
    if request.path.startswith(TWIN):
        return as_json(_twin_json(record, request))
    task = task_json(record, request.now, request.origin)
    return as_json(_yescale(record, task) if request.path.startswith(YESCALE) else task)


def _delete(world: World, record: Record, request: Request) -> Reply:
    status = moment(record, request.now).status
    if status in ("running", "cancelled"):
        raise Refusal(403, "OperationDenied.InvalidState")
    if status == "queued":
        world.tasks.change(record, cancelled_at=request.now)
    else:
        world.tasks.change(record, deleted_at=request.now)
    return as_json({})


def _list(world: World, preset: Preset, request: Request, key: str) -> dict[str, Any]:
    given: dict[str, list[str]] = {}
    for name, value in request.parameters():
        given.setdefault(name, []).append(value)
    number, size = _page(given, "page_num", 1), _page(given, "page_size", 20)
    wanted = [
        record
        for record in world.tasks.owned(preset=preset.slug, key=key)
        if is_kept(record, request.now) and _matches(record, given, request.now)
    ]
    wanted.sort(key=lambda record: record.created_at, reverse=True)
    page = wanted[(number - 1) * size : number * size]
    items = [task_json(record, request.now, request.origin) for record in page]
    return {"total": len(wanted), "items": items}


def _page(given: dict[str, list[str]], name: str, default: int) -> int:
    text = given.get(name, [str(default)])[0]
    if not text.isdecimal() or not 1 <= int(text) <= 500:
        raise invalid(name, "an integer from 1 to 500 is expected")
    return int(text)


def _matches(record: Record, given: dict[str, list[str]], now: float) -> bool:
    """The filters; without a tier only the default one is listed."""
    order = record.order
    status = given.get("filter.status", [""])[0]
    if status and status not in STATUSES:
        raise invalid("filter.status")
    ids, models = given.get("filter.task_ids"), given.get("filter.model")
    return (
        order.service_tier == given.get("filter.service_tier", ["default"])[0]
        and (not ids or record.id in ids)
        and (not models or models[0] in (order.model, order.asked_model))
        and (not status or moment(record, now).status == status)
    )


# -- YEScale ----------------------------------------------------------------------------------


def _yescale(record: Record, task: dict[str, Any]) -> dict[str, Any]:
    """Some of the native fields in alphabetical order, a label, and the create body again."""
    kept = ("content", "created_at", "error", "id", "model", "status", "updated_at", "usage")
    flat: dict[str, Any] = {name: task[name] for name in kept if name in task}
    flat["message"] = YESCALE_LABEL
    flat["request"] = {"content": record.order.content, "model": record.order.asked_model}
    return dict(sorted(flat.items()))


# -- PowerTokens' /v1/videos ------------------------------------------------------------------


def _from_twin(body: object) -> object:
    """{model, prompt | media[], seconds, size, …} as a native body."""
    if not isinstance(body, dict):
        return body
    if not body.get("prompt") and not body.get("media"):
        raise missing("prompt")
    if not isinstance(body.get("media") or [], list):
        raise invalid("media", "a list of objects is expected")
    media = body.get("media") or [{"type": "text", "text": body["prompt"]}]
    if body.get("image"):
        media = [*media, {"type": "first_frame", "url": body["image"]}]
    native = {name: body.get(name) for name in ("model", "ratio", "seed", "generate_audio")}
    native["resolution"] = body.get("size")
    native["duration"] = _seconds(body.get("seconds"))
    native["content"] = [_twin_item(item) for item in media]
    return native


def _seconds(value: object) -> int | None:
    if value is None:
        return None
    try:
        return int(str(value))
    except ValueError:
        raise invalid("seconds", "a whole number is expected") from None


def _twin_item(item: object) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise invalid("media", "a list of objects is expected")
    kind = str(item.get("type"))
    if kind == "text":
        return {"type": "text", "text": item.get("text") or item.get("prompt")}
    medium = {"reference_video": "video_url", "reference_audio": "audio_url"}.get(kind, "image_url")
    return {"type": medium, medium: {"url": item.get("url")}, "role": kind}


def _twin_json(record: Record, request: Request) -> dict[str, Any]:
    state, order = moment(record, request.now), record.order
    done = state.status == "succeeded" and record.story.has_video
    error = task_error(record, state)
    flat = {
        "id": record.id,
        "task_id": record.id,
        "object": "video",
        "model": order.model,
        "status": state.status,
        "progress": {"queued": 0, "running": 50}.get(state.status, 100),
        "created_at": int(record.created_at),
        "video_url": video_url(record, request.origin) if done else "",
        "last_frame_url": last_frame_url(record, request.origin)
        if done and order.return_last_frame
        else "",
        "metadata": {},
    }
    if state.ended:
        flat["completed_at"] = state.updated_at
    return flat | {"error": error} if error else flat
