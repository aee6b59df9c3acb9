"""What a new-api gateway reads out of a create body, and what of it goes on to Ark.

github.com/QuantumNous/new-api: relay/common/relay_info.go (TaskSubmitReq) and
relay/channel/task/doubao/adaptor.go (requestPayload, ContentItem). Its Go structs take no other
type than their own, and drop what they have no field for without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tasks.providers.catalog import find_model, vendor_name

Body = dict[str, Any]


class BadMetadata(Exception):
    """Something of a type that the adaptor's struct cannot hold."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return type(value) is int or (
        isinstance(value, str) and bool(re.fullmatch(r"-?\d{1,18}", value))
    )


def _is_switch(value: object) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


Check = Callable[[object], bool]
REQUEST: Mapping[str, Check] = {
    **dict.fromkeys("model prompt mode image size seconds input_reference".split(), _is_text),
    "images": _are_texts,
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


def misfit(body: Body) -> str:
    """The first field of the request that is of a wrong type; "" if all fit."""
    given = ((name, value) for name, value in body.items() if value is not None)
    return next((name for name, value in given if not REQUEST.get(name, _anything)(value)), "")


def _anything(value: object) -> bool:
    return True


def native_body(body: Body) -> Body:
    """What the gateway sends to Ark: metadata, images without a role, the prompt, `seconds`."""
    fields = _metadata(body.get("metadata") or {})
    images = [url for url in (body.get("image"), body.get("input_reference")) if url]
    images += body.get("images") or []
    content = fields.get("content") or [
        {"type": "image_url", "image_url": {"url": url}} for url in images
    ]
    pictures = [_item(item) for item in content if item.get("type") != "text"]
    fields["content"] = [*_with_roles(pictures), {"type": "text", "text": body["prompt"]}]
    fields["model"] = _upstream(body["model"])
    if body.get("seconds"):
        fields["duration"] = int(body["seconds"])
    return fields


def _metadata(given: object) -> Body:
    """As the struct holds it. BadMetadata where it cannot."""
    try:
        given = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise BadMetadata("unmarshal metadata failed")
    known = {name: given[name] for name in METADATA if given.get(name) is not None}
    for name, value in known.items():
        if not METADATA[name](value):
            raise BadMetadata(f"unmarshal metadata failed: {name}")
    return {name: _held(name, value) for name, value in known.items()}


def _held(name: str, value: Any) -> Any:
    if METADATA[name] is _is_whole:
        return int(value)
    if METADATA[name] is _is_switch:
        return value in (True, "true")
    return [{"type": tool.get("type")} for tool in value] if name == "tools" else value


def _item(item: Body) -> Body:
    """ContentItem: it has no `draft_task`."""
    media = {name: item[name] for name in ("image_url", "video_url", "audio_url") if name in item}
    held: Body = {name: item[name] for name in ("type", "role") if item.get(name)}
    for name, holder in media.items():
        if not isinstance(holder, dict):
            raise BadMetadata(f"unmarshal metadata failed: content.{name}")
        held[name] = {"url": holder.get("url")}
    return held


def _with_roles(pictures: list[Body]) -> list[Body]:
    """Two pictures without a role are a first and a last frame, as Ark reads them."""
    plain = [item.get("type") == "image_url" and not item.get("role") for item in pictures]
    if plain == [True, True]:
        return [pictures[0] | {"role": "first_frame"}, pictures[1] | {"role": "last_frame"}]
    return pictures


def _upstream(name: str) -> str:
    """Gateways rename models: doubao-seedance-2.0 is Ark's doubao-seedance-2-0-260128."""
    model = find_model(name)
    return vendor_name(model, "volcengine") if model else name
