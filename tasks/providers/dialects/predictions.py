"""Predictions: WaveSpeed and Atlas Cloud, whose answers have one form and whose paths differ.

wavespeed.ai/docs/get-result, wavespeed.ai/docs/docs-common-api/predictions and
atlascloud.ai/docs/en/predictions: an envelope {code, message, data}, films in `data.outputs[]`.
Neither tokens nor money are in an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.providers.answers import Answer, ListPage, RemoteTask
from tasks.providers.catalog.models import ADAPTIVE, MODEL_CHOOSES, Model
from tasks.providers.catalog.request import GenerationRequest, MediaRole
from tasks.providers.dialects import shapes, task_ids
from tasks.providers.dialects.creating import CreateRequest, PageRequest
from tasks.providers.dialects.dialect import BaseDialect
from tasks.providers.dialects.links import is_picture, link_ends_at
from tasks.providers.dialects.reading import nested, url
from tasks.providers.dialects.unknown_tasks import unknown_by_404
from tasks.providers.status import Status

_LARGEST_PAGE = 100
_WAYS = ("/text-to-video", "/image-to-video", "/reference-to-video")
_SINGLE = {MediaRole.FIRST_FRAME: "image", MediaRole.LAST_FRAME: "last_image"}
_SEVERAL = {
    MediaRole.REFERENCE_IMAGE: "reference_images",
    MediaRole.REFERENCE_VIDEO: "reference_videos",
    MediaRole.REFERENCE_AUDIO: "reference_audios",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Predictions(BaseDialect):
    """The dialect of one such provider: its paths below the base URL, and names of its fields.

    `{model}` and `{id}` stand for the model's name and the prediction's id. A create path without
    `{model}` has it in the body.
    """

    needs_prompt = True

    create: str
    get: str
    pages: str = ""  # "": it documents no list
    #: Names under which settings are sent, by Ark's; what is missing here is not forwarded.
    fields: Mapping[str, str]
    prefixes: tuple[str, ...] = ("",)
    name: str = "predictions"
    probe_id: str = "00000000000000000000000000000000"

    @property
    def forwarded_fields(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({*self.fields, *map(str, MediaRole)})

    def task_path(self, remote_id: str) -> str:
        return self.get.format(id=task_ids.in_path(remote_id))

    def create_request(self, request: GenerationRequest, model: Model) -> CreateRequest:
        """Build the POST to the model's own way: from text and references, or from a picture."""
        name = _named_way(request)
        path = self.create.format(model="/".join(map(task_ids.in_path, name.split("/"))))
        body: dict[str, Any] = {} if "{model}" in self.create else {"model": name}
        body["prompt"] = request.prompt
        settings = request.scalars() | ({"web_search": True} if request.web_search else {})
        for ours, theirs in self.fields.items():
            value = settings.get(ours)
            is_left_to_the_model = (ours, value) in (
                ("ratio", ADAPTIVE),
                ("duration", MODEL_CHOOSES),
            )
            if value is not None and not is_left_to_the_model:
                body[theirs] = value
        for medium in request.media:
            if single := _SINGLE.get(medium.part):
                body[single] = medium.url
            else:
                body.setdefault(_SEVERAL[medium.part], []).append(medium.url)
        return CreateRequest(path=path, body=body)

    def page_request(self, page: int, *, size: int, service_tier: str = "") -> PageRequest | None:
        """Return the POST of one page, the newest predictions first; there are no tiers."""
        if not self.pages or service_tier:
            return None
        body = {"page": page, "page_size": min(size, _LARGEST_PAGE)}
        return PageRequest(path=self.pages, body=body)

    def read_task(self, answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
        with unknown_by_404(answer):
            task = shapes.read_task(answer, remote_id=remote_id, base_url=base_url)
        return _with_outputs(task)

    def read_page(self, answer: Answer, *, base_url: str) -> ListPage:
        page = shapes.read_page(answer, base_url=base_url)
        return replace(page, tasks=tuple(map(_with_outputs, page.tasks)))


def _named_way(request: GenerationRequest) -> str:
    """Return the model's name with the way behind it, unless the name has one already."""
    if request.model.endswith("-to-video"):
        return request.model
    has_frame = request.count(MediaRole.FIRST_FRAME)
    return request.model + ("/image-to-video" if has_frame else "/text-to-video")


def _with_outputs(task: RemoteTask) -> RemoteTask:
    """Add the film among the outputs, and a last frame where there is one; name the model alone."""
    raw = nested(task.raw, "data") or task.raw
    name = next((task.model.removesuffix(w) for w in _WAYS if task.model.endswith(w)), task.model)
    task = replace(task, model=name)
    outputs = raw.get("outputs")
    if task.status is not Status.SUCCEEDED or not isinstance(outputs, list) or task.video_url:
        return task
    links = [link for each in outputs if (link := url(each))]
    pictures = [each for each in links if is_picture(each)]
    film = next((each for each in links if each not in pictures), "")
    return replace(
        task,
        video_url=film,
        link_ends_at=link_ends_at(film),
        last_frame_url=task.last_frame_url or next(iter(pictures), ""),
    )
