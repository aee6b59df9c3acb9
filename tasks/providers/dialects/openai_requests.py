"""OpenAI's create body of a video, read into Ark's; refused under OpenAI's names. Pure.

Source: developers.openai.com/api/reference/resources/videos. Its `size` names a resolution and a
ratio at once. Ark's own scalars may stand beside OpenAI's fields, as `extra_body` of its SDKs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.providers.catalog.models import MODELS, find_model, frame_size
from tasks.providers.dialects.ark_checks import check_names
from tasks.providers.dialects.ark_errors import RefusalError, invalid, missing, unsupported

Body = Mapping[str, Any]

#: Ark's fields that may be given as they are, by the type of a value that came as text.
_TEXTS = tuple("service_tier resolution ratio safety_identifier output_format callback_url".split())
_NUMBERS = ("seed", "priority", "execution_expires_after", "frames")
_SWITCHES = ("generate_audio", "camera_fixed", "watermark", "return_last_frame", "draft")
KNOWN = frozenset(
    ("model", "prompt", "seconds", "size", "input_reference", *_TEXTS, *_NUMBERS, *_SWITCHES)
)


def ark_body(data: object) -> dict[str, Any]:
    """Return Ark's body for the same video. Raises RefusalError."""
    if not isinstance(data, Mapping):
        raise invalid("body", "an object is expected")
    given = {name: value for name, value in data.items() if value is not None}
    check_names(given, KNOWN)
    if not given.get("prompt"):
        raise missing("prompt")
    content: list[dict[str, Any]] = [{"type": "text", "text": given["prompt"]}]
    if url := _reference(given):
        content.append({"type": "image_url", "image_url": {"url": url}})
    body: dict[str, Any] = {"model": given.get("model"), "content": content}
    body |= {name: given[name] for name in _TEXTS if name in given}
    body |= {name: whole(given[name]) for name in _NUMBERS if name in given}
    body |= {name: _switch(given[name]) for name in _SWITCHES if name in given}
    if "seconds" in given:
        body["duration"] = whole(given["seconds"])
    if "size" in given:
        body["resolution"], body["ratio"] = size_of(given["size"], given.get("model"))
    return body


def renamed(refusal: RefusalError, data: Body) -> RefusalError:
    """Return a refusal with the name that its field has in OpenAI's body."""
    medium = "input_reference" if data.get("input_reference") else "prompt"
    names = {"duration": "seconds", "content": medium, "content[0].text": "prompt"}
    names |= {"resolution": "size", "ratio": "size"} if data.get("size") else {}
    name = names.get(refusal.param, refusal.param)
    text = str(refusal).replace(f"`{refusal.param}`", f"`{name}`")
    return RefusalError(refusal.status, refusal.code, text, param=name)


def size_of(size: object, name: object) -> tuple[str, str]:
    """Return the resolution and the ratio that a size of a model means. Raises RefusalError.

    A name that is the installation's own may be of any model.
    """
    model = find_model(name) if isinstance(name, str) else None
    sizes = {
        f"{width}x{height}": (resolution, ratio)
        for each in ([model] if model else MODELS)
        for resolution in each.resolutions
        for ratio, (width, height) in each.sizes.get(resolution, {}).items()
    }
    found = sizes.get(size) if isinstance(size, str) else None
    if found is None:
        raise invalid("size", f"expected is one of {', '.join(sizes)}")
    return found


def size_in(model: str, resolution: str, ratio: str) -> str:
    """Return the size of a model's video, or "" where it is not known."""
    size = frame_size(model, resolution, ratio)
    return f"{size[0]}x{size[1]}" if size else ""


def whole(value: object) -> object:
    """Return the number that a text means, and anything else as it is."""
    is_number = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,10}", value)
    return int(str(value)) if is_number else value


def _switch(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _reference(given: Body) -> str:
    reference = given.get("input_reference")
    if isinstance(reference, Mapping):
        check_names(reference, ("image_url", "file_id"), "input_reference.")
        if reference.get("file_id"):
            raise unsupported("input_reference.file_id")
        reference = reference.get("image_url")
    if reference is not None and not (isinstance(reference, str) and reference):
        raise invalid("input_reference", "a file, or an object with image_url, is expected")
    return reference or ""
