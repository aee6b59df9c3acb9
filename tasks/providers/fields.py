"""From a provider's JSON to the fields of a RemoteTask: Ark's, a gateway's, an echo's.

Each function here adds to one dictionary what its source knows and the earlier ones did not.
"""

from __future__ import annotations

from typing import Any

from tasks.providers.prompts import split_flags
from tasks.providers.reading import (
    LONG,
    Json,
    flag,
    moment,
    part,
    request_id,
    small,
    text,
    url,
    whole,
)
from tasks.providers.trouble import NO_FAULT, Fault, fault_in, fault_in_words
from tasks.status import FINAL, Status


def native_fields(core: Json) -> dict[str, Any]:
    """Ark's own fields (volcengine.com/docs/82379/1521309); a lost one is simply not said."""
    get = core.get
    content = part(core, "content")
    usage = part(core, "usage")
    fault = fault_in(core) if get("error") else NO_FAULT
    tool_usage = part(usage, "tool_usage")
    return {
        "model": text(get("model")),
        "video_url": url(content.get("video_url")),
        "last_frame_url": url(content.get("last_frame_url")),
        "file_url": url(content.get("file_url")),
        "error_code": fault.code,
        "error_message": fault.message,
        "request_id": fault.request_id,
        "created_at": moment(get("created_at")),
        "updated_at": moment(get("updated_at")),
        "seed": whole(get("seed")),
        "resolution": text(get("resolution")),
        "ratio": text(get("ratio")),
        "duration": small(get("duration")),
        "frames": small(get("frames")),
        "framespersecond": small(get("framespersecond")),
        "generate_audio": flag(get("generate_audio")),
        "draft": flag(get("draft")),
        "draft_task_id": text(get("draft_task_id")),
        "tools": _tools(get("tools")),
        "safety_identifier": text(get("safety_identifier")),
        "priority": small(get("priority")),
        "output_format": text(get("output_format")),
        "service_tier": text(get("service_tier")),
        "execution_expires_after": small(get("execution_expires_after")),
        "revised_prompt": text(get("revised_prompt"), LONG),
        "completion_tokens": whole(usage.get("completion_tokens")),
        "total_tokens": whole(usage.get("total_tokens")),
        "web_searches": small(tool_usage.get("web_search")),
    }


def _tools(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = (text(tool.get("type") if isinstance(tool, dict) else tool) for tool in value[:20])
    return tuple(name for name in names if name)


def add_gateway_fields(fields: dict[str, Any], head: Json, status: Status) -> None:
    """What new-api knows itself (dto/task.go, dto/openai_video.go) around Ark's fields."""
    get = head.get
    properties = part(head, "properties")
    fields["action"] = text(get("action"))
    fields["progress"] = small(get("progress"))
    fields["quota"] = whole(get("quota"))
    fields["model"] = fields["model"] or _model(head, properties)
    fields["prompt"], _ = split_flags(text(properties.get("input"), LONG))
    fields["duration"] = fields["duration"] or small(get("seconds"))
    fields["last_frame_url"] = fields["last_frame_url"] or url(get("last_frame_url"))
    _add_gateway_times(fields, head, status)
    _add_gateway_link(fields, head, status)
    _add_gateway_fault(fields, head, status)


def _model(head: Json, properties: Json) -> str:
    return (
        text(properties.get("upstream_model_name"))
        or text(properties.get("origin_model_name"))
        or text(head.get("model"))
    )


def _add_gateway_times(fields: dict[str, Any], head: Json, status: Status) -> None:
    """Zero is unknown; `completed_at` is only the row's last change until the task is done."""
    get = head.get
    changed = moment(get("updated_at")) or moment(get("completed_at"))
    finished = moment(get("finish_time")) or moment(get("finished_at"))
    if status in FINAL:
        finished = finished or moment(get("completed_at"))
    fields["created_at"] = (
        fields["created_at"] or moment(get("submit_time")) or moment(get("created_at"))
    )
    fields["updated_at"] = fields["updated_at"] or changed
    fields["started_at"] = moment(get("start_time"))
    fields["finished_at"] = finished


def _add_gateway_link(fields: dict[str, Any], head: Json, status: Status) -> None:
    """Ark's own link, else what the generations of new-api used in its place.

    Only of a success: Gen 1 keeps the link in `fail_reason`, and Gen 2 repeats the reason of a
    failure in `result_url`.
    """
    if fields["video_url"] or status is not Status.SUCCEEDED:
        return
    metadata = part(head, "metadata")
    places = (
        head.get("result_url"),
        head.get("fail_reason"),
        head.get("video_url"),
        metadata.get("url"),
        metadata.get("video_url"),
        head.get("url"),
    )
    fields["video_url"] = next((link for place in places if (link := url(place))), "")


def _add_gateway_fault(fields: dict[str, Any], head: Json, status: Status) -> None:
    if status is Status.SUCCEEDED or (fields["error_code"] and fields["error_message"]):
        return
    fault = fault_in(head)
    if fault is NO_FAULT:
        fault = _reason(text(head.get("fail_reason"), LONG))
    fields["error_code"] = fields["error_code"] or fault.code
    fields["error_message"] = fields["error_message"] or fault.message
    fields["request_id"] = fields["request_id"] or request_id(fields["error_message"])


def _reason(fail_reason: str) -> Fault:
    return NO_FAULT if url(fail_reason) else fault_in_words(fail_reason)


def add_echo(fields: dict[str, Any], request: Json) -> None:
    """YEScale repeats the create request: the prompt, and parameters its answer leaves out.

    What was asked for is used only where the answer says nothing; -1 means "you choose".
    """
    prompt, flags = split_flags(_prompt(request.get("content")))
    asked = native_fields(request)
    fields["prompt"] = prompt or fields.get("prompt", "")
    fields["model"] = fields["model"] or asked["model"]
    has_length = fields["duration"] is not None or fields["frames"] is not None
    for name in _ECHOED if has_length else (*_ECHOED, *_LENGTH):
        if fields[name] in (None, ""):
            value = asked[name] if asked[name] not in (None, "") else flags.get(name)
            fields[name] = fields[name] if value in (None, -1) else value


_LENGTH = ("duration", "frames")  # an answer has one of them
_ECHOED = (
    "seed",
    "resolution",
    "ratio",
    "framespersecond",
    "generate_audio",
    "draft",
    "service_tier",
    "execution_expires_after",
    "safety_identifier",
    "priority",
    "output_format",
)


def _prompt(content: object) -> str:
    if not isinstance(content, list):
        return ""
    texts = (text(item.get("text"), LONG) for item in content if isinstance(item, dict))
    return "\n".join(part for part in texts if part)[:LONG]
