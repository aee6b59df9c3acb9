"""A gateway's row about a task, and the JSON that new-api's three generations make of it.

The gateway polls Ark every 15 s and answers from its rows (service/task_polling.go,
relay/channel/task/doubao/adaptor.go, dto/task.go in github.com/QuantumNous/new-api).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tasks.providers.dialects.newapi_requests import ROW_STATUSES
from tasks.simulator import media
from tasks.simulator.native import task_error, task_json, usage
from tasks.simulator.orders import Order
from tasks.simulator.records import Record
from tasks.simulator.timeline import DAY, TaskState

POLL_SECONDS = 15
TIMEOUT_SECONDS = DAY  # TASK_TIMEOUT_MINUTES = 1440
TIMED_OUT = "任务超时（1440分钟）"

#: Every status that the adaptor does not know is "in progress" for ever, at 30 %.
UNKNOWN_TO_ADAPTOR = ("IN_PROGRESS", 30)

OPENAI_STATUSES = {
    "NOT_START": "unknown",
    "QUEUED": "queued",
    "IN_PROGRESS": "in_progress",
    "SUCCESS": "completed",
    "FAILURE": "failed",
}


@dataclass(frozen=True, kw_only=True)
class GatewayRow:
    """The gateway's knowledge of a task since its last poll; times are by its own clock."""

    status: str
    progress: int  # per cent
    ark_state: TaskState | None  # at the last poll; None before the first
    polled_at: float
    start_time: int
    finish_time: int
    updated_at: int
    timed_out: bool


def row_at(record: Record, now: float) -> GatewayRow:
    """Return the row at a Unix time; it changes in steps of 15 s, which the speed divides."""
    timeline, step = record.timeline, POLL_SECONDS / record.speed
    # 1. What the last poll saw.
    end = min(now, record.created_at + TIMEOUT_SECONDS / record.speed)
    polls = int((end - record.created_at) / step)
    polled_at = record.created_at + polls * step
    state = record.state_at(polled_at) if polls else None
    status, progress = "NOT_START", 0
    if state:
        status, progress = ROW_STATUSES.get(state.status, UNKNOWN_TO_ADAPTOR)
    # 2. A task that has not ended for the gateway fails at its own timeout.
    timed_out = end < now and status not in ("SUCCESS", "FAILURE")
    if timed_out:
        status, progress = "FAILURE", 100
    # 3. When the gateway saw the start and the end; a cancellation that its adaptor does not know
    #    looks like a start.
    is_cancelled = timeline.final_status == "cancelled"
    started = _first_poll(record, timeline.ends_at if is_cancelled else timeline.starts_at)
    finished = end if timed_out else _first_poll(record, timeline.ends_at)
    is_over = status in ("SUCCESS", "FAILURE")
    # 4. The row was last written when the task was created, first polled, started or finished.
    polled = _first_poll(record, record.created_at)
    writes = [at for at in (polled, started) if at <= polled_at]
    return GatewayRow(
        status=status,
        progress=progress,
        ark_state=state,
        polled_at=polled_at,
        start_time=int(started) if started <= polled_at and started < finished else 0,
        finish_time=int(finished) if is_over else 0,
        updated_at=int(max([record.created_at, *writes, finished if is_over else 0])),
        timed_out=timed_out,
    )


def _first_poll(record: Record, event_at: float) -> float:
    """Return the time of the gateway's first poll that sees an event; both are Unix times."""
    if math.isinf(event_at):
        return math.inf
    step = POLL_SECONDS / record.speed
    polls = max(math.ceil((event_at - record.created_at) / step), 1)
    return record.created_at + polls * step


def fail_reason(record: Record, row: GatewayRow) -> str:
    """Return the message of a failure; the gateway drops its code."""
    if row.timed_out:
        return TIMED_OUT
    error = task_error(record, row.ark_state) if row.ark_state else None
    return error["message"] if error else ""


def ark_answer(record: Record, row: GatewayRow, origin: str) -> dict[str, Any]:
    """Return Ark's last answer as the row keeps it, with its keys in alphabetical order."""
    if row.ark_state is None:
        return {"id": record.id}
    return dict(sorted(task_json(record, row.polled_at, origin).items()))


def link(record: Record, row: GatewayRow, origin: str) -> str:
    if row.status != "SUCCESS" or not record.timeline.has_video:
        return ""
    return media.video_url(record, origin)


def gen1_json(record: Record, row: GatewayRow, origin: str) -> dict[str, Any]:
    """Write a row as from October 2025 to February 2026, with the URL in fail_reason."""
    return {
        "task_id": record.public_id,
        "action": "generate",
        "status": row.status,
        "fail_reason": link(record, row, origin) or fail_reason(record, row),
        "submit_time": int(record.created_at),
        "start_time": row.start_time,
        "finish_time": row.finish_time,
        "progress": f"{row.progress}%",
        "data": ark_answer(record, row, origin),
    }


def gen2_json(record: Record, row: GatewayRow, origin: str) -> dict[str, Any]:
    """Write a row as since February 2026; on failure result_url repeats the reason."""
    reason = fail_reason(record, row)
    result = link(record, row, origin) or reason
    fields = {
        "id": record.number,
        "created_at": int(record.created_at),
        "updated_at": row.updated_at,
        "task_id": record.public_id,
        "platform": "54",
        "user_id": 1,
        "group": "default",
        "channel_id": 8,
        "quota": quota(record, row),
        "action": "generate",
        "status": row.status,
        "fail_reason": reason,
        "result_url": result,
        "submit_time": int(record.created_at),
        "start_time": row.start_time,
        "finish_time": row.finish_time,
        "progress": f"{row.progress}%",
        "properties": {"input": "", **_properties(record.order)},
        "data": ark_answer(record, row, origin),
    }
    return {name: value for name, value in fields.items() if name != "result_url" or value}


def trimmed_json(record: Record, row: GatewayRow, origin: str) -> dict[str, Any]:
    """Write the part of the second generation's row that TokenHot's page shows."""
    full = gen2_json(record, row, origin)
    names = "task_id status result_url progress submit_time start_time finish_time".split()
    trimmed = {name: full[name] for name in names if name in full}
    if full["fail_reason"]:
        trimmed["fail_reason"] = full["fail_reason"]
    names = "status duration framespersecond ratio resolution seed error".split()
    data = {name: full["data"][name] for name in names if name in full["data"]}
    if "usage" in full["data"]:
        data["usage"] = {"total_tokens": full["data"]["usage"]["total_tokens"]}
    return {**trimmed, "properties": _properties(record.order), "data": data}


def quota(record: Record, row: GatewayRow) -> int:
    """Return cost units, 500,000 to the dollar, at $6.40 a million tokens; 0 for a failure."""
    return 0 if row.status == "FAILURE" else round(usage(record.order)["total_tokens"] * 3.2)


def _properties(order: Order) -> dict[str, str]:
    return {"upstream_model_name": order.model, "origin_model_name": order.asked_model}


def video_json(record: Record, row: GatewayRow, origin: str) -> dict[str, Any]:
    """Write OpenAI's video object; completed_at is the row's updated_at even before the end."""
    video = {
        "id": record.public_id,
        "task_id": record.public_id,
        "object": "video",
        "model": record.order.asked_model,
        "status": OPENAI_STATUSES[row.status],
        "progress": row.progress,
        "created_at": int(record.created_at),
        "completed_at": row.updated_at,
        "metadata": {"url": link(record, row, origin)},
    }
    error = task_error(record, row.ark_state) if row.ark_state else None
    if error:
        video["error"] = {"message": error["message"], "code": error["code"]}
    return video


def gen3_json(record: Record, row: GatewayRow) -> dict[str, Any]:
    """Write a row as since August 2026: the task alone, for its files are artifacts."""
    return {
        "task_id": record.public_id,
        "platform": "54",
        "status": row.status,
        "progress": f"{row.progress}%",
        "fail_reason": fail_reason(record, row),
        "created_at": int(record.created_at),
        "finished_at": row.finish_time,
    }
