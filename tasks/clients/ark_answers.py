"""Ark's answers about tasks, made of our own rows: volcengine.com/docs/82379/1521309."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from tasks.clients import links
from tasks.clients.ids import id_of, id_of_submission
from tasks.models import Cancellation, CancelOutcome, Copy, CopyKind, Submission, Task
from tasks.models.access import sight_of
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.dialects import ark_errors
from tasks.providers.status import Status

#: Our words of a status in Ark's.
STATUSES = {
    Status.SUBMITTING: "queued",
    Status.UNCONFIRMED: "queued",
    Status.UNKNOWN: "queued",
    Status.QUEUED: "queued",
    Status.RUNNING: "running",
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.LOST: "failed",
    Status.CANCELLED: "cancelled",
    Status.EXPIRED: "expired",
}
TWO_DAYS = 172_800  # seconds
#: Columns that answers are made of, in whichever shape; all others are read when they are needed.
_USED = (
    *("project", "base_url", "remote_id", "status", "model", "progress"),
    *("created_at", "queued_at", "running_at", "ended_at"),
    *("remote_created_at", "remote_updated_at", "remote_finished_at"),
    *("service_tier", "execution_expires_after", "generate_audio", "draft", "draft_task_id"),
    *("safety_identifier", "output_format", "priority", "error_code", "error_message"),
    *("seed", "resolution", "ratio", "duration", "frames", "framespersecond", "tools"),
    *("last_frame_url", "completion_tokens", "total_tokens", "web_searches"),
    *("submission__request", "submission__parent", "submission__task"),
    *("submission__batch__created_at",),
)


def readable_by(person: Any) -> TaskQuerySet[Any]:
    """Tasks that a program may read as this person, with all that answers are made of."""
    accepted = Cancellation.objects.filter(task=OuterRef("pk"), outcome=CancelOutcome.ACCEPTED)
    video = Copy.objects.filter(task=OuterRef("pk"), kind=CopyKind.VIDEO)
    sight = sight_of(person)
    tasks: TaskQuerySet[Any] = Task.objects.in_sight(sight).with_details_for(sight)
    return (
        tasks.filter(api_deletion=None, status__in=STATUSES)
        .annotate(is_cancelled=Exists(accepted), has_video=Exists(video))
        .select_related("submission__batch")
        .only(*_USED)
    )


def status_of(task: Task) -> str:
    """The status in Ark's word; a provider that took a cancellation has cancelled the task."""
    word = STATUSES[Status(task.status)]
    return "cancelled" if word == "queued" and getattr(task, "is_cancelled", False) else word


def task_json(task: Task, *, token: int, origin: str) -> dict[str, Any]:
    """Write the answer to a GET; fields that are not known yet are absent, as they are at Ark."""
    submission = getattr(task, "submission", None)
    asked: dict[str, Any] = submission.request if submission else {}
    status = status_of(task)
    result = _result(task, token, origin) if status == "succeeded" else {}
    fields = {
        "id": id_of(task),
        "model": task.model or asked.get("model"),
        "status": status,
        "error": error_of(task) if status == "failed" else None,
        **{name: result.pop(name, None) for name in ("content", "usage")},
        "created_at": int(task.born_at.timestamp()),
        "updated_at": _updated_at(task),
        **result,
        "service_tier": task.service_tier or asked.get("service_tier") or "default",
        "execution_expires_after": _first(
            task.execution_expires_after, asked.get("execution_expires_after"), TWO_DAYS
        ),
        "generate_audio": _first(task.generate_audio, asked.get("generate_audio")),
        "draft": _first(task.draft, asked.get("draft")),
        "draft_task_id": _draft_id(task, submission),
        "safety_identifier": task.safety_identifier or asked.get("safety_identifier"),
        "output_format": task.output_format or None,
        "priority": _first(task.priority, asked.get("priority")),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _result(task: Task, token: int, origin: str) -> dict[str, Any]:
    kinds = {}
    if getattr(task, "has_video", False):  # some succeed without one, or have its link later
        kinds["video_url"] = CopyKind.VIDEO
    if task.last_frame_url:
        kinds["last_frame_url"] = CopyKind.LAST_FRAME
    content = {
        name: links.url_of(task, kind, token=token, origin=origin) for name, kind in kinds.items()
    }
    has_frames = task.frames is not None
    return {
        "content": content,
        "usage": _usage(task),
        "seed": task.seed,
        "resolution": task.resolution or None,
        "ratio": task.ratio or None,
        "duration": None if has_frames else task.duration,
        "frames": task.frames,
        "framespersecond": task.framespersecond,
        "tools": [{"type": each} for each in task.tools.split(", ")] if task.tools else None,
    }


def _usage(task: Task) -> dict[str, Any] | None:
    """The tokens that it took, for who sees details."""
    if task.total_tokens is None or not task.shows_details:
        return None
    completion = _first(task.completion_tokens, task.total_tokens)
    usage = {"completion_tokens": completion, "total_tokens": task.total_tokens}
    return usage | ({"tool_usage": {"web_search": task.web_searches}} if task.web_searches else {})


def error_of(task: Task) -> dict[str, str]:
    """The reason why it failed; the provider's own words are for who sees details."""
    if task.status == Status.LOST:
        return {"code": "ResourceNotFound", "message": "The provider does not have this task."}
    code = task.error_code or "InternalServiceError"
    words = task.error_message if task.shows_details else ""
    return {"code": code, "message": words or ark_errors.message(code)}


def _draft_id(task: Task, submission: Submission | None) -> str | None:
    """The draft's id for clients where it was made here."""
    drafted = submission.request.get("draft_task_id") if submission else ""
    if submission and drafted and submission.parent_id:
        of_draft = Submission.objects.select_related("batch").filter(task=submission.parent_id)
        if draft := of_draft.first():
            return id_of_submission(draft)
    return task.draft_task_id or drafted or None


def _updated_at(task: Task) -> int:
    known = task.remote_updated_at or task.ended_at or task.running_at or task.queued_at
    return int((known or task.born_at).timestamp())


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
