"""The create request and its answer. Pure; the request is sent elsewhere.

A create costs money, and no provider supports idempotency keys. So it is decided here, once, what
an answer means: the task was created, it was surely not created, or nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.providers.answers import Answer, ProviderError, Trouble
from tasks.providers.catalog.request import GenerationRequest, Mode
from tasks.providers.dialects import task_ids
from tasks.providers.dialects.errors import body_of, is_known_code, refuse
from tasks.providers.dialects.reading import text

#: Kinds of errors that are found before anything is sent.
NEVER_SENT = frozenset(
    {Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS, Trouble.WRONG_HOST, Trouble.UNSUPPORTED}
)
#: Refusals (4xx) that leave it open whether a task was created first.
AMBIGUOUS_STATUSES = frozenset({408, 409, 425})
_TASK_TYPES = {Mode.REFERENCE: "reference", Mode.EDIT: "edit", Mode.EXTEND: "extend"}


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateRequest:
    """A POST with a JSON body; `path` is below the credential's base URL."""

    path: str
    body: Mapping[str, Any] = field(repr=False)  # may contain whole pictures


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRequest:
    """The request for one page of a list: a GET, or a POST where it has a JSON body."""

    path: str  # below the credential's base URL
    body: Mapping[str, Any] | None = None


def native_content(request: GenerationRequest) -> list[dict[str, Any]]:
    """Build Ark's `content`: the prompt, then every medium with its role, then the draft."""
    content: list[dict[str, Any]] = []
    if request.prompt:
        content.append({"type": "text", "text": request.prompt})
    for medium in request.media:
        kind = medium.part.content_type
        content.append({"type": kind, kind: {"url": medium.url}, "role": str(medium.part)})
    if request.draft_task_id:
        content.append({"type": "draft_task", "draft_task": {"id": request.draft_task_id}})
    return content


def native_fields(request: GenerationRequest, *, has_task_type: bool) -> dict[str, Any]:
    """Build the fields that stand beside Ark's `model` and `content`."""
    fields = request.scalars()
    if request.web_search:
        fields["tools"] = [{"type": "web_search"}]
    if has_task_type and request.mode in _TASK_TYPES:
        fields["omni_reference_task_type"] = request.task_type or _TASK_TYPES[request.mode]
    return fields


def read_created(answer: Answer) -> str:
    """Return the new task's id; raise ProviderError for a refusal or an answer without an id."""
    body = body_of(answer)
    # Ark has `id`, new-api `task_id`; either may be inside an envelope's `data`.
    data = body.get("data")
    layers = (data, body) if isinstance(data, dict) else (body,)
    ids = (text(layer.get(name)) for layer in layers for name in ("task_id", "id"))
    remote_id = next((each for each in ids if each and task_ids.is_sane(each)), "")
    if not remote_id or is_known_code(body.get("code")):
        refuse(answer, body)
    return remote_id


def surely_not_created(error: ProviderError) -> bool:
    """Whether no task can have been created, so that sending again is no second purchase.

    A provider that answered 4xx refused the request; one that answered 5xx, nonsense or nothing
    may have acted on it first. The transport sets `never_sent` where no byte of the request left.
    """
    if error.never_sent or error.trouble in NEVER_SENT:
        return True
    status = error.status_code or 0
    return 300 <= status < 500 and status not in AMBIGUOUS_STATUSES
