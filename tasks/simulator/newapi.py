"""The gateway new-api: its keys, its refusals, and its requests to Ark.

github.com/QuantumNous/new-api: router/video-router.go, relay/relay_task.go.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from random import Random
from typing import Any

from tasks.providers.catalog.models import find_model, vendor_name
from tasks.providers.dialects.ark_errors import RefusalError
from tasks.providers.dialects.newapi_requests import MetadataError, native_body, wrongly_typed
from tasks.simulator import media
from tasks.simulator.faults import Fault, retry_header
from tasks.simulator.messages import Reply, Request, as_go_json, as_html
from tasks.simulator.model_list import names_at
from tasks.simulator.native import created_at
from tasks.simulator.newapi_chain import behind_another, is_behind
from tasks.simulator.newapi_rows import (
    gen1_json,
    gen2_json,
    gen3_json,
    row_at,
    trimmed_json,
    video_json,
)
from tasks.simulator.orders import read_order
from tasks.simulator.presets import Preset
from tasks.simulator.records import Record
from tasks.simulator.sellers import new_own_id, sold_model
from tasks.simulator.world import World

GENERATIONS = "/v1/video/generations"
VIDEOS = "/v1/videos"
TASKS = "/v1/tasks"  # since the plugin era

PAGE = '<!doctype html><html lang="zh"><head><title>New API</title></head>\
<body><div id="root"></div></body></html>'


def operation(request: Request) -> str:
    """Name what a request does: create, get, media or other."""
    for root in (GENERATIONS, VIDEOS, TASKS):
        if request.path == root and root != TASKS and request.method == "POST":
            return "create"
        if request.path.startswith(root + "/") and request.method == "GET":
            return "media" if request.path.endswith("/content") else "get"
    return "other"


def key_of(request: Request) -> str:
    """Read the key, with or without the word Bearer or bearer."""
    text = request.headers.get("authorization", "").strip()
    return text[7:].strip() if text[:7].lower() == "bearer " else text


def answer(world: World, preset: Preset, request: Request) -> Reply:
    """Answer as a new-api gateway would."""
    if not request.path.startswith(("/v1", "/api/")):
        return as_html(PAGE)  # the web application catches every other path
    key, wanted = key_of(request), operation(request)
    if wanted == "media" and request.path.startswith(TASKS):
        return _artifact_content(world, preset, request)
    if not key.startswith("sim-"):
        return openai_error(request, 401, "Invalid token")
    if "-quota0" in key:
        return openai_error(request, 401, "该令牌额度已用尽")
    if request.path == "/v1/models" and request.method == "GET":
        names = names_at("volcengine")
        data = [{"id": name, "object": "model", "owned_by": "doubao"} for name in names]
        return as_go_json({"data": data, "object": "list", "success": True})
    if wanted == "create":
        return _create(world, preset, request, key)
    if wanted == "media":
        return _content(world, preset, request, key)
    return _get(world, preset, request, key) if wanted == "get" else _no_such_path(request)


def trouble(request: Request, fault: Fault) -> Reply:
    """Answer 429, 500 or 503 in a gateway's words."""
    extra = retry_header(fault)
    if fault.kind in ("429", "quota"):  # it hides what its upstream says in a 429
        return openai_error(request, 429, "您已达到请求数限制：1分钟内最多请求60次", *extra)
    if fault.kind == "500":
        body = {"code": "get_task_failed", "message": "database is locked", "data": None}
        return as_go_json(body, 500, *extra)
    text = "No available channel for this model under group default (distributor)"
    return openai_error(request, 503, text, *extra, code="model_not_found")


def openai_error(
    request: Request, status: int, text: str, *headers: tuple[str, str], code: str = ""
) -> Reply:
    """Build an error as the gateway's middleware writes it."""
    text = f"{text} (request id: {request.request_id})"
    body = {"error": {"message": text, "type": "new_api_error", "code": code}}
    return as_go_json(body, status, *headers)


def task_error_reply(status: int, code: str, text: str = "") -> Reply:
    """Build an error as the gateway's task relay writes it."""
    return as_go_json({"code": code, "message": text or code, "data": None}, status)


def _no_such_path(request: Request) -> Reply:
    text = f"Invalid URL ({request.method} {request.path})"
    error = {"message": text, "type": "invalid_request_error", "param": "", "code": ""}
    return as_go_json({"error": error}, 404)


def _create(world: World, preset: Preset, request: Request, key: str) -> Reply:
    try:
        body = request.data()
    except (ValueError, RecursionError):
        return task_error_reply(400, "invalid_json", "invalid JSON body")
    if not isinstance(body, dict):
        return task_error_reply(400, "invalid_json", "a JSON object is expected")
    refusal = _check(preset, request, body)
    if refusal:
        return refusal
    try:
        at = created_at(request)
        task_id = world.new_id(at)
        steer = request.headers.get("x-sim-steer", "")
        native = body if preset.has_content else native_body(body)
        native = native | {"model": _name_at_ark(preset, body["model"])}
        order = read_order(native, vendor="", dice=Random(task_id), steer=steer)
    except MetadataError as error:
        return task_error_reply(500, "build_request_failed", str(error))
    except RefusalError as error:
        text = as_go_json(error.body(request.request_id)).body.decode()
        return task_error_reply(error.status, "fail_to_fetch_task", text)
    order = replace(order, asked_model=body["model"])
    own_id = new_own_id(world, preset, at)
    record = world.create(order, task_id=task_id, preset=preset.slug, key=key, at=at, own_id=own_id)
    video = {
        "id": record.public_id,
        "task_id": record.public_id,
        "object": "video",
        "model": order.asked_model,
        "status": "queued",
        "progress": 0,
        "created_at": int(record.created_at),
    }
    return as_go_json(video, 200, ("X-New-Api-Other-Ratios", "{}"))


def _name_at_ark(preset: Preset, name: str) -> str:
    """Gateways rename models: doubao-seedance-2.0 is Ark's doubao-seedance-2-0-260128."""
    model = sold_model(preset.slug, name) if preset.has_content else find_model(name)
    return vendor_name(model, "volcengine") if model else name


def _check(preset: Preset, request: Request, body: dict[str, Any]) -> Reply | None:
    """Return the gateway's own refusal of a create body, before Ark gets it; None to go on."""
    if name := wrongly_typed(body):
        text = f"json: cannot unmarshal into Go struct field TaskSubmitReq.{name}"
        return task_error_reply(400, "invalid_json", text)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return task_error_reply(400, "missing_model", "model field is required")
    if sold_model(preset.slug, model) is None:
        text = f"No available channel for model {model} under group default (distributor)"
        return openai_error(request, 503, text, code="model_not_found")
    has_prompt = isinstance(body.get("prompt"), str) and bool(body["prompt"].strip())
    if not has_prompt and not preset.has_content:
        return task_error_reply(400, "invalid_request", "prompt is required")
    seconds = body.get("seconds")
    if seconds and not (seconds.isdecimal() and 1 <= int(seconds) <= 3600):
        return task_error_reply(400, "invalid_seconds", "seconds must be between 1 and 3600")
    return None


def _find(world: World, preset: Preset, request: Request, key: str) -> Record | None:
    for root in (GENERATIONS, VIDEOS, TASKS):
        if request.path.startswith(root + "/"):
            task_id = request.path[len(root) + 1 :].partition("/")[0]
            world.counts.note_task("gets", task_id)
            return world.tasks.find(task_id, preset=preset.slug, key=key)
    return None


def _get(world: World, preset: Preset, request: Request, key: str) -> Reply:
    record = _find(world, preset, request, key)
    if request.path.startswith(TASKS):
        return _get_gen3(preset, request, record)
    if record is None:
        return task_error_reply(400, "task_not_exist")
    row = row_at(record, request.now)
    if request.path.startswith(VIDEOS):
        return as_go_json(video_json(record, row, request.origin))
    write = gen1_json if preset.generation == 1 else gen2_json
    data = (trimmed_json if preset.trimmed else write)(record, row, request.origin)
    if is_behind(record):
        data = behind_another(data, record, row, request.origin)
    return as_go_json({"code": "success", "message": "", "data": data})


def _content(world: World, preset: Preset, request: Request, key: str) -> Reply:
    """Send the video through the gateway: always the whole file, with 200."""
    record = _find(world, preset, request, key)
    if record is None:
        return _content_error(404, "Task not found")
    row = row_at(record, request.now)
    if row.status != "SUCCESS":
        text = f"Task is not completed yet, current status: {row.status}"
        return _content_error(400, text)
    if request.now >= record.timeline.ends_at + record.timeline.link_life:
        return _content_error(502, "Upstream service returned status 403")
    data = media.video(record)
    return Reply(body=data, headers=(("Content-Type", "video/mp4"),))


def _content_error(status: int, text: str) -> Reply:
    kind = {404: "invalid_request_error", 400: "invalid_request_error"}.get(status, "server_error")
    return as_go_json({"error": {"message": text, "type": kind}}, status)


# -- since the plugin era ---------------------------------------------------------------------


def _get_gen3(preset: Preset, request: Request, record: Record | None) -> Reply:
    if preset.slug != "newapi":
        return _no_such_path(request)
    if record is None:
        error = {"message": "Task not found", "type": "invalid_request_error"}
        return as_go_json({"error": error}, 404)
    row = row_at(record, request.now)
    if not request.path.endswith("/artifacts"):
        return as_go_json(gen3_json(record, row))
    if row.status != "SUCCESS":
        error = {"message": "Artifact is not ready", "type": "artifact_not_ready"}
        return as_go_json({"error": error}, 409)
    url = f"{request.origin}/newapi{TASKS}/{record.public_id}/artifacts/video/content"
    file = {
        "key": "video",
        "type": "video",
        "mime_type": "video/mp4",
        "content_url": f"{url}?access={_access_token(record)}",
    }
    files = [file] if record.timeline.has_video else []
    return as_go_json({"task_id": record.public_id, "artifacts": files})


def _access_token(record: Record) -> str:
    return hashlib.sha256(f"{record.public_id} {record.stem}".encode()).hexdigest()[:32]


def _artifact_content(world: World, preset: Preset, request: Request) -> Reply:
    """Send an artifact to whoever has its link; no key is needed."""
    task_id, _, rest = request.path[len(TASKS) + 1 :].partition("/")
    record = world.tasks.at_preset(task_id, preset.slug)
    token = dict(request.parameters()).get("access")
    if record is None or token != _access_token(record) or rest != "artifacts/video/content":
        error = {"message": "Artifact not found", "type": "artifact_not_found"}
        return as_go_json({"error": error}, 404)
    return media.serve(media.video(record), "video/mp4", request.headers)
