"""Decide what happens to a task, and when: a pure function of its order and its id."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from random import Random

from tasks.simulator.orders import Order

DAY = 86_400

#: How often a task without steering words ends badly, and how.
ACCIDENTS = (
    (0.045, "OutputVideoSensitiveContentDetected"),
    (0.015, "OutputVideoSensitiveContentDetected.PolicyViolation"),
    (0.010, "OutputAudioSensitiveContentDetected"),
    (0.010, "InternalServiceError"),
    (0.015, "expired"),
)

#: Seconds to render 5 s of 720p, before the dice; by a part of the model's name.
RENDER_SECONDS = {"lite": 18, "pro-fast": 16, "1-0-pro": 30, "1-5-pro": 34, "fast": 24, "mini": 20}
RESOLUTION_FACTORS = {"480p": 0.7, "720p": 1.0, "1080p": 1.5, "4k": 2.2}


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The course of a task unless somebody cancels it first; times are Unix seconds."""

    starts_at: float
    ends_at: float  # inf: stuck for ever
    final_status: str  # succeeded, failed, cancelled, expired
    error_code: str = ""
    has_video: bool = True
    link_life: int = DAY  # seconds


@dataclass(frozen=True, kw_only=True)
class TaskState:
    """A task's status at one time, and since when it has had it."""

    status: str
    updated_at: int
    error_code: str = ""

    @property
    def ended(self) -> bool:
        return self.status not in ("queued", "running")


def plan_timeline(
    order: Order, *, seed: str, created_at: float, speed: float, accidents: bool = True
) -> Timeline:
    """Roll dice seeded with the task's id (`seed`); the order's steering words overrule them.

    `created_at` is a Unix time; `speed` divides every wait.
    """
    # The rolls keep their order: another one would give every task another course.
    dice, words = Random(seed), order.steering()
    queue = dice.uniform(600, 5400) if order.service_tier == "flex" else dice.uniform(2, 20)
    run = _roll_run_seconds(order, dice)
    accident = _roll_accident(dice) if accidents else ""
    queue, run = _number(words, "queue", queue), _number(words, "run", run)
    status, code = _final_status(order, words, accident)
    end = math.inf if "stuck" in words else queue + run
    limit = order.execution_expires_after
    if (end > limit and "stuck" not in words) or accident == status == "expired":
        status, code, end = "expired", "", limit
    if status == "cancelled":  # in the queue, by somebody at the provider's console
        queue, end = math.inf, queue
    return Timeline(
        starts_at=created_at + queue / speed,
        ends_at=created_at + end / speed,
        final_status=status,
        error_code=code,
        has_video="novideo" not in words,
        link_life=int(_number(words, "link", DAY)),
    )


def _number(words: dict[str, str], name: str, default: float) -> float:
    text = words.get(name, "")
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d+)?", text) else default


def _roll_run_seconds(order: Order, dice: Random) -> float:
    base = next((pace for name, pace in RENDER_SECONDS.items() if name in order.model), 38)
    factor = RESOLUTION_FACTORS.get(order.resolution, 1.0) * (max(order.duration, 1) / 5) ** 0.7
    seconds = base * factor * dice.uniform(0.8, 1.3)
    if order.service_tier == "flex":
        return seconds * 4
    return min(max(seconds, 20), 90)


def _roll_accident(dice: Random) -> str:
    roll = dice.random()
    for share, accident in ACCIDENTS:
        if roll < share:
            return accident
        roll -= share
    return ""


def _final_status(order: Order, words: dict[str, str], accident: str) -> tuple[str, str]:
    """Return (status, error code): the steering words decide, then the input, then the dice."""
    if "fail" in words:
        return "failed", words["fail"] or "OutputVideoSensitiveContentDetected"
    if "expire" in words:
        return "expired", ""
    if "cancel" in words:
        return "cancelled", ""
    if order.input_error:
        return "failed", order.input_error
    if "ok" in words or "novideo" in words or "link" in words or not accident:
        return "succeeded", ""
    return ("expired", "") if accident == "expired" else ("failed", accident)
