"""new-api's answers about tasks: the envelope of relay/relay_task.go and dto/task.go.

github.com/QuantumNous/new-api, as since February 2026. Its id and Ark's answer within are ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tasks.clients.ark_answers import status_of, task_json
from tasks.clients.ids import NEWAPI, id_of, in_form
from tasks.clients.openai_answers import video_error, video_json
from tasks.models import Task
from tasks.providers.dialects.newapi_requests import ROW_STATUSES

#: A gateway's row knows no cancellation; Ark's answer within tells it.
_STATUSES = dict(ROW_STATUSES) | dict.fromkeys(("cancelled", "expired"), ROW_STATUSES["failed"])


def task_id(task: Task) -> str:
    """The id of a task in new-api's form."""
    return in_form(NEWAPI, id_of(task))


def created_json(task: Task) -> dict[str, Any]:
    """Write the answer to a create: OpenAI's video object under new-api's id."""
    video = video_json(task)
    names = ("object", "model", "status", "progress", "created_at")
    return {"id": task_id(task), "task_id": task_id(task)} | {each: video[each] for each in names}


def envelope(task: Task, *, token: int, origin: str) -> dict[str, Any]:
    """Write the answer to a GET: a row of the gateway's around Ark's answer."""
    word = status_of(task)
    status, progress = _STATUSES[word]
    reason = video_error(task, word)["message"] if status == "FAILURE" else ""
    is_over = status in ("SUCCESS", "FAILURE")
    inner = task_json(task, token=token, origin=origin)
    row = {
        "task_id": task_id(task),
        "action": "generate",
        "status": status,
        "fail_reason": reason,
        "submit_time": _seconds(task.born_at),
        "start_time": _seconds(task.running_at),
        "finish_time": _seconds(task.elapsed_until) if is_over else 0,
        "progress": f"{progress}%",
        "properties": {
            "input": "",
            "upstream_model_name": inner.get("model", ""),
            "origin_model_name": inner.get("model", ""),
        },
        "data": inner,
    }
    if url := inner.get("content", {}).get("video_url"):
        row["result_url"] = url
    return {"code": "success", "message": "", "data": row}


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0
