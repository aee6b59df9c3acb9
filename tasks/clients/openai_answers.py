"""OpenAI's answers about videos: developers.openai.com/api/reference/resources/videos."""

from __future__ import annotations

from typing import Any

from tasks.clients.ark_answers import error_of, status_of
from tasks.clients.ids import OPENAI, id_of, in_form
from tasks.models import Task
from tasks.providers.dialects.openai_requests import size_in

#: Ark's words of a status in OpenAI's.
STATUSES = {
    "queued": "queued",
    "running": "in_progress",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "failed",
}
_ENDINGS = {
    "cancelled": "The task was cancelled.",
    "expired": "The provider did not finish the task in time.",
}


def video_id(task: Task) -> str:
    """The id of a task in OpenAI's form."""
    return in_form(OPENAI, id_of(task))


def video_json(task: Task) -> dict[str, Any]:
    """Write the video object of a task."""
    submission = getattr(task, "submission", None)
    asked: dict[str, Any] = submission.request if submission else {}
    model = task.model or asked.get("model") or ""
    word = status_of(task)
    status = STATUSES[word]
    duration = task.duration if task.duration is not None else asked.get("duration")
    resolution = task.resolution or asked.get("resolution") or ""
    end = task.elapsed_until
    return {
        "id": video_id(task),
        "object": "video",
        "model": model,
        "status": status,
        "progress": 100 if status == "completed" else task.progress or 0,
        "created_at": int(task.born_at.timestamp()),
        "completed_at": int(end.timestamp()) if status == "completed" and end else None,
        "expires_at": None,
        "prompt": asked.get("prompt"),
        "seconds": "" if duration is None else str(duration),
        "size": size_in(model, resolution, task.ratio or asked.get("ratio") or ""),
        "remixed_from_video_id": None,
        "error": video_error(task, word) if status == "failed" else None,
    }


def video_error(task: Task, word: str) -> dict[str, str]:
    """The reason why there is no video, an ending without a fault included."""
    if text := _ENDINGS.get(word):
        return {"code": word, "message": text}
    return error_of(task)
