"""Every field that the providers' pages name has a place in RemoteTask."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tasks.providers import RemoteTask
from tests.providers.samples import NAMES, body, read

# The response tables of PowerTokens (and so Ark), YEScale, DataEyes and TokenHot.
PLACES = {
    "id": "id",
    "task_id": "id",
    "model": "model",
    "status": "status",
    "error.code": "error_code",
    "error.message": "error_message",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "content.video_url": "video_url",
    "content.last_frame_url": "last_frame_url",
    "content.file_url": "file_url",
    "seed": "seed",
    "resolution": "resolution",
    "ratio": "ratio",
    "duration": "duration",
    "frames": "frames",
    "framespersecond": "framespersecond",
    "generate_audio": "generate_audio",
    "tools.type": "tools",
    "safety_identifier": "safety_identifier",
    "priority": "priority",
    "draft": "draft",
    "draft_task_id": "draft_task_id",
    "output_format": "output_format",
    "revised_prompt": "revised_prompt",
    "service_tier": "service_tier",
    "execution_expires_after": "execution_expires_after",
    "usage.completion_tokens": "completion_tokens",
    "usage.total_tokens": "total_tokens",
    "usage.tool_usage.web_search": "web_searches",
    "request.content.text": "prompt",
    "request.model": "model",
    "request.content.image_url.url": "raw",
    "request.content.type": "raw",
    "message": "raw",  # YEScale's constant label
    "action": "action",
    "fail_reason": "error_message",  # or the video, in the first generation
    "result_url": "video_url",
    "submit_time": "created_at",
    "start_time": "started_at",
    "finish_time": "finished_at",
    "progress": "progress",
    "quota": "quota",
    "properties.upstream_model_name": "model",
    "properties.origin_model_name": "model",
    "properties.input": "prompt",
    "code": "raw",  # the envelope's own "success"
}
PAGES = ("powertokens/succeeded", "yescale/succeeded", "dataeyes/succeeded", "tokenhot/succeeded")


def paths(value: Any, prefix: str = "") -> set[str]:
    """Return the dotted names of all leaves, without the envelopes called `data`."""
    if isinstance(value, list):
        return set().union(*(paths(item, prefix) for item in value))
    if not isinstance(value, dict):
        return {prefix}
    deeper = (
        paths(item, prefix if name == "data" else f"{prefix}.{name}".strip("."))
        for name, item in value.items()
    )
    return set().union(*deeper)


@pytest.mark.parametrize("name", [*PAGES, "native/succeeded-every-field", "newapi/gen2-succeeded"])
def test_every_field_of_the_pages_has_a_place(name: str) -> None:
    internals = {"platform", "user_id", "group", "channel_id"}  # of the gateway; in `raw` only
    unplaced = {path for path in paths(body(name)) - internals if path not in PLACES}
    assert unplaced <= {"error"}  # null
    assert set(PLACES.values()) <= set(RemoteTask.__dataclass_fields__)


@pytest.mark.parametrize(
    "field", sorted(set(PLACES.values()) - {"id", "raw", "status"} | {"request_id"})
)
def test_each_place_is_filled_by_some_sample(field: str) -> None:
    names = [name for name in NAMES if not re.search("/(error-.*|list|models)$", name)]
    tasks = (read(body(name)) for name in names)
    assert any(getattr(task, field) not in (None, "", ()) for task in tasks)


@pytest.mark.parametrize("name", [*PAGES, "native/succeeded-every-field", "newapi/gen2-succeeded"])
def test_the_raw_answer_is_kept_whole(name: str) -> None:
    assert read(body(name)).raw == body(name)


def test_the_repr_of_a_task_holds_no_link() -> None:
    assert "https://" not in repr(read(body("native/succeeded-every-field")))
