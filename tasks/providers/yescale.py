"""YEScale: Ark's fields, flat, with an echo of the request beside them."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.providers import ids
from tasks.providers.catalog import Model
from tasks.providers.creating import CreateRequest
from tasks.providers.dialect import AnyShape
from tasks.providers.wish import Wish

#: Its page (api-316481744) has the old way only: flags behind the prompt.
_FLAGS = {
    "resolution": "resolution",
    "duration": "duration",
    "ratio": "ratio",
    "camera_fixed": "camerafixed",
}


@dataclass(frozen=True, slots=True)
class YEScale(AnyShape):
    """im06lq19wz.apifox.cn/api-316506193; no list and no cancel are documented."""

    hands_on = frozenset({*_FLAGS, "first_frame"})

    prefixes: tuple[str, ...] = (ids.NATIVE, "")
    name: str = "yescale"
    probe_id: str = "cgt-20200101000000-aaaaa"

    def create_request(self, wish: Wish, model: Model) -> CreateRequest:
        """The words with their flags, and a picture without a role, which is the first frame."""
        pictures = [{"type": "image_url", "image_url": {"url": each.url}} for each in wish.media]
        words = {"type": "text", "text": " ".join(filter(None, [wish.prompt, *_flags(wish)]))}
        body = {"model": wish.model, "content": [words, *pictures]}
        return CreateRequest(path="/seedance/generations", body=body)

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that answers one task."""
        return f"/seedance/generations/{ids.in_path(remote_id)}"


def _flags(wish: Wish) -> list[str]:
    given = wish.given()
    return [f"--{flag} {_word(given[name])}" for name, flag in _FLAGS.items() if name in given]


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
