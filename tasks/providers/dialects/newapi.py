"""new-api (github.com/QuantumNous/new-api): DataEyes, TokenHot and many more gateways.

An API key gives access to no list, no cancel and no callback of the gateway's own. A callback_url
is passed on to Ark, whose callback carries Ark's own id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.providers.catalog.models import Model
from tasks.providers.catalog.request import ALL_FIELDS, GenerationRequest, MediaRole
from tasks.providers.dialects import task_ids
from tasks.providers.dialects.creating import CreateRequest, native_content, native_fields
from tasks.providers.dialects.dialect import BaseDialect

_GENERATIONS = "/v1/video/generations"
_NOT_IN_METADATA = frozenset({"output_format", "draft_task_id"})


@dataclass(frozen=True, slots=True)
class NewApi(BaseDialect):
    """The dialect of router/video-router.go: the {code, message, data} envelope of all versions."""

    needs_prompt = True

    #: Whether Ark's `content[]` and fields stand at the top of the body, as forks of it have them.
    has_content: bool = False
    prefixes: tuple[str, ...] = (task_ids.NATIVE, task_ids.GATEWAY)
    name: str = "newapi"
    probe_id: str = "task_00000000000000000000000000000000"

    @property
    def forwarded_fields(self) -> frozenset[str]:  # type: ignore[override]
        # relay/channel/task/doubao/adaptor.go decodes metadata into a struct without these two.
        return ALL_FIELDS - ({"draft_task_id"} if self.has_content else _NOT_IN_METADATA)

    def task_path(self, remote_id: str) -> str:
        return f"{_GENERATIONS}/{task_ids.in_path(remote_id)}"

    def create_request(self, request: GenerationRequest, model: Model) -> CreateRequest:
        """Build the POST of relay_task.go: the prompt, and Ark's fields as metadata.

        A single first frame is sent as `images`, which every version of the gateway knows. More
        media are sent as Ark's own content, which replaces `images` where both are given.
        """
        if self.has_content:
            fields = native_fields(request, has_task_type=model.has_task_type)
            native = {"model": request.model, "content": native_content(request), **fields}
            return CreateRequest(path=_GENERATIONS, body=native)
        metadata = native_fields(request, has_task_type=False)
        body: dict[str, Any] = {"model": request.model, "prompt": request.prompt}
        if [medium.part for medium in request.media] == [MediaRole.FIRST_FRAME]:
            body["images"] = [request.media[0].url]
        elif request.media:
            content = native_content(request)
            metadata["content"] = [item for item in content if item["type"] != "text"]
        return CreateRequest(path=_GENERATIONS, body=body | {"metadata": metadata})

    def content_path(self, remote_id: str) -> str:
        """Return the path of the gateway's own video proxy."""
        return f"/v1/videos/{task_ids.in_path(remote_id)}/content"
