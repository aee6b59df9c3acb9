"""What happens to a task, and when: a pure function of its record, then of the clock."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.simulator.orders import Order
    from tasks.simulator.records import Record

DAY = 86_400

#: How often a task without steering words comes to each bad end.
ACCIDENTS = (
    (0.045, "OutputVideoSensitiveContentDetected"),
    (0.015, "OutputVideoSensitiveContentDetected.PolicyViolation"),
    (0.010, "OutputAudioSensitiveContentDetected"),
    (0.010, "InternalServiceError"),
    (0.015, "expired"),
)

#: Seconds to render 5 s of 720p, before the dice.
PACE = {"lite": 18, "pro-fast": 16, "1-0-pro": 30, "1-5-pro": 34, "fast": 24, "mini": 20}
EFFORT = {"480p": 0.7, "720p": 1.0, "1080p": 1.5, "4k": 2.2}


@dataclass(frozen=True, kw_only=True)
class Story:
    """Unix times of what will be, unless somebody cancels first."""

    starts_at: float
    ends_at: float  # inf: stuck for ever
    ending: str  # succeeded, failed, cancelled, expired
    error_code: str = ""
    has_video: bool = True
    link_life: int = DAY  # seconds


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Where a task stands now."""

    status: str
    updated_at: int
    error_code: str = ""

    @property
    def ended(self) -> bool:
        return self.status not in ("queued", "running")


def moment(record: Record, now: float) -> Moment:
    """The task's state at a time."""
    story = record.story
    if record.cancelled_at is not None and now >= record.cancelled_at:
        return Moment(status="cancelled", updated_at=int(record.cancelled_at))
    if now >= story.ends_at:
        return Moment(
            status=story.ending, updated_at=int(story.ends_at), error_code=story.error_code
        )
    if now >= story.starts_at:
        return Moment(status="running", updated_at=int(story.starts_at))
    return Moment(status="queued", updated_at=int(record.created_at))


def tell(record: Record) -> Story:
    """Dice that know the task's id, overruled by the `sim:` words of its prompt."""
    dice, words = Random(record.id), record.order.steering()
    queue, run = _queue_seconds(record.order, dice), _run_seconds(record.order, dice)
    accident = _accident(dice) if record.accidents else ""
    queue, run = _number(words, "queue", queue), _number(words, "run", run)
    ending, code = _ending(record.order, words, accident)
    ends = math.inf if "stuck" in words else queue + run
    limit = record.order.execution_expires_after
    if (ends > limit and "stuck" not in words) or accident == ending == "expired":
        ending, code, ends = "expired", "", limit
    if ending == "cancelled":  # in the queue, by somebody at the provider's console
        queue, ends = math.inf, queue
    return Story(
        starts_at=record.created_at + queue / record.speed,
        ends_at=record.created_at + ends / record.speed,
        ending=ending,
        error_code=code,
        has_video="novideo" not in words,
        link_life=int(_number(words, "link", DAY)),
    )


def _number(words: dict[str, str], name: str, default: float) -> float:
    text = words.get(name, "")
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d+)?", text) else default


def _queue_seconds(order: Order, dice: Random) -> float:
    return dice.uniform(600, 5400) if order.service_tier == "flex" else dice.uniform(2, 20)


def _run_seconds(order: Order, dice: Random) -> float:
    base = next((pace for name, pace in PACE.items() if name in order.model), 38)
    effort = EFFORT.get(order.resolution, 1.0) * (max(order.duration, 1) / 5) ** 0.7
    seconds = base * effort * dice.uniform(0.8, 1.3)
    if order.service_tier == "flex":
        return seconds * 4
    return min(max(seconds, 20), 90)


def _accident(dice: Random) -> str:
    roll = dice.random()
    for share, what in ACCIDENTS:
        if roll < share:
            return what
        roll -= share
    return ""


def _ending(order: Order, words: dict[str, str], accident: str) -> tuple[str, str]:
    """(ending, error code): the prompt's wish, else the input's fault, else bad luck."""
    if "fail" in words:
        return "failed", words["fail"] or "OutputVideoSensitiveContentDetected"
    if "expire" in words:
        return "expired", ""
    if "cancel" in words:
        return "cancelled", ""
    if order.doomed:
        return "failed", order.doomed
    if "ok" in words or "novideo" in words or "link" in words or not accident:
        return "succeeded", ""
    return ("expired", "") if accident == "expired" else ("failed", accident)
