"""Generation requests for tests: plain ones, and any that a form could hold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tasks.providers.catalog.models import ADAPTIVE, MODELS, RATIOS
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium, Mode

PICTURE = "https://images.example.com/still.jpg"
URLS = {"image": PICTURE, "video": "https://images.example.com/take.mp4", "audio": "asset://score"}


def medium(role: MediaRole) -> Medium:
    return Medium(part=role, url=URLS[role.content_type.removesuffix("_url")])


def generation(model: str = "doubao-seedance-2-0-260128", **fields: Any) -> GenerationRequest:
    """Make a request with these fields; `parts` are the roles of its media."""
    parts = fields.pop("parts", ())
    usual: dict[str, Any] = {"prompt": "A paper boat on a canal, dusk"}
    return GenerationRequest(
        model=model, media=tuple(medium(MediaRole(part)) for part in parts), **usual | fields
    )


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


any_generation = st.builds(
    generation,
    st.sampled_from([f"doubao-{model.name}" for model in MODELS]),
    prompt=st.sampled_from(["", "A paper boat on a canal, dusk", "纸船漂过运河"]),
    mode=st.sampled_from(Mode),
    parts=st.lists(st.sampled_from(MediaRole), max_size=5),
    draft_task_id=st.sampled_from(["", "cgt-20261120120000-draft"]),
    resolution=_maybe(st.sampled_from(["480p", "720p", "1080p", "4k", "8k"])),
    ratio=_maybe(st.sampled_from([*RATIOS, ADAPTIVE, "5:4"])),
    duration=_maybe(st.integers(-1, 31)),
    frames=_maybe(st.integers(25, 293)),
    seed=_maybe(st.sampled_from([-2, -1, 0, 11, 2**32 - 1, 2**32])),
    generate_audio=_maybe(st.booleans()),
    camera_fixed=_maybe(st.booleans()),
    watermark=_maybe(st.booleans()),
    return_last_frame=_maybe(st.booleans()),
    service_tier=_maybe(st.sampled_from(["default", "flex", "fast"])),
    priority=_maybe(st.integers(-1, 10)),
    execution_expires_after=_maybe(st.sampled_from([60, 3600, 259_200, 259_201])),
    web_search=_maybe(st.booleans()),
    draft=_maybe(st.booleans()),
    output_format=_maybe(st.sampled_from(["mp4", "mov", "gif"])),
    safety_identifier=_maybe(st.sampled_from(["a" * 64, "a" * 65])),
)
