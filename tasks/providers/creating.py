"""The request that makes a task, and what its answer says. Pure; sent by whoever asks.

A create costs money and no provider knows an idempotency key, so what an answer means for
"was it made?" is decided here, once: made, surely not made, or nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.providers import ids
from tasks.providers.base import Answer, ProviderError, Trouble
from tasks.providers.reading import Json, text
from tasks.providers.trouble import body_of, is_known_code, refuse
from tasks.providers.wish import Medium, Mode, Wish

#: The request never reached anybody who could have acted on it.
NEVER_SENT = frozenset(
    {Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS, Trouble.WRONG_HOST, Trouble.UNSUPPORTED}
)
#: A refusal of which it is not certain that nothing was made before it.
DOUBTFUL_REFUSALS = frozenset({408, 409, 425})
_TASK_TYPES = {Mode.REFERENCE: "reference", Mode.EDIT: "edit", Mode.EXTEND: "extend"}


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateRequest:
    """A POST: `path` is below the credential's base URL."""

    path: str
    body: Mapping[str, Any] = field(repr=False)  # may hold whole pictures


def native_content(wish: Wish) -> list[dict[str, Any]]:
    """Ark's `content`: the words first, then every medium with its part."""
    content: list[dict[str, Any]] = []
    if wish.prompt:
        content.append({"type": "text", "text": wish.prompt})
    content += [_item(medium) for medium in wish.media]
    if wish.draft_task_id:
        content.append({"type": "draft_task", "draft_task": {"id": wish.draft_task_id}})
    return content


def _item(medium: Medium) -> dict[str, Any]:
    kind = medium.part.content_type
    return {"type": kind, kind: {"url": medium.url}, "role": str(medium.part)}


def native_fields(wish: Wish, *, has_task_type: bool) -> dict[str, Any]:
    """All that stands beside Ark's model and content."""
    fields = wish.given()
    if wish.web_search:
        fields["tools"] = [{"type": "web_search"}]
    if has_task_type and wish.mode in _TASK_TYPES:
        fields["omni_reference_task_type"] = _TASK_TYPES[wish.mode]
    return fields


def read_created(answer: Answer) -> str:
    """The new task's id; ProviderError for a refusal, and for an answer that names no task."""
    body = body_of(answer)
    remote_id = _id_of(body)
    if not remote_id or is_known_code(body.get("code")):
        refuse(answer, body)
    return remote_id


def _id_of(body: Json) -> str:
    """Ark's `id`; new-api's `task_id` beside it; either inside an envelope's `data`."""
    data = body.get("data")
    layers = (data, body) if isinstance(data, dict) else (body,)
    named = (text(layer.get(name)) for layer in layers for name in ("task_id", "id"))
    return next((found for found in named if found and ids.is_sane(found)), "")


def surely_not_made(error: ProviderError) -> bool:
    """Whether nothing can have been made, so that sending again is no second purchase.

    A provider that answered 4xx refused; one that answered 5xx, nonsense or nothing may have
    acted first. `never_sent` is the transport's word that no byte of the request left.
    """
    if error.never_sent or error.trouble in NEVER_SENT:
        return True
    status = error.status_code or 0
    return 300 <= status < 500 and status not in DOUBTFUL_REFUSALS
