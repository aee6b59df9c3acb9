"""OpenRouter's videos (openrouter.ai/docs/api/api-reference/videos): one API before many sellers.

An answer names its film twice: `unsigned_urls[]` need the key, `urls[]` are signed, and only there
where OpenRouter keeps a copy of its own, until `expires_at`. Money is in `usage.cost`, in US
dollars; tokens are nowhere. The fields of a request are those of PyPI's openrouter 1.3.84.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tasks.providers.answers import Answer, ListPage, RemoteTask, VideoLink
from tasks.providers.catalog.models import ADAPTIVE, MODEL_CHOOSES, Model
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium
from tasks.providers.dialects import shapes, task_ids
from tasks.providers.dialects.creating import CreateRequest
from tasks.providers.dialects.dialect import BaseDialect
from tasks.providers.dialects.links import link_ends_at, own_stream
from tasks.providers.dialects.money import micros
from tasks.providers.dialects.reading import Json, moment, nested, url
from tasks.providers.dialects.unknown_tasks import unknown_by_404
from tasks.providers.status import Status

_VIDEOS = "/videos"
_FRAMES = frozenset({MediaRole.FIRST_FRAME, MediaRole.LAST_FRAME})


@dataclass(frozen=True, slots=True)
class OpenRouter(BaseDialect):
    """The dialect of api/v1/videos; it documents no list and no cancel."""

    forwarded_fields = frozenset(
        {*map(str, MediaRole), "resolution", "ratio", "duration", "seed", "generate_audio"}
        | {"callback_url"}
    )

    prefixes: tuple[str, ...] = ("",)
    name: str = "openrouter"
    probe_id: str = "gen-vid-1577836800-00000000000000000000"

    def task_path(self, remote_id: str) -> str:
        return f"{_VIDEOS}/{task_ids.in_path(remote_id)}"

    def content_path(self, remote_id: str) -> str:
        """Return the path of the first output, as it is documented for `unsigned_urls[]`."""
        return f"{self.task_path(remote_id)}/content"

    def create_request(self, request: GenerationRequest, model: Model) -> CreateRequest:
        """Build the POST; a choice that is left to the model has no word there and is left out."""
        scalars = request.scalars()
        body: dict[str, Any] = {"model": request.model, "prompt": request.prompt}
        if request.resolution:
            body["resolution"] = request.resolution.replace("4k", "4K")
        if request.ratio not in (None, ADAPTIVE):
            body["aspect_ratio"] = request.ratio
        if request.duration not in (None, MODEL_CHOOSES):
            body["duration"] = request.duration
        for name in ("generate_audio", "seed", "callback_url"):
            if name in scalars:
                body[name] = scalars[name]
        frames = [_part(m) | {"frame_type": str(m.part)} for m in request.media if _is_frame(m)]
        references = [_part(medium) for medium in request.media if not _is_frame(medium)]
        media = {"frame_images": frames, "input_references": references}
        body |= {name: parts for name, parts in media.items() if parts}
        return CreateRequest(path=_VIDEOS, body=body)

    def read_task(self, answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
        with unknown_by_404(answer):
            task = shapes.read_task(answer, remote_id=remote_id, base_url=base_url)
        return self._with_result(task, base_url)

    def read_page(self, answer: Answer, *, base_url: str) -> ListPage:
        page = shapes.read_page(answer, base_url=base_url)
        return replace(page, tasks=tuple(self._with_result(each, base_url) for each in page.tasks))

    def _with_result(self, task: RemoteTask, base_url: str) -> RemoteTask:
        """Add what it cost, and prefer OpenRouter's own copy, whose link needs no key.

        A link of `unsigned_urls[]` becomes the stream of the id that was asked for at the
        credential's own address: a key is never sent to a host that an answer named.
        """
        task = replace(task, **_cost(nested(task.raw, "usage")))
        if task.status is not Status.SUCCEEDED:
            return task
        copy = _first_link(task.raw.get("urls"))
        own = own_stream(self.content_path(task.id), remote_id=task.id, base_url=base_url)
        found = [own] if _first_link(task.raw.get("unsigned_urls")) else []
        if copy:
            ends_at = link_ends_at(copy) or moment(task.raw.get("expires_at"))
            found.insert(0, VideoLink(url=copy, ends_at=ends_at))
        if not found:
            return task
        first, *others = found
        return replace(
            task,
            video_url=first.url,
            video_needs_key=first.needs_key,
            link_ends_at=first.ends_at,
            other_links=tuple(others),
        )


def _part(medium: Medium) -> dict[str, Any]:
    kind = medium.part.content_type
    return {"type": kind, kind: {"url": medium.url}}


def _is_frame(medium: Medium) -> bool:
    return medium.part in _FRAMES


def _first_link(values: object) -> str:
    """Return the first web address of a list, or ""."""
    links = values if isinstance(values, list) else []
    return next((link for each in links if (link := url(each))), "")


def _cost(usage: Json) -> dict[str, Any]:
    """Read the money of an answer.

    Where the team's own key at the seller was used, the seller's bill is not in it.
    """
    cost = None if usage.get("is_byok") is True else micros(usage.get("cost"))
    return {} if cost is None else {"cost_micros": cost, "cost_currency": "USD"}
