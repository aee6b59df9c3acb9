"""Translation of a new-api create body into the one that the gateway sends to Ark. Pure.

github.com/QuantumNous/new-api: relay/common/relay_info.go (TaskSubmitReq) and
relay/channel/task/doubao/adaptor.go (requestPayload, ContentItem). Its Go structs accept no other
type than their own, and silently drop what they have no field for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]

#: Ark's status → (the gateway's status, progress in per cent). Its adaptor knows no others.
ROW_STATUSES = {
    "queued": ("QUEUED", 10),
    "running": ("IN_PROGRESS", 50),
    "succeeded": ("SUCCESS", 100),
    "failed": ("FAILURE", 100),
}


class MetadataError(Exception):
    """A value of a type that the adaptor's struct cannot hold."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return type(value) is int or (
        isinstance(value, str) and bool(re.fullmatch(r"-?\d{1,18}", value))
    )


def _is_switch(value: object) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


Check = Callable[[object], bool]
REQUEST: Mapping[str, Check] = {
    **dict.fromkeys("model prompt mode image size seconds input_reference".split(), _is_text),
    "images": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "duration": _is_whole,
    "metadata": lambda value: isinstance(value, dict | str),
}
METADATA: Mapping[str, Check] = {
    "content": _are_objects,
    "tools": _are_objects,
    **dict.fromkeys(
        "callback_url service_tier safety_identifier resolution ratio".split(), _is_text
    ),
    **dict.fromkeys("execution_expires_after priority duration frames seed".split(), _is_whole),
    **dict.fromkeys(
        "return_last_frame generate_audio draft camera_fixed watermark".split(), _is_switch
    ),
}


def wrongly_typed(body: Body) -> str:
    """Name the first field of the request whose type is wrong; "" if none is."""
    for name, value in body.items():
        if name in REQUEST and value is not None and not REQUEST[name](value):
            return name
    return ""


def native_body(body: Body) -> Body:
    """Build the gateway's request to Ark: metadata, images without a role, prompt, `seconds`.

    The model keeps the name by which the gateway sells it. Raises MetadataError where the
    adaptor's structs cannot hold the metadata.
    """
    fields = _read_metadata(body.get("metadata") or {})
    images = [url for url in (body.get("image"), body.get("input_reference")) if url]
    images += body.get("images") or []
    content = fields.get("content") or [
        {"type": "image_url", "image_url": {"url": url}} for url in images
    ]
    media = [_content_item(item) for item in content if item.get("type") != "text"]
    if [item.get("type") == "image_url" and not item.get("role") for item in media] == [True] * 2:
        media[0]["role"], media[1]["role"] = "first_frame", "last_frame"  # as Ark reads them
    fields["content"] = [*media, {"type": "text", "text": body["prompt"]}]
    fields["model"] = body["model"]
    if body.get("seconds"):
        fields["duration"] = int(body["seconds"])
    return fields


def _read_metadata(given: object) -> Body:
    """Read the metadata into the struct's fields and types; MetadataError where that fails."""
    try:
        given = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise MetadataError("unmarshal metadata failed")
    fields = {name: given[name] for name in METADATA if given.get(name) is not None}
    for name, value in fields.items():
        if not METADATA[name](value):
            raise MetadataError(f"unmarshal metadata failed: {name}")
        if METADATA[name] is _is_whole:
            fields[name] = int(value)
        elif METADATA[name] is _is_switch:
            fields[name] = value in (True, "true")
        elif name == "tools":
            fields[name] = [{"type": tool.get("type")} for tool in value]
    return fields


def _content_item(item: Body) -> Body:
    """Copy the fields that the adaptor's ContentItem has; `draft_task` is not among them."""
    copy: Body = {name: item[name] for name in ("type", "role") if item.get(name)}
    for name in ("image_url", "video_url", "audio_url"):
        if name in item:
            if not isinstance(item[name], dict):
                raise MetadataError(f"unmarshal metadata failed: content.{name}")
            copy[name] = {"url": item[name].get("url")}
    return copy
