"""Conversion of a provider's JSON to the fields of a RemoteTask.

The fields come from Ark's task, from a gateway around it, and from an echo of the request. Each
`add_…` function adds to the dictionary what its source knows and the earlier sources did not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tasks.providers.dialects.errors import NO_DETAILS, details_in_text, error_details
from tasks.providers.dialects.prompt_flags import split_flags
from tasks.providers.dialects.reading import (
    LONG,
    NOTHING,
    Json,
    flag,
    integer,
    moment,
    nested,
    request_id,
    small_integer,
    text,
    url,
)
from tasks.providers.status import FINAL, Status


def native_fields(core: Json) -> dict[str, Any]:
    """Read Ark's own fields (volcengine.com/docs/82379/1521309); a missing one is None or ""."""
    get = core.get
    content = _content(core)
    usage = nested(core, "usage")
    details = error_details(core) if get("error") else NO_DETAILS
    tool_usage = nested(usage, "tool_usage")
    return {
        "model": text(get("model")),
        "last_frame_url": url(content.get("last_frame_url")),
        "file_url": url(content.get("file_url")),
        "error_code": details.code,
        "error_message": details.message,
        "request_id": details.request_id,
        "created_at": moment(get("created_at")),
        "updated_at": moment(get("updated_at")),
        "seed": integer(get("seed")),
        "resolution": text(get("resolution")),
        "ratio": text(get("ratio")),
        "duration": small_integer(get("duration")),
        "frames": small_integer(get("frames")),
        "framespersecond": small_integer(get("framespersecond")),
        "generate_audio": flag(get("generate_audio")),
        "draft": flag(get("draft")),
        "draft_task_id": text(get("draft_task_id")),
        "tools": _tools(get("tools")),
        "safety_identifier": text(get("safety_identifier")),
        "priority": small_integer(get("priority")),
        "output_format": text(get("output_format")),
        "service_tier": text(get("service_tier")),
        "execution_expires_after": small_integer(get("execution_expires_after")),
        "revised_prompt": text(get("revised_prompt"), LONG),
        "completion_tokens": integer(usage.get("completion_tokens")),
        "total_tokens": integer(usage.get("total_tokens")),
        "web_searches": small_integer(tool_usage.get("web_search")),
    }


def _content(core: Json) -> Json:
    """Return the files of a task by name, also where a gateway lists them as Ark's requests do."""
    content = core.get("content")
    if not isinstance(content, list):
        content = nested(core, "content")
        return NOTHING if "id" in content or "task_id" in content else content  # another task
    items = [item for item in content[:20] if isinstance(item, dict) and "role" not in item]
    return {
        name: item[name].get("url") if isinstance(item[name], dict) else item[name]
        for name in ("last_frame_url", "file_url")
        for item in items
        if name in item
    }


def _tools(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = (text(tool.get("type") if isinstance(tool, dict) else tool) for tool in value[:20])
    return tuple(name for name in names if name)


def add_gateway_fields(fields: dict[str, Any], head: Json, status: Status) -> None:
    """Add what new-api itself knows about a task (dto/task.go, dto/openai_video.go)."""
    get = head.get
    properties = nested(head, "properties")
    fields["action"] = text(get("action"))
    fields["progress"] = small_integer(get("progress"))
    fields["quota"] = integer(get("quota"))
    fields["model"] = (
        fields["model"]
        or text(properties.get("upstream_model_name"))
        or text(properties.get("origin_model_name"))
        or text(get("model"))
    )
    fields["prompt"], _ = split_flags(text(properties.get("input"), LONG))
    fields["duration"] = fields["duration"] or small_integer(get("seconds"))
    fields["last_frame_url"] = fields["last_frame_url"] or url(get("last_frame_url"))
    _add_gateway_times(fields, head, status)
    _add_gateway_error(fields, head, status)


def _add_gateway_times(fields: dict[str, Any], head: Json, status: Status) -> None:
    """Add the times; zero means unknown.

    Until the task is final, `completed_at` is only the time of the row's last change.
    """
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


def _add_gateway_error(fields: dict[str, Any], head: Json, status: Status) -> None:
    if status is Status.SUCCEEDED or (fields["error_code"] and fields["error_message"]):
        return
    details = error_details(head)
    fail_reason = text(head.get("fail_reason"), LONG)
    if details is NO_DETAILS and not url(fail_reason):
        details = details_in_text(fail_reason)
    fields["error_code"] = fields["error_code"] or details.code
    fields["error_message"] = fields["error_message"] or details.message
    fields["request_id"] = fields["request_id"] or request_id(fields["error_message"])


def add_layer(fields: dict[str, Any], layer: Json) -> None:
    """Add the settings, files and tokens that another layer of the answer has beside Ark's task."""
    if not _OF_LAYERS & layer.keys():
        return
    found = native_fields(layer)
    has_length = fields["duration"] is not None or fields["frames"] is not None
    for name in _ADDED if has_length else (*_ADDED, *_LENGTH):
        if fields[name] in (None, "", ()):
            fields[name] = found[name]


def add_error(fields: dict[str, Any], layer: Json) -> None:
    """Add the reason of a failure that stands in another layer, such as `result.error.message`."""
    if layer.get("error") and not (fields["error_code"] or fields["error_message"]):
        details = error_details(layer)
        fields["error_code"], fields["error_message"] = details.code, details.message
        fields["request_id"] = fields["request_id"] or details.request_id


def add_echo(fields: dict[str, Any], request: Json) -> None:
    """Add the prompt and the parameters of the create request, which YEScale repeats.

    Requested values are used only where the answer has none; -1 leaves the choice to the model.
    """
    content = request.get("content")
    items = (
        [item for item in content if isinstance(item, dict)] if isinstance(content, list) else []
    )
    texts = (text(item.get("text"), LONG) for item in items)
    prompt, flags = split_flags("\n".join(line for line in texts if line)[:LONG])
    requested = native_fields(request)
    fields["prompt"] = prompt or fields.get("prompt", "")
    fields["model"] = fields["model"] or requested["model"]
    has_length = fields["duration"] is not None or fields["frames"] is not None
    for name in _ECHOED if has_length else (*_ECHOED, *_LENGTH):
        if fields[name] in (None, ""):
            value = requested[name] if requested[name] not in (None, "") else flags.get(name)
            fields[name] = fields[name] if value in (None, -1) else value


_LENGTH = ("duration", "frames")  # an answer has one of the two
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
_FILES = ("last_frame_url", "file_url")
_TOKENS = ("completion_tokens", "total_tokens", "web_searches")
_ADDED = (*_ECHOED, *_FILES, *_TOKENS, "draft_task_id", "tools", "revised_prompt")
_OF_LAYERS = frozenset({*_ADDED, *_LENGTH, "usage", "content"} - {*_FILES, *_TOKENS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Echo:
    """Details of the order that an answer repeats; they are shown on the task's page."""

    origin_model: str = ""  # the name that the gateway was asked by
    input_pictures: tuple[str, ...] = ()  # web addresses


def echo_of(layers: Iterable[Json]) -> Echo:
    """Read new-api's `properties.origin_model_name` and YEScale's `request.content[].image_url`."""
    origin, pictures = "", []
    for layer in layers:
        origin = origin or text(nested(layer, "properties").get("origin_model_name"))
        content = nested(layer, "request").get("content")
        for item in content[:_MOST_PICTURES] if isinstance(content, list) else ():
            if isinstance(item, dict):
                given = item.get("image_url")
                pictures.append(url(given.get("url") if isinstance(given, dict) else given))
    return Echo(
        origin_model=origin,
        input_pictures=tuple(dict.fromkeys(picture for picture in pictures if picture)),
    )


_MOST_PICTURES = 30  # as many as any model takes
