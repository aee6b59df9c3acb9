"""Ark's own dialect; what YEScale and PowerTokens do otherwise is in `kin.py`.

volcengine.com/docs/82379/1520757 (create), 1521309 (get), 1521675 (list), 1521720 (delete).
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from tasks.providers.catalog import FPS, frame_size, tokens
from tasks.simulator import errors
from tasks.simulator.errors import Refusal, invalid
from tasks.simulator.faults import Fault, retry_header
from tasks.simulator.kin import check_assets, check_flat, flat_json, from_twin, twin_json
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
        body = from_twin(body)
    if preset.dialect == "yescale":
        check_flat(body)
    order = read_order(
        body,
        vendor=preset.vendor,
        dice=Random(task_id),
        not_open="-notopen" in key,
        wishes=request.headers.get("x-sim-steer", ""),
    )
    if preset.slug == "powertokens" and request.path != TWIN:
        check_assets(order)
    record = world.create(order, task_id=task_id, preset=preset.slug, key=key, at=at)
    if request.path == TWIN:
        return as_json(_twin(record, request))
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
        return as_json(_twin(record, request))
    task = task_json(record, request.now, request.origin)
    return as_json(flat_json(record, task) if request.path.startswith(YESCALE) else task)


def _twin(record: Record, request: Request) -> dict[str, Any]:
    state = moment(record, request.now)
    return twin_json(record, request, state, task_error(record, state))


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
    tier = given.get("filter.service_tier", ["default"])[0]
    if tier not in ("default", "flex"):
        raise invalid("filter.service_tier")
    ids, models = given.get("filter.task_ids"), given.get("filter.model")
    return (
        order.service_tier == tier
        and (not ids or record.id in ids)
        and (not models or models[0] in (order.model, order.asked_model))
        and (not status or moment(record, now).status == status)
    )
