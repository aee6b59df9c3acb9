"""The gateway new-api: who may ask, what it refuses, what it sends on to Ark.

github.com/QuantumNous/new-api: router/video-router.go, relay/relay_task.go.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from random import Random
from typing import Any

from tasks.providers.catalog import MODELS, find_model, vendor_name
from tasks.simulator import media
from tasks.simulator.errors import Refusal
from tasks.simulator.faults import Fault, retry_header
from tasks.simulator.messages import Reply, Request, as_go_json, as_html
from tasks.simulator.native import created_at
from tasks.simulator.newapi_body import BadMetadata, misfit, native_body
from tasks.simulator.newapi_rows import (
    Row,
    first_json,
    look,
    second_json,
    third_json,
    trimmed_json,
    video_json,
)
from tasks.simulator.orders import read_order
from tasks.simulator.presets import Preset
from tasks.simulator.records import Record
from tasks.simulator.world import World

GENERATIONS = "/v1/video/generations"
VIDEOS = "/v1/videos"
TASKS = "/v1/tasks"  # since the plugin era

PAGE = '<!doctype html><html lang="zh"><head><title>New API</title></head>\
<body><div id="root"></div></body></html>'


def operation(request: Request) -> str:
    """What a request is about: create, get or other."""
    for root in (GENERATIONS, VIDEOS, TASKS):
        if request.path == root and root != TASKS and request.method == "POST":
            return "create"
        if request.path.startswith(root + "/") and request.method == "GET":
            return "media" if request.path.endswith("/content") else "get"
    return "other"


def key_of(request: Request) -> str:
    """With Bearer, with bearer, or bare."""
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
        return as_go_json(_models())
    if wanted == "create":
        return _create(world, preset, request, key)
    if wanted == "media":
        return _content(world, preset, request, key)
    return _get(world, preset, request, key) if wanted == "get" else _no_such_path(request)


def trouble(request: Request, fault: Fault) -> Reply:
    """429, 500 and 503 in a gateway's words."""
    extra = retry_header(fault)
    if fault.kind == "429":
        return openai_error(request, 429, "您已达到请求数限制：1分钟内最多请求60次", *extra)
    if fault.kind == "500":
        body = {"code": "get_task_failed", "message": "database is locked", "data": None}
        return as_go_json(body, 500, *extra)
    text = "No available channel for this model under group default (distributor)"
    return openai_error(request, 503, text, *extra, code="model_not_found")


def openai_error(
    request: Request, status: int, text: str, *headers: tuple[str, str], code: str = ""
) -> Reply:
    """What the gateway's middleware says."""
    text = f"{text} (request id: {request.request_id})"
    body = {"error": {"message": text, "type": "new_api_error", "code": code}}
    return as_go_json(body, status, *headers)


def task_error_reply(status: int, code: str, text: str = "") -> Reply:
    """What its task relay says."""
    return as_go_json({"code": code, "message": text or code, "data": None}, status)


def _no_such_path(request: Request) -> Reply:
    text = f"Invalid URL ({request.method} {request.path})"
    error = {"message": text, "type": "invalid_request_error", "param": "", "code": ""}
    return as_go_json({"error": error}, 404)


def _models() -> dict[str, Any]:
    names = [vendor_name(model, "volcengine") for model in MODELS]
    data = [{"id": name, "object": "model", "owned_by": "doubao"} for name in names]
    return {"data": data, "object": "list", "success": True}


def _create(world: World, preset: Preset, request: Request, key: str) -> Reply:
    try:
        body = request.data()
    except (ValueError, RecursionError):
        return task_error_reply(400, "invalid_json", "invalid JSON body")
    if not isinstance(body, dict):
        return task_error_reply(400, "invalid_json", "a JSON object is expected")
    refused = _check(request, body)
    if refused:
        return refused
    try:
        at = created_at(request)
        task_id = world.new_id(at)
        wishes = request.headers.get("x-sim-steer", "")
        order = read_order(native_body(body), vendor="", dice=Random(task_id), wishes=wishes)
    except BadMetadata as error:
        return task_error_reply(500, "build_request_failed", str(error))
    except Refusal as refusal:
        text = as_go_json(refusal.body(request.request_id)).body.decode()
        return task_error_reply(refusal.status, "fail_to_fetch_task", text)
    order = replace(order, asked_model=body["model"])
    own_id = "" if preset.generation == 1 else world.new_task_id()
    record = world.create(order, task_id=task_id, preset=preset.slug, key=key, at=at, own_id=own_id)
    return as_go_json(_created(record), 200, ("X-New-Api-Other-Ratios", "{}"))


def _created(record: Record) -> dict[str, Any]:
    return {
        "id": record.public_id,
        "task_id": record.public_id,
        "object": "video",
        "model": record.order.asked_model,
        "status": "queued",
        "progress": 0,
        "created_at": int(record.created_at),
    }


def _check(request: Request, body: dict[str, Any]) -> Reply | None:
    """The gateway's own objections, before Ark is asked."""
    if wrong := misfit(body):
        text = f"json: cannot unmarshal into Go struct field TaskSubmitReq.{wrong}"
        return task_error_reply(400, "invalid_json", text)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return task_error_reply(400, "missing_model", "model field is required")
    if find_model(model) is None:
        text = f"No available channel for model {model} under group default (distributor)"
        return openai_error(request, 503, text, code="model_not_found")
    if not isinstance(body.get("prompt"), str) or not body["prompt"].strip():
        return task_error_reply(400, "invalid_request", "prompt is required")
    seconds = body.get("seconds")
    if seconds and not (seconds.isdecimal() and 1 <= int(seconds) <= 3600):
        return task_error_reply(400, "invalid_seconds", "seconds must be between 1 and 3600")
    return None


def _record(world: World, preset: Preset, request: Request, key: str) -> Record | None:
    for root in (GENERATIONS, VIDEOS, TASKS):
        if request.path.startswith(root + "/"):
            task_id = request.path[len(root) + 1 :].partition("/")[0]
            world.counts.note_task("gets", task_id)
            return world.tasks.find(task_id, preset=preset.slug, key=key)
    return None


def _get(world: World, preset: Preset, request: Request, key: str) -> Reply:
    record = _record(world, preset, request, key)
    if request.path.startswith(TASKS):
        return _third(preset, request, record)
    if record is None:
        return task_error_reply(400, "task_not_exist")
    row = look(record, request.now)
    if request.path.startswith(VIDEOS):
        return as_go_json(video_json(record, row, request.origin))
    write = first_json if preset.generation == 1 else second_json
    data = (trimmed_json if preset.trimmed else write)(record, row, request.origin)
    return as_go_json({"code": "success", "message": "", "data": data})


def _content(world: World, preset: Preset, request: Request, key: str) -> Reply:
    """The video through the gateway: always whole, with 200."""
    record = _record(world, preset, request, key)
    if record is None:
        return _content_error(404, "Task not found")
    row = look(record, request.now)
    if row.word != "SUCCESS":
        text = f"Task is not completed yet, current status: {row.word}"
        return _content_error(400, text)
    if request.now >= record.story.ends_at + record.story.link_life:
        return _content_error(502, "Upstream service returned status 403")
    data = media.video(record)
    return Reply(body=data, headers=(("Content-Type", "video/mp4"),))


def _content_error(status: int, text: str) -> Reply:
    kind = {404: "invalid_request_error", 400: "invalid_request_error"}.get(status, "server_error")
    return as_go_json({"error": {"message": text, "type": kind}}, status)


# -- since the plugin era ---------------------------------------------------------------------


def _third(preset: Preset, request: Request, record: Record | None) -> Reply:
    if preset.slug != "newapi":
        return _no_such_path(request)
    if record is None:
        error = {"message": "Task not found", "type": "invalid_request_error"}
        return as_go_json({"error": error}, 404)
    row = look(record, request.now)
    if request.path.endswith("/artifacts"):
        return _artifacts(record, row, request)
    return as_go_json(third_json(record, row))


def _artifacts(record: Record, row: Row, request: Request) -> Reply:
    if row.word != "SUCCESS":
        error = {"message": "Artifact is not ready", "type": "artifact_not_ready"}
        return as_go_json({"error": error}, 409)
    files = [{"key": "video", "type": "video", "mime_type": "video/mp4"}]
    files = files if record.story.has_video else []
    url = f"{request.origin}/newapi{TASKS}/{record.public_id}/artifacts/video/content"
    for file in files:
        file["content_url"] = f"{url}?access={_access(record)}"
    return as_go_json({"task_id": record.public_id, "artifacts": files})


def _access(record: Record) -> str:
    return hashlib.sha256(f"{record.public_id} {record.stem}".encode()).hexdigest()[:32]


def _artifact_content(world: World, preset: Preset, request: Request) -> Reply:
    """Open to whoever has the link."""
    task_id, _, rest = request.path[len(TASKS) + 1 :].partition("/")
    record = world.tasks.at_preset(task_id, preset.slug)
    allowed = record is not None and dict(request.parameters()).get("access") == _access(record)
    if record is None or not allowed or rest != "artifacts/video/content":
        error = {"message": "Artifact not found", "type": "artifact_not_found"}
        return as_go_json({"error": error}, 404)
    return media.serve(media.video(record), "video/mp4", request.headers)
