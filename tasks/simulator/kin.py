"""What speaks nearly as Ark does: YEScale's flat echo, PowerTokens and its OpenAI-like twin."""

from __future__ import annotations

from typing import Any

from tasks.providers.catalog import find_model
from tasks.simulator.checks import check_names, is_2
from tasks.simulator.errors import invalid, missing
from tasks.simulator.media import last_frame_url, video_url
from tasks.simulator.messages import Request
from tasks.simulator.orders import Order
from tasks.simulator.records import Record
from tasks.simulator.story import Moment

LABEL = "YEScale - Seedance Video Generation - Fetch"

# -- YEScale ----------------------------------------------------------------------------------


def flat_json(record: Record, task: dict[str, Any]) -> dict[str, Any]:
    """Some of the native fields in alphabetical order, a label, and the create body again."""
    kept = ("content", "created_at", "error", "id", "model", "status", "updated_at", "usage")
    flat: dict[str, Any] = {name: task[name] for name in kept if name in task}
    flat["message"] = LABEL
    flat["request"] = {"content": record.order.content, "model": record.order.asked_model}
    return dict(sorted(flat.items()))


def check_flat(body: object) -> None:
    """Its page has the model, the words with their flags, and pictures without a role."""
    if isinstance(body, dict):
        check_names(body, ("model", "content"))
        content = body.get("content")
        for item in content if isinstance(content, list) else ():
            if isinstance(item, dict):
                check_names(item, ("type", "text", "image_url"), "content.")


# -- PowerTokens ------------------------------------------------------------------------------


def check_assets(order: Order) -> None:
    """Since 2.0 its pages take media from its Asset Library only."""
    for place, item in enumerate(order.content):
        url = item.get(item["type"], {}).get("url", "") if item["type"] != "text" else ""
        model = find_model(order.model)
        if url and model and is_2(model) and not url.startswith("asset://"):
            raise invalid(f"content[{place}]", "upload it to the Asset Library first: asset://")


# -- PowerTokens' /v1/videos ------------------------------------------------------------------


def from_twin(body: object) -> object:
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


def twin_json(
    record: Record, request: Request, state: Moment, error: dict[str, str] | None
) -> dict[str, Any]:
    order = record.order
    done = state.status == "succeeded" and record.story.has_video
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
