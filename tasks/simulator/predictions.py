"""WaveSpeed and Atlas Cloud: one form of answers at two sets of paths.

wavespeed.ai/docs/get-result and /docs/docs-common-api/predictions; and
atlascloud.ai/docs/en/predictions.
Neither has a word for a task that was cancelled or that expired: both fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tasks.providers import provider
from tasks.providers.dialects.ark_errors import RefusalError, invalid
from tasks.providers.dialects.predictions import Predictions
from tasks.simulator import media
from tasks.simulator.faults import Fault, retry_header
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.native import created_at, is_kept, task_error
from tasks.simulator.presets import Preset
from tasks.simulator.records import WEEK, Record
from tasks.simulator.sellers import new_own_id, ordered, sold_model
from tasks.simulator.timeline import DAY
from tasks.simulator.world import World

LARGEST_PAGE = 100
STATUSES = {"queued": "created", "running": "processing", "succeeded": "completed"}
WAYS = ("text-to-video", "image-to-video", "reference-to-video")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seller:
    """The paths of one seller, and the names of its settings → Ark's."""

    get: str  # before the id
    create: str = ""  # "": every other path is a model's
    pages: str = ""
    settings: dict[str, str]


_COMMON = {"resolution": "resolution", "duration": "duration", "generate_audio": "generate_audio"}
SELLERS = {
    "wavespeed": Seller(
        get="/predictions/", pages="/predictions", settings=_COMMON | {"aspect_ratio": "ratio"}
    ),
    "atlascloud": Seller(
        get="/model/prediction/",
        create="/model/generateVideo",
        settings=_COMMON
        | {"ratio": "ratio", "watermark": "watermark", "return_last_frame": "return_last_frame"},
    ),
}
MEDIA = {
    "image": ("image_url", "first_frame"),
    "last_image": ("image_url", "last_frame"),
    "reference_images": ("image_url", "reference_image"),
    "reference_videos": ("video_url", "reference_video"),
    "reference_audios": ("audio_url", "reference_audio"),
}


def operation(request: Request) -> str:
    """Name what a request does: create, get, list or other."""
    for seller in SELLERS.values():
        if seller.pages and request.path == seller.pages:
            return "list"
        if request.path.startswith(seller.get) and request.method == "GET":
            return "get"
    return "create" if request.method == "POST" else "other"


def key_of(request: Request) -> str:
    return request.bearer()


def trouble(request: Request, fault: Fault) -> Reply:
    """Answer 429, 500 or 503 in the envelope of these sellers."""
    words = {"429": "Too many requests", "500": "Internal server error"}
    return _error(int(fault.kind), words.get(fault.kind, "Busy"), *retry_header(fault))


def answer(world: World, preset: Preset, request: Request) -> Reply:
    """Answer as WaveSpeed or Atlas Cloud would."""
    seller, key, wanted = SELLERS[preset.slug], key_of(request), operation(request)
    if not key.startswith("sim-"):
        return _error(401, "Unauthorized: invalid API key")
    if wanted == "create" and seller.create in ("", request.path):
        return _create(world, preset, seller, request, key)
    if wanted == "list" and seller.pages:
        return _list(world, preset, request, key)
    if not request.path.startswith(seller.get):
        return _error(404, "Not found")
    task_id = request.path[len(seller.get) :].partition("/")[0]
    world.counts.note_task("gets", task_id)
    record = world.tasks.find(task_id, preset=preset.slug, key=key)
    if record is None or not is_kept(record, request.now):
        return _error(404, "prediction not found")
    return _data(prediction_json(record, preset, request.now, request.origin))


def _data(data: object) -> Reply:
    return as_json({"code": 200, "message": "success", "data": data})


def _error(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    return as_json({"code": status, "message": text}, status, *headers)


def _create(world: World, preset: Preset, seller: Seller, request: Request, key: str) -> Reply:
    at = created_at(request)
    task_id = world.new_id(at)
    try:
        body = request.data()
        if not isinstance(body, dict):
            raise invalid("body", "an object is expected")
        name = str(body.pop("model", "")) if seller.create else request.path[1:]
        model, _slash, way = name.rpartition("/")
        if way not in WAYS or sold_model(preset.slug, model) is None:
            return _error(400, f"model {name} not found")
        steer = request.headers.get("x-sim-steer", "")
        native = _native_body(body, seller) | {"model": model}
        order = ordered(native, preset, task_id, steer=steer)
    except RefusalError as refusal:
        return _error(refusal.status, str(refusal))
    except (ValueError, RecursionError):
        return _error(400, "invalid JSON body")
    own_id = new_own_id(world, preset, at)
    record = world.create(order, task_id=task_id, preset=preset.slug, key=key, at=at, own_id=own_id)
    return _data(prediction_json(record, preset, request.now, request.origin))


def _native_body(body: dict[str, Any], seller: Seller) -> dict[str, Any]:
    """Build the seller's request to Ark; RefusalError for what no page describes."""
    if not isinstance(body.get("prompt"), str) or not body["prompt"].strip():
        raise invalid("prompt", "property prompt is missing")
    content: list[dict[str, Any]] = [{"type": "text", "text": body["prompt"]}]
    native: dict[str, Any] = {}
    for name, value in body.items():
        if name in MEDIA:
            kind, role = MEDIA[name]
            urls = value if isinstance(value, list) else [value]
            content += [{"type": kind, kind: {"url": url}, "role": role} for url in urls]
        elif name in seller.settings:
            native[seller.settings[name]] = value
        elif name == "web_search" and seller.create:
            native["tools"] = [{"type": "web_search"}] if value else []
        elif name != "prompt":
            raise invalid(name, "it is no property of this model")
    return native | {"content": content}


def prediction_json(record: Record, preset: Preset, now: float, origin: str) -> dict[str, Any]:
    """Write one prediction, finished or not."""
    state = record.state_at(now)
    is_done = state.status == "succeeded" and record.timeline.has_video
    error = task_error(record, state)
    created = datetime.fromtimestamp(record.created_at, UTC)
    dialect = provider(preset.slug).dialect
    assert isinstance(dialect, Predictions)
    path = dialect.task_path(record.public_id)
    outputs = [_link(record, media.video_path(record), origin)] if is_done else []
    if is_done and record.order.return_last_frame:
        outputs.append(_link(record, media.last_frame_path(record), origin))
    seconds = record.timeline.ends_at - record.timeline.starts_at
    return {
        "id": record.public_id,
        "model": f"{record.order.asked_model}/text-to-video",
        "outputs": outputs,
        "urls": {"get": f"{origin}/{preset.slug}{preset.base}{path}"},
        "has_nsfw_contents": [False] * len(outputs),
        "status": STATUSES.get(state.status, "failed"),
        "created_at": f"{created:%Y-%m-%dT%H:%M:%S}.{created.microsecond:06}000Z",
        "error": error["message"] if error else "" if state.status in STATUSES else "task expired",
        "timings": {"inference": round(seconds * 1000) if is_done else 0},
    }


def _link(record: Record, path: str, origin: str) -> str:
    """Make a link that lives for seven days, unless the prompt asks for another life."""
    times = record.timeline
    life = WEEK if times.link_life == DAY else times.link_life
    return media.signed(path, origin=origin, at=times.ends_at, life=life)


def _list(world: World, preset: Preset, request: Request, key: str) -> Reply:
    """Answer one page, the newest predictions first; the page and its size are in the body."""
    try:
        asked = request.data()
    except (ValueError, RecursionError):
        asked = None
    asked = asked if isinstance(asked, dict) else {}
    number, size = asked.get("page", 1), asked.get("page_size", LARGEST_PAGE)
    if type(number) is not int or type(size) is not int or number < 1:
        return _error(400, "page and page_size must be integers")
    if not 1 <= size <= LARGEST_PAGE:
        return _error(400, "page_size must be between 1 and 100")
    records = [
        record
        for record in world.tasks.owned(preset=preset.slug, key=key)
        if is_kept(record, request.now)
    ]
    records.sort(key=lambda record: record.created_at, reverse=True)
    page = records[(number - 1) * size : number * size]
    items = [prediction_json(each, preset, request.now, request.origin) for each in page]
    return _data({"page": number, "total": len(records), "items": items})
