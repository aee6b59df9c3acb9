"""YEScale: Ark's fields in a flat answer, with an echo of the request beside them."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.providers.catalog.models import Model
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.dialects import task_ids
from tasks.providers.dialects.creating import CreateRequest
from tasks.providers.dialects.dialect import BaseDialect

#: Flags by field. YEScale's page (api-316481744) documents only these, written after the prompt.
_FLAGS = {
    "resolution": "resolution",
    "duration": "duration",
    "ratio": "ratio",
    "camera_fixed": "camerafixed",
}


@dataclass(frozen=True, slots=True)
class YEScale(BaseDialect):
    """The dialect of im06lq19wz.apifox.cn/api-316506193, which documents no list and no cancel."""

    forwarded_fields = frozenset({*_FLAGS, "first_frame"})

    prefixes: tuple[str, ...] = (task_ids.NATIVE, "")
    name: str = "yescale"
    probe_id: str = "cgt-20200101000000-aaaaa"

    def create_request(self, request: GenerationRequest, model: Model) -> CreateRequest:
        """Build the POST: the prompt with its flags, and a picture without a role.

        Such a picture is the first frame.
        """
        scalars = request.scalars()
        words = [request.prompt] if request.prompt else []
        for name, flag in _FLAGS.items():
            if name in scalars:
                value = scalars[name]
                word = str(value).lower() if isinstance(value, bool) else str(value)
                words.append(f"--{flag} {word}")
        content: list[dict[str, object]] = [{"type": "text", "text": " ".join(words)}]
        content += [{"type": "image_url", "image_url": {"url": m.url}} for m in request.media]
        body = {"model": request.model, "content": content}
        return CreateRequest(path="/seedance/generations", body=body)

    def task_path(self, remote_id: str) -> str:
        return f"/seedance/generations/{task_ids.in_path(remote_id)}"
