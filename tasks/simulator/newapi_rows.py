"""A gateway's row about a task, and how new-api's three generations write it.

The gateway asks Ark every 15 s and answers from its rows (service/task_polling.go,
relay/channel/task/doubao/adaptor.go, dto/task.go in github.com/QuantumNous/new-api).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tasks.simulator import media
from tasks.simulator.native import task_error, task_json, usage
from tasks.simulator.orders import Order
from tasks.simulator.records import Record
from tasks.simulator.story import DAY, Moment, moment

POLL_SECONDS = 15
TIMEOUT_SECONDS = DAY  # TASK_TIMEOUT_MINUTES = 1440
TIMED_OUT = "任务超时（1440分钟）"

#: Ark's word → (gateway's word, progress). Its adaptor knows no other: the rest is
#: "in progress" for ever, at 30 %.
WORDS = {
    "queued": ("QUEUED", 10),
    "running": ("IN_PROGRESS", 50),
    "succeeded": ("SUCCESS", 100),
    "failed": ("FAILURE", 100),
}
HIDDEN = ("IN_PROGRESS", 30)

OPENAI_WORDS = {
    "NOT_START": "unknown",
    "QUEUED": "queued",
    "IN_PROGRESS": "in_progress",
    "SUCCESS": "completed",
    "FAILURE": "failed",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the gateway knows of a task since it last asked Ark; its own clock."""

    word: str
    progress: int
    seen: Moment | None  # Ark's state when it was last asked
    seen_at: float
    start_time: int
    finish_time: int
    updated_at: int
    timed_out: bool


def look(record: Record, now: float) -> Row:
    """The row at a time, seen in steps of 15 s."""
    step = POLL_SECONDS / record.speed
    end = min(now, record.created_at + TIMEOUT_SECONDS / record.speed)
    polls = int((end - record.created_at) / step)
    seen_at = record.created_at + polls * step
    seen = moment(record, seen_at) if polls else None
    word, progress = WORDS.get(seen.status, HIDDEN) if seen else ("NOT_START", 0)
    timed_out = end < now and word not in ("SUCCESS", "FAILURE")
    if timed_out:
        word, progress = "FAILURE", 100
    started = _first_look(record, _starts_at(record), step)
    finished = end if timed_out else _first_look(record, record.story.ends_at, step)
    over = word in ("SUCCESS", "FAILURE")
    return Row(
        word=word,
        progress=progress,
        seen=seen,
        seen_at=seen_at,
        start_time=int(started) if started <= seen_at and started < finished else 0,
        finish_time=int(finished) if over else 0,
        updated_at=int(_last_change(record, seen_at, step, finished if over else None)),
        timed_out=timed_out,
    )


def _starts_at(record: Record) -> float:
    """What the gateway takes for the start: a hidden cancellation looks like one."""
    story = record.story
    return story.ends_at if story.ending == "cancelled" else story.starts_at


def _first_look(record: Record, moment_of: float, step: float) -> float:
    """When the gateway first sees what happened at a time."""
    if math.isinf(moment_of):
        return math.inf
    polls = max(math.ceil((moment_of - record.created_at) / step), 1)
    return record.created_at + polls * step


def _last_change(record: Record, seen_at: float, step: float, finished: float | None) -> float:
    """When the row was last written: created, first poll, first seen running, finished."""
    happened = (record.created_at, _starts_at(record))
    looks = [_first_look(record, at, step) for at in happened]
    seen = [at for at in looks if at <= seen_at]
    return max([record.created_at, *seen, finished or 0])


def fail_reason(record: Record, row: Row) -> str:
    """Only the message: the gateway drops the code."""
    if row.timed_out:
        return TIMED_OUT
    error = task_error(record, row.seen) if row.seen else None
    return error["message"] if error else ""


def inner(record: Record, row: Row, origin: str) -> dict[str, Any]:
    """Ark's last answer as the row keeps it, keys in alphabetical order."""
    if row.seen is None:
        return {"id": record.id}
    return dict(sorted(task_json(record, row.seen_at, origin).items()))


def link(record: Record, row: Row, origin: str) -> str:
    if row.word != "SUCCESS" or not record.story.has_video:
        return ""
    return media.video_url(record, origin)


def first_json(record: Record, row: Row, origin: str) -> dict[str, Any]:
    """October 2025 to February 2026: the URL is in fail_reason."""
    return {
        "task_id": record.public_id,
        "action": "generate",
        "status": row.word,
        "fail_reason": link(record, row, origin) or fail_reason(record, row),
        "submit_time": int(record.created_at),
        "start_time": row.start_time,
        "finish_time": row.finish_time,
        "progress": f"{row.progress}%",
        "data": inner(record, row, origin),
    }


def second_json(record: Record, row: Row, origin: str) -> dict[str, Any]:
    """Since February 2026; on failure result_url repeats the reason."""
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
        "status": row.word,
        "fail_reason": reason,
        "result_url": result,
        "submit_time": int(record.created_at),
        "start_time": row.start_time,
        "finish_time": row.finish_time,
        "progress": f"{row.progress}%",
        "properties": {"input": "", **_properties(record.order)},
        "data": inner(record, row, origin),
    }
    return {name: value for name, value in fields.items() if name != "result_url" or value}


def trimmed_json(record: Record, row: Row, origin: str) -> dict[str, Any]:
    """The part of it that TokenHot's page shows."""
    full = second_json(record, row, origin)
    names = ("task_id", "status", "result_url", "progress", "submit_time", "start_time")
    kept = {name: full[name] for name in (*names, "finish_time") if name in full}
    if full["fail_reason"]:
        kept["fail_reason"] = full["fail_reason"]
    shown = ("status", "duration", "framespersecond", "ratio", "resolution", "seed", "error")
    body = {name: full["data"][name] for name in shown if name in full["data"]}
    if "usage" in full["data"]:
        body["usage"] = {"total_tokens": full["data"]["usage"]["total_tokens"]}
    return {**kept, "properties": _properties(record.order), "data": body}


def quota(record: Record, row: Row) -> int:
    """Cost units, 500,000 to the dollar, at 6.40 dollars a million tokens; none if it failed."""
    return 0 if row.word == "FAILURE" else round(usage(record.order)["total_tokens"] * 3.2)


def _properties(order: Order) -> dict[str, str]:
    return {"upstream_model_name": order.model, "origin_model_name": order.asked_model}


def video_json(record: Record, row: Row, origin: str) -> dict[str, Any]:
    """OpenAI's video object; completed_at is the row's updated_at even while unfinished."""
    video = {
        "id": record.public_id,
        "task_id": record.public_id,
        "object": "video",
        "model": record.order.asked_model,
        "status": OPENAI_WORDS[row.word],
        "progress": row.progress,
        "created_at": int(record.created_at),
        "completed_at": row.updated_at,
        "metadata": {"url": link(record, row, origin)},
    }
    error = task_error(record, row.seen) if row.seen else None
    if error:
        video["error"] = {"message": error["message"], "code": error["code"]}
    return video


def third_json(record: Record, row: Row) -> dict[str, Any]:
    """Since August 2026: the task alone; its files are artifacts."""
    return {
        "task_id": record.public_id,
        "platform": "54",
        "status": row.word,
        "progress": f"{row.progress}%",
        "fail_reason": fail_reason(record, row),
        "created_at": int(record.created_at),
        "finished_at": row.finish_time,
    }
