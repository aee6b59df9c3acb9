"""Variants of Ark's dialect: YEScale's flat answers, PowerTokens' asset rule and its /v1/videos."""

from __future__ import annotations

from typing import Any

from tasks.providers.catalog.models import find_model
from tasks.providers.dialects.ark_checks import check_names, is_2
from tasks.providers.dialects.ark_errors import invalid, missing
from tasks.simulator.media import last_frame_url, video_url
from tasks.simulator.messages import Request
from tasks.simulator.orders import Order
from tasks.simulator.records import Record
from tasks.simulator.timeline import TaskState

LABEL = "YEScale - Seedance Video Generation - Fetch"

# -- YEScale ----------------------------------------------------------------------------------


def flat_json(record: Record, task: dict[str, Any]) -> dict[str, Any]:
    """Write some native fields in alphabetical order, a label, and the create body again."""
    names = ("content", "created_at", "error", "id", "model", "status", "updated_at", "usage")
    flat: dict[str, Any] = {name: task[name] for name in names if name in task}
    flat["message"] = LABEL
    flat["request"] = {"content": record.order.content, "model": record.order.asked_model}
    return dict(sorted(flat.items()))


def check_flat(body: object) -> None:
    """Refuse what YEScale's page does not show.

    It has the model, the prompt with its flags, and images without a role.
    """
    if isinstance(body, dict):
        check_names(body, ("model", "content"))
        content = body.get("content")
        for item in content if isinstance(content, list) else ():
            if isinstance(item, dict):
                check_names(item, ("type", "text", "image_url"), "content.")


# -- PowerTokens ------------------------------------------------------------------------------


def check_assets(order: Order) -> None:
    """Refuse media from outside PowerTokens' Asset Library; its pages ask for that since 2.0."""
    for place, item in enumerate(order.content):
        url = item.get(item["type"], {}).get("url", "") if item["type"] != "text" else ""
        model = find_model(order.model)
        if url and model and is_2(model) and not url.startswith("asset://"):
            raise invalid(f"content[{place}]", "upload it to the Asset Library first: asset://")


# -- PowerTokens' /v1/videos, which resembles OpenAI's ----------------------------------------


def native_body_of_video(body: object) -> object:
    """Turn {model, prompt | media[], seconds, size, …} into a native body."""
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
    try:
        native["duration"] = None if body.get("seconds") is None else int(str(body["seconds"]))
    except ValueError:
        raise invalid("seconds", "a whole number is expected") from None
    native["content"] = [_content_item(item) for item in media]
    return native


def _content_item(item: object) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise invalid("media", "a list of objects is expected")
    role = str(item.get("type"))
    if role == "text":
        return {"type": "text", "text": item.get("text") or item.get("prompt")}
    kind = {"reference_video": "video_url", "reference_audio": "audio_url"}.get(role, "image_url")
    return {"type": kind, kind: {"url": item.get("url")}, "role": role}


def video_object(
    record: Record, request: Request, state: TaskState, error: dict[str, str] | None
) -> dict[str, Any]:
    """Write a task as the video object that /v1/videos answers."""
    order = record.order
    done = state.status == "succeeded" and record.timeline.has_video
    has_frame = done and order.return_last_frame
    video = {
        "id": record.id,
        "task_id": record.id,
        "object": "video",
        "model": order.model,
        "status": state.status,
        "progress": {"queued": 0, "running": 50}.get(state.status, 100),
        "created_at": int(record.created_at),
        "video_url": video_url(record, request.origin) if done else "",
        "last_frame_url": last_frame_url(record, request.origin) if has_frame else "",
        "metadata": {},
    }
    if state.ended:
        video["completed_at"] = state.updated_at
    return video | {"error": error} if error else video
