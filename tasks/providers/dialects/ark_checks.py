"""Ark's strict validation of a create body: a value that the model does not accept is a 400.

Source: volcengine.com/docs/82379/1520757; the differences between models are the catalog's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from tasks.providers.catalog.models import ADAPTIVE, RATIOS, Model
from tasks.providers.dialects.ark_errors import RefusalError, invalid, missing, unsupported

Body = Mapping[str, Any]

LARGEST_SEED = 2**32 - 1

#: Every field that the official SDK can send (volcengine-ark-runtime 5.0.54, `tasks.create`).
FIELDS = frozenset(
    (
        "model content safety_identifier callback_url return_last_frame service_tier "
        "execution_expires_after priority generate_audio draft camera_fixed watermark seed "
        "resolution ratio duration frames tools output_format omni_reference_task_type"
    ).split()
)
TASK_TYPES = ("auto", "reference", "edit", "extend")
ROLES = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}


def check_names(given: Body, known: Collection[str], where: str = "") -> None:
    """Refuse unknown fields; null counts as absent. `where` is the path in front of the name."""
    for name, value in given.items():
        if name not in known and value is not None:
            raise unsupported(f"{where}{name}")


def read_content(given: Body) -> list[dict[str, Any]]:
    """Check the form of every content item, and return them."""
    content = given.get("content")
    if not content:
        raise missing("content")
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise invalid("content", "a list of objects is expected")
    for place, item in enumerate(content):
        _check_item(place, item)
    return content


def _check_item(place: int, item: dict[str, Any]) -> None:
    kind = item.get("type")
    if kind not in ("text", "draft_task", *ROLES):
        raise invalid(f"content[{place}].type")
    role = ("role",) if kind in ROLES else ()
    check_names(item, ("type", kind, *role), f"content[{place}].")
    if item.get("role") and item["role"] not in ROLES[kind]:
        raise invalid(f"content[{place}].role")
    if kind == "text":
        if not isinstance(item.get("text"), str):
            raise missing(f"content[{place}].text")
    elif kind in ROLES:
        _check_url(place, kind, item)
    else:
        draft = item.get("draft_task")
        if not isinstance(draft, dict) or not draft.get("id"):
            raise missing(f"content[{place}].draft_task.id")
        check_names(draft, ("id",), f"content[{place}].draft_task.")
        if not isinstance(draft["id"], str):
            raise invalid(f"content[{place}].draft_task.id")


def _check_url(place: int, kind: str, item: dict[str, Any]) -> None:
    holder = item.get(kind)
    url = holder.get("url") if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not url:
        if kind == "image_url":
            raise RefusalError(400, "InvalidImageURL.EmptyURL", "The image URL is empty.")
        raise missing(f"content[{place}].{kind}.url")
    check_names(holder, ("url",), f"content[{place}].{kind}.")
    inline = "" if kind == "video_url" else "|data:"  # videos come by URL only
    if not isinstance(url, str) or not re.match(rf"(https?://|asset://{inline})", url):
        code = "InvalidImageURL.InvalidFormat" if kind == "image_url" else "InvalidParameter"
        raise RefusalError(400, code, f"The URL of content[{place}] is not valid.")


def roles(content: list[dict[str, Any]]) -> list[str]:
    """List the role of each image, video, audio and draft; an image without one is first_frame."""
    defaults = {"image_url": "first_frame", "video_url": "reference_video"}
    used = []
    for item in content:
        if item["type"] in ROLES:
            used.append(item.get("role") or defaults.get(item["type"], "reference_audio"))
        elif item["type"] == "draft_task":
            used.append("draft_task")
    return used


def check_input(model: Model, content: list[dict[str, Any]]) -> None:
    """Refuse images, videos and audio that the model does not accept, or not together."""
    used, known = roles(content), {str(each) for each in model.inputs}
    for role in used:
        if role not in known:
            raise invalid("content", f"role {role} is not supported by model {model.name}")
    if not used and "text" not in known:
        raise invalid("content", f"model {model.name} needs an image")
    frames = {"first_frame", "last_frame"} & set(used)
    if frames and any(role.startswith("reference_") for role in used):
        raise invalid("content", "first/last frame content cannot be mixed with reference media")
    if "last_frame" in used and "first_frame" not in used:
        raise invalid("content", "a last frame needs a first frame")
    limits = {
        "first_frame": 1,
        "last_frame": 1,
        "reference_image": model.reference_images,
        "reference_video": model.reference_videos,
        "reference_audio": model.reference_audios,
    }
    for role, limit in limits.items():
        if used.count(role) > limit:
            raise invalid("content", f"at most {limit} items with role {role} are supported")


def _is_int(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def check_scalars(model: Model, given: Body) -> None:
    """Refuse fields of the body whose value this model does not accept."""
    checks = {
        "resolution": lambda v: v in (*model.resolutions, *_capitals(model)),
        "ratio": lambda v: v in (*RATIOS, ADAPTIVE, *model.undocumented_ratios),
        "duration": lambda v: type(v) is int and model.takes_duration(v),
        "frames": lambda v: model.has_frames and _is_int(v, 29, 289) and (v - 25) % 4 == 0,
        "seed": lambda v: _is_int(v, -1, LARGEST_SEED if model.has_seed else -1),
        "service_tier": lambda v: v == "default" or (v == "flex" and model.has_flex),
        "execution_expires_after": lambda v: _is_int(v, 3600, 259_200),
        "priority": lambda v: _is_int(v, 0, 9 if is_2(model) else 0),
        "generate_audio": lambda v: v is False or (v is True and model.has_audio),
        "draft": lambda v: v is False or (v is True and model.has_draft),
        "camera_fixed": lambda v: v is False or (v is True and model.has_camera_fixed),
        "watermark": lambda v: isinstance(v, bool),
        "return_last_frame": lambda v: isinstance(v, bool),
        "callback_url": lambda v: isinstance(v, str) and re.match(r"https?://", v),
        "safety_identifier": lambda v: isinstance(v, str) and len(v) <= 64,
        "output_format": lambda v: v == "mp4" or (v == "mov" and model.has_mov),
        "tools": lambda v: is_2(model) and v in ([], [{"type": "web_search"}]),
        "omni_reference_task_type": lambda v: model.has_task_type and v in TASK_TYPES,
    }
    content = given.get("content") or ()
    if model.final_resolution and any(item.get("type") == "draft_task" for item in content):
        checks["resolution"] = lambda v: v == model.final_resolution
    for name, is_valid in checks.items():
        if name in given and not is_valid(given[name]):
            raise invalid(name, f"not supported for model {model.name}: {given[name]!r}"[:200])
    if given.get("draft"):
        if given.get("resolution", "480p") != "480p":
            raise invalid("resolution", "a draft is always 480p")
        if given.get("service_tier") == "flex":
            raise invalid("service_tier", "a draft cannot be made with the flex tier")
        if given.get("return_last_frame"):
            raise invalid("return_last_frame", "a draft has no last frame")


def _capitals(model: Model) -> tuple[str, ...]:
    """List the spelling `4K`, which live Ark takes although its pages write `4k`."""
    return ("4K",) if "4k" in model.resolutions else ()


def is_2(model: Model) -> bool:
    """Whether the model is of the 2.x family."""
    return model.name.startswith("seedance-2")
