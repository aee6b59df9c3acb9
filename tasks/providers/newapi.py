"""new-api (github.com/QuantumNous/new-api): DataEyes, TokenHot and many more.

With an API key there is no list, no cancel and no callback of the gateway's own; one of Ark's is
handed on, and carries Ark's own id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.providers import ids
from tasks.providers.catalog import Model
from tasks.providers.creating import CreateRequest, native_content, native_fields
from tasks.providers.dialect import AnyShape
from tasks.providers.wish import EVERYTHING, Part, Wish


@dataclass(frozen=True, slots=True)
class NewApi(AnyShape):
    """router/video-router.go: the {code, message, data} envelope, in all its generations."""

    # relay/channel/task/doubao/adaptor.go decodes metadata into a struct without these.
    hands_on = EVERYTHING - {"output_format", "draft_task_id"}
    needs_prompt = True

    prefixes: tuple[str, ...] = (ids.NATIVE, ids.GATEWAY)
    name: str = "newapi"
    probe_id: str = "task_00000000000000000000000000000000"

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that answers one task."""
        return f"/v1/video/generations/{ids.in_path(remote_id)}"

    def create_request(self, wish: Wish, model: Model) -> CreateRequest:
        """relay_task.go: Ark's fields as metadata, the words apart.

        A lone first frame goes as `images`, which every generation of the gateway knows; more
        goes as Ark's own content, which replaces `images` where both are there.
        """
        metadata = native_fields(wish, has_task_type=False)
        body: dict[str, Any] = {"model": wish.model, "prompt": wish.prompt}
        if [medium.part for medium in wish.media] == [Part.FIRST_FRAME]:
            body["images"] = [wish.media[0].url]
        elif wish.media:
            content = native_content(wish)
            metadata["content"] = [item for item in content if item["type"] != "text"]
        return CreateRequest(path="/v1/video/generations", body=body | {"metadata": metadata})

    def content_path(self, remote_id: str) -> str:
        """Where the gateway streams a video itself: the last hope of a success without a link."""
        return f"/v1/videos/{ids.in_path(remote_id)}/content"
