"""What a create request asked for, with its defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tasks.providers.catalog import (
    ADAPTIVE,
    MODEL_CHOOSES,
    RATIOS,
    Model,
    find_model,
    vendor_name,
)
from tasks.simulator.checks import (
    FIELDS,
    check_input,
    check_names,
    check_scalars,
    is_2,
    read_content,
    roles,
)
from tasks.simulator.errors import Refusal, invalid, missing, model_not_open, no_such_model

Body = Mapping[str, Any]

TWO_DAYS = 172_800

#: What an endpoint id (`ep-…`) stands for.
ENDPOINT_MODEL = "doubao-seedance-2-0-260128"

#: Flags at the end of a prompt, in both spellings → field.
FLAGS = {
    "resolution": "resolution",
    "rs": "resolution",
    "ratio": "ratio",
    "rt": "ratio",
    "duration": "duration",
    "dur": "duration",
    "frames": "frames",
    "seed": "seed",
    "camerafixed": "camera_fixed",
    "cf": "camera_fixed",
    "watermark": "watermark",
    "wm": "watermark",
}
_FLAG = re.compile(r"--(\w+)[ =]+(\S+)")
_STEERING = re.compile(r"\bsim:([a-z]+)(?:=([\w.:-]+))?")
_WISH = re.compile(r"\b([a-z]+)(?:=([\w.:-]+))?")


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
    generate_audio: bool | None = None  # None: the model has no such thing
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
    wishes: str = ""  # the X-Sim-Steer header: sim: words without their prefix
    doomed: str = ""  # an error code the task will end with, known from its input

    def steering(self) -> dict[str, str]:
        """What the prompt and the header wish for: {"queue": "3", "expire": ""}."""
        return _steering(self.prompt, self.wishes)


def _steering(prompt: str, wishes: str) -> dict[str, str]:
    return dict(_STEERING.findall(prompt)) | dict(_WISH.findall(wishes))


def read_order(
    body: object, *, vendor: str, dice: Random, not_open: bool = False, wishes: str = ""
) -> Order:
    """Read a native create body; Refusal as Ark would. `vendor`: volcengine, byteplus or ""."""
    if not isinstance(body, Mapping):
        raise invalid("body", "a JSON object is expected")
    given = {name: value for name, value in body.items() if value is not None}
    check_names(given, FIELDS)
    asked = _model_name(given)
    name = full_name(asked, vendor)
    if not_open:
        raise model_not_open(asked)
    content = read_content(given)
    prompt = " ".join(item["text"] for item in content if item["type"] == "text")
    model = find_model(name)
    assert model is not None
    check_input(model, content)
    check_scalars(model, given)
    _refuse_steered(_steering(prompt, wishes))
    fields = {**_flags(model, prompt), **given}
    order = _order(model, fields, dice, name=name, asked=asked, content=content, prompt=prompt)
    return replace(order, wishes=wishes)


def _model_name(given: Body) -> str:
    name = given.get("model")
    if not name:
        raise missing("model")
    if not isinstance(name, str):
        raise invalid("model")
    return name


def full_name(asked: str, vendor: str) -> str:
    """The model's name in answers, or Refusal where this vendor has no such model."""
    if asked.startswith("ep-"):
        return ENDPOINT_MODEL
    model = find_model(asked)
    if model is None or (vendor and asked != vendor_name(model, vendor)):
        raise no_such_model(asked)
    return asked


def _refuse_steered(words: dict[str, str]) -> None:
    if "refuse" in words:
        raise Refusal(400, words["refuse"] or "InputTextSensitiveContentDetected")


def _flags(model: Model, prompt: str) -> dict[str, Any]:
    """Legacy flags of the prompt; a bad value falls back silently to the default."""
    found: dict[str, Any] = {}
    for flag, text in _FLAG.findall(prompt):
        name = FLAGS.get(flag.lower())
        if name is None:
            continue
        value: Any = int(text) if re.fullmatch(r"-?\d{1,10}", text) else text
        if text.lower() in ("true", "false"):
            value = text.lower() == "true"
        try:
            check_scalars(model, {name: value})
        except Refusal:
            continue
        found[name] = value
    return found


def _order(
    model: Model,
    fields: Body,
    dice: Random,
    *,
    name: str,
    asked: str,
    content: list[dict[str, Any]],
    prompt: str,
) -> Order:
    draft = bool(fields.get("draft"))
    resolution = "480p" if draft else fields.get("resolution", model.default_resolution)
    seed = fields.get("seed", -1)
    frames = fields.get("frames")
    return Order(
        model=name,
        asked_model=asked,
        content=content,
        prompt=prompt,
        resolution=resolution,
        ratio=_ratio(fields.get("ratio", ADAPTIVE), content, dice),
        duration=frames // 24 if frames else _duration(model, fields, dice),
        frames=frames,
        seed=dice.randrange(1, 100_000) if seed == -1 else seed,
        service_tier=fields.get("service_tier", "default"),
        execution_expires_after=fields.get("execution_expires_after", TWO_DAYS),
        generate_audio=_generate_audio(model, fields),
        draft=draft if model.has_draft or is_2(model) else None,
        priority=fields.get("priority", 0) if is_2(model) else None,
        camera_fixed=fields.get("camera_fixed", False),
        watermark=fields.get("watermark", False),
        return_last_frame=fields.get("return_last_frame", False),
        callback_url=fields.get("callback_url", ""),
        safety_identifier=fields.get("safety_identifier", ""),
        tools=fields.get("tools") or None,
        output_format=fields.get("output_format", "mp4") if model.has_mov else "",
        draft_task_id=_draft_task(content),
        task_type=fields.get("omni_reference_task_type", ""),
        doomed=_doomed(model, fields, content),
    )


def _ratio(ratio: str, content: list[dict[str, Any]], dice: Random) -> str:
    """Nobody here looks at pictures: an adaptive ratio is the dice's, or wide for plain text."""
    if ratio != ADAPTIVE:
        return ratio
    return dice.choice(RATIOS) if roles(content) else "16:9"


def _duration(model: Model, fields: Body, dice: Random) -> int:
    duration: int = fields.get("duration", model.default_duration)
    return dice.choice((5, 6, 8, 10)) if duration == MODEL_CHOOSES else duration


def _generate_audio(model: Model, fields: Body) -> bool | None:
    if not model.has_audio or "mini" in model.name:  # mini never says
        return None
    audio: bool = fields.get("generate_audio", True)
    return audio


def _draft_task(content: list[dict[str, Any]]) -> str:
    drafts = [item["draft_task"]["id"] for item in content if item["type"] == "draft_task"]
    return str(drafts[0]) if drafts else ""


def _doomed(model: Model, fields: Body, content: list[dict[str, Any]]) -> str:
    """2.5 takes what does not go together at first, and fails the task afterwards."""
    task_type = fields.get("omni_reference_task_type")
    follows = "first_frame" in roles(content) or task_type in ("edit", "extend")
    has_ratio = fields.get("ratio", ADAPTIVE) != ADAPTIVE
    has_duration = fields.get("duration", MODEL_CHOOSES) != MODEL_CHOOSES
    wrong = (follows and has_ratio) or (task_type == "edit" and has_duration)
    return "InvalidParameter.TaskTypeConstraint" if model.follows_input and wrong else ""
