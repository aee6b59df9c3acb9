"""Read a create request into an order, with the defaults that Ark fills in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tasks.providers.catalog.models import (
    ADAPTIVE,
    MODEL_CHOOSES,
    RATIOS,
    Model,
    frame_size,
    vendor_name,
)
from tasks.providers.dialects.ark_checks import (
    FIELDS,
    check_input,
    check_names,
    check_scalars,
    is_2,
    read_content,
    roles,
)
from tasks.providers.dialects.ark_errors import (
    RefusalError,
    invalid,
    missing,
    model_not_open,
    no_such_model,
)
from tasks.providers.dialects.ark_requests import flag_values
from tasks.simulator.model_list import model_of

Body = Mapping[str, Any]

TWO_DAYS = 172_800

#: The model that every endpoint id (`ep-…`) stands for.
ENDPOINT_MODEL = "doubao-seedance-2-0-260128"

_STEERING_IN_PROMPT = re.compile(r"\bsim:([a-z]+)(?:=([\w.:-]+))?")
_STEERING_IN_HEADER = re.compile(r"\b([a-z]+)(?:=([\w.:-]+))?")


@dataclass(frozen=True, kw_only=True)
class Order:
    """One accepted create request; `model` is the full name that answers carry."""

    model: str
    asked_model: str  # as the client wrote it: an alias, an `ep-…` id
    content: list[dict[str, Any]]
    prompt: str
    resolution: str
    ratio: str
    duration: int  # seconds
    frames: int | None = None
    seed: int
    service_tier: str = "default"
    execution_expires_after: int = TWO_DAYS
    generate_audio: bool | None = None  # None: absent from the model's answers
    draft: bool | None = None
    priority: int | None = None
    camera_fixed: bool = False
    watermark: bool = False
    return_last_frame: bool = False
    callback_url: str = ""
    safety_identifier: str = ""
    tools: list[dict[str, Any]] | None = None
    output_format: str = ""
    draft_task_id: str = ""
    task_type: str = ""
    steer: str = ""  # the X-Sim-Steer header: sim: words without their prefix
    input_error: str = ""  # the error code that the task will end with because of its input

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the video; where they follow an input, those of 16:9 in 720p."""
        return frame_size(self.model, self.resolution, self.ratio) or (1280, 720)

    def steering(self) -> dict[str, str]:
        """Read the steering words of the prompt and the header: {"queue": "3", "expire": ""}."""
        return read_steering(self.prompt, self.steer)


def read_steering(prompt: str, header: str) -> dict[str, str]:
    """Read the `sim:` words of a prompt, and those of an X-Sim-Steer header, which win."""
    return dict(_STEERING_IN_PROMPT.findall(prompt)) | dict(_STEERING_IN_HEADER.findall(header))


def read_order(
    body: object, *, vendor: str, dice: Random, not_open: bool = False, steer: str = ""
) -> Order:
    """Read a native create body; RefusalError where Ark would refuse it.

    `vendor` is volcengine, byteplus or ""; `not_open` refuses every model as not activated.
    """
    # 1. The fields and the model have names that are known.
    if not isinstance(body, Mapping):
        raise invalid("body", "a JSON object is expected")
    given = {name: value for name, value in body.items() if value is not None}
    check_names(given, FIELDS)
    asked = given.get("model")
    if not asked:
        raise missing("model")
    if not isinstance(asked, str):
        raise invalid("model")
    name = full_name(asked, vendor)
    if not_open:
        raise model_not_open(asked)
    # 2. The values are such as this model accepts.
    content = read_content(given)
    prompt = " ".join(item["text"] for item in content if item["type"] == "text")
    model = model_of(name)
    assert model is not None
    check_input(model, content)
    check_scalars(model, given)
    # 3. The prompt or the header may still ask for a refusal.
    words = read_steering(prompt, steer)
    if "refuse" in words:
        raise RefusalError(400, words["refuse"] or "InputTextSensitiveContentDetected")
    return Order(
        model=name,
        asked_model=asked,
        content=content,
        prompt=prompt,
        steer=steer,
        **_settings(model, {**flag_values(model, prompt), **given}, content, dice),
    )


def full_name(asked: str, vendor: str) -> str:
    """Return the model's name in answers; RefusalError where this vendor has no such model."""
    if asked.startswith("ep-"):
        return ENDPOINT_MODEL
    model = model_of(asked)
    is_sold = vendor in model.vendors if model and vendor else True
    if model is not None and not model.is_checked:
        return asked
    if model is None or not is_sold or (vendor and asked != vendor_name(model, vendor)):
        raise no_such_model(asked)
    return asked


def _settings(
    model: Model, fields: Body, content: list[dict[str, Any]], dice: Random
) -> dict[str, Any]:
    """Fill in the defaults of an order's other fields; what the model chooses is rolled."""
    draft = bool(fields.get("draft"))
    ratio = fields.get("ratio", ADAPTIVE)
    if ratio == ADAPTIVE:  # nobody here looks at pictures
        ratio = dice.choice(RATIOS) if roles(content) else "16:9"
    frames = fields.get("frames")
    duration = frames // 24 if frames else fields.get("duration", model.default_duration)
    if not frames and duration == MODEL_CHOOSES:
        duration = dice.choice((5, 6, 8, 10))
    seed = fields.get("seed", -1)
    has_audio = model.has_audio and "mini" not in model.name  # mini's answers never say
    drafts = [item["draft_task"]["id"] for item in content if item["type"] == "draft_task"]
    usual = (drafts and model.final_resolution) or model.default_resolution
    return {
        "resolution": "480p" if draft else fields.get("resolution", usual).lower(),
        "ratio": ratio,
        "duration": duration,
        "frames": frames,
        "seed": dice.randrange(1, 100_000) if seed == -1 else seed,
        "service_tier": fields.get("service_tier", "default"),
        "execution_expires_after": fields.get("execution_expires_after", TWO_DAYS),
        "generate_audio": fields.get("generate_audio", True) if has_audio else None,
        "draft": draft if model.has_draft or is_2(model) else None,
        "priority": fields.get("priority", 0) if is_2(model) else None,
        "camera_fixed": fields.get("camera_fixed", False),
        "watermark": fields.get("watermark", False),
        "return_last_frame": fields.get("return_last_frame", False),
        "callback_url": fields.get("callback_url", ""),
        "safety_identifier": fields.get("safety_identifier", ""),
        "tools": fields.get("tools") or None,
        "output_format": fields.get("output_format", "mp4") if model.has_mov else "",
        "draft_task_id": str(drafts[0]) if drafts else "",
        "task_type": fields.get("omni_reference_task_type", ""),
        "input_error": _input_error(model, fields, content),
    }


def _input_error(model: Model, fields: Body, content: list[dict[str, Any]]) -> str:
    """Return the code of a contradiction that 2.5 accepts at first and fails the task for later."""
    task_type = fields.get("omni_reference_task_type")
    follows = "first_frame" in roles(content) or task_type in ("edit", "extend")
    has_ratio = fields.get("ratio", ADAPTIVE) != ADAPTIVE
    has_duration = fields.get("duration", MODEL_CHOOSES) != MODEL_CHOOSES
    wrong = (follows and has_ratio) or (task_type == "edit" and has_duration)
    return "InvalidParameter.TaskTypeConstraint" if model.follows_input and wrong else ""
