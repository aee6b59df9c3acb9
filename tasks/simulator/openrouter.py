"""OpenRouter's videos: its requests to Ark, its jobs, and its errors.

openrouter.ai/docs/api/api-reference/videos. The word `sim:stored` in a prompt has a copy kept
there, of which the answer has a signed link until `expires_at`; without it a link needs the key.
"""

from __future__ import annotations

from typing import Any

from tasks.providers.dialects.ark_errors import RefusalError, invalid
from tasks.simulator import media
from tasks.simulator.faults import Fault, retry_header
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.native import created_at, task_error, usage
from tasks.simulator.orders import read_steering
from tasks.simulator.presets import Preset
from tasks.simulator.records import Record
from tasks.simulator.sellers import names_of, new_own_id, ordered, sold_model
from tasks.simulator.world import World

VIDEOS = "/videos"
MODELS = f"{VIDEOS}/models"
STATUSES = {
    "queued": "pending",
    "running": "in_progress",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
}
DOLLARS_PER_TOKEN = 7e-6  # BytePlus' price of Seedance 2.0
FIELDS = frozenset(
    "model prompt aspect_ratio resolution duration generate_audio seed callback_url "
    "frame_images input_references provider size session_id user trace".split()
)


def operation(request: Request) -> str:
    """Name what a request does: create, get, models, media or other."""
    if request.path == VIDEOS and request.method == "POST":
        return "create"
    if request.path == MODELS and request.method == "GET":
        return "models"
    if request.path.startswith(VIDEOS + "/") and request.method == "GET":
        return "media" if request.path.endswith("/content") else "get"
    return "other"


def key_of(request: Request) -> str:
    return request.bearer()


def trouble(request: Request, fault: Fault) -> Reply:
    """Answer 429, 500 or 503 in OpenRouter's words."""
    words = {"429": "Rate limit exceeded", "500": "Internal Server Error"}
    text = words.get(fault.kind, "Provider returned error")
    return _error(int(fault.kind), text, *retry_header(fault))


def answer(world: World, preset: Preset, request: Request) -> Reply:
    """Answer as OpenRouter would."""
    key, wanted = key_of(request), operation(request)
    if not key.startswith("sim-"):
        return _error(401, "No auth credentials found")
    if wanted == "create":
        return _create(world, preset, request, key)
    if wanted == "models":
        return as_json({"data": [_model_json(name) for name in names_of(preset.slug)]})
    if wanted == "other":
        return _error(404, "Not Found")
    task_id = request.path[len(VIDEOS) + 1 :].partition("/")[0]
    world.counts.note_task("gets", task_id)
    record = world.tasks.find(task_id, preset=preset.slug, key=key)
    if record is None:
        return _error(404, "Video generation job not found")
    if wanted == "media":
        return _content(record, request)
    return as_json(job_json(record, preset, request.now, request.origin))


def _model_json(name: str) -> dict[str, Any]:
    """Write one entry of the list (…/api-reference/video-generation/list-videos-models)."""
    title = name.rpartition("/")[2]
    return {"id": name, "canonical_slug": name, "name": f"ByteDance: {title}", "pricing_skus": {}}


def _error(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    return as_json({"error": {"code": status, "message": text}}, status, *headers)


def _create(world: World, preset: Preset, request: Request, key: str) -> Reply:
    at = created_at(request)
    task_id = world.new_id(at)
    try:
        body = request.data()
        if not isinstance(body, dict) or not isinstance(body.get("model"), str):
            raise invalid("model")
        if sold_model(preset.slug, body["model"]) is None:
            return _error(400, f"{body['model']} is not a valid model ID")
        steer = request.headers.get("x-sim-steer", "")
        order = ordered(_native_body(body), preset, task_id, steer=steer)
    except RefusalError as refusal:
        return _error(refusal.status, str(refusal))
    except (ValueError, RecursionError):
        return _error(400, "Invalid JSON body")
    own_id = new_own_id(world, preset, at)
    record = world.create(order, task_id=task_id, preset=preset.slug, key=key, at=at, own_id=own_id)
    job = {"id": own_id, "polling_url": _path(record, preset), "status": "pending"}
    return as_json(job, 202)


def _native_body(body: dict[str, Any]) -> dict[str, Any]:
    """Build OpenRouter's request to Ark; RefusalError for what no page describes."""
    if unknown := body.keys() - FIELDS:
        raise invalid(min(unknown), "Unrecognized key")
    content: list[dict[str, Any]] = []
    if body.get("prompt"):
        content.append({"type": "text", "text": body["prompt"]})
    content += [
        _without_frame_type(part) | {"role": part.get("frame_type")}
        for part in _parts(body, "frame_images")
    ]
    for part in _parts(body, "input_references"):
        role = f"reference_{str(part.get('type')).removesuffix('_url')}"
        content.append({**part, "role": role})
    native = {"model": body["model"], "content": content}
    if body.get("aspect_ratio"):
        native["ratio"] = body["aspect_ratio"]
    if body.get("resolution"):
        native["resolution"] = str(body["resolution"]).replace("4K", "4k")
    for name in ("duration", "generate_audio", "seed", "callback_url"):
        if body.get(name) is not None:
            native[name] = body[name]
    return native


def _parts(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    parts = body.get(name) or []
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise invalid(name, "a list of objects is expected")
    return parts


def _without_frame_type(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "frame_type"}


def _path(record: Record, preset: Preset) -> str:
    return f"{preset.base}{VIDEOS}/{record.public_id}"


def job_json(record: Record, preset: Preset, now: float, origin: str) -> dict[str, Any]:
    """Write the body of a GET; what is not known yet is absent."""
    state = record.state_at(now)
    job: dict[str, Any] = {
        "id": record.public_id,
        "polling_url": _path(record, preset),
        "status": STATUSES[state.status],
    }
    if error := task_error(record, state):
        job["error"] = error["message"]
    if state.status != "succeeded":
        return job
    job["generation_id"] = record.public_id
    cost = round(usage(record.order)["total_tokens"] * DOLLARS_PER_TOKEN, 6)
    job["usage"] = {"cost": cost, "is_byok": False}
    if record.timeline.has_video:
        content = f"{origin}/{preset.slug}{_path(record, preset)}/content?index=0"
        job["unsigned_urls"] = [content]
        if "stored" in read_steering(record.order.prompt, record.order.steer):
            job["urls"] = [media.video_url(record, origin)]
            job["expires_at"] = int(record.timeline.ends_at + record.timeline.link_life)
    return job


def _content(record: Record, request: Request) -> Reply:
    """Send the video to whoever has the key."""
    state = record.state_at(request.now)
    if state.status != "succeeded" or not record.timeline.has_video:
        return _error(400, "The video is not completed yet")
    return media.serve(media.video(record), "video/mp4", request.headers)
