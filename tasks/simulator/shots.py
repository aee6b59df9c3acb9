"""Sample videos for a demonstration, and the create request for each at its provider."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.providers import provider
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium
from tasks.providers.dialects.creating import CreateRequest
from tasks.simulator.presets import BY_SLUG


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """One video that somebody requested `ago` seconds ago."""

    preset: str
    model: str
    prompt: str
    resolution: str = "720p"
    ratio: str = "16:9"
    duration: int = 5
    ago: int = 0
    first_frame: str = ""
    steer: str = ""  # the X-Sim-Steer header; "" leaves the task's end to chance
    options: dict[str, Any] = field(default_factory=dict)  # seed, generate_audio, service_tier …

    def path(self) -> str:
        """Return the path of the create request, below the preset's base URL."""
        if create := self._as_the_product_does():
            return create.path
        dialect = BY_SLUG[self.preset].dialect
        paths = {"newapi": "/v1/video/generations", "yescale": "/seedance/generations"}
        return paths.get(dialect, "/contents/generations/tasks")

    def body(self) -> dict[str, Any]:
        """Build the create body in the form that this provider expects."""
        if create := self._as_the_product_does():
            return dict(create.body)
        dialect = BY_SLUG[self.preset].dialect
        settings = {"resolution": self.resolution, "ratio": self.ratio, "duration": self.duration}
        settings |= self.options
        if dialect == "newapi":
            images = {"images": [self.first_frame]} if self.first_frame else {}
            return {"model": self.model, "prompt": self.prompt, "metadata": settings, **images}
        text = self.prompt
        if dialect == "yescale":  # settings are flags at the end of the prompt
            text += " " + " ".join(f"--{name} {value}" for name, value in settings.items())
            settings = {}
        content: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if self.first_frame:
            image = {"url": self.first_frame}
            content.append({"type": "image_url", "image_url": image, "role": "first_frame"})
        return {"model": self.model, "content": content, **settings}

    def _as_the_product_does(self) -> CreateRequest | None:
        """Build the create as the product's dialect does, for sellers with names of their own."""
        seller = provider(self.preset)
        if not seller.models:
            return None
        model = seller.models_by_name()[self.model]
        frames = [Medium(part=MediaRole.FIRST_FRAME, url=self.first_frame)]
        request = GenerationRequest(
            model=self.model,
            prompt=self.prompt,
            media=tuple(frames if self.first_frame else ()),
            resolution=self.resolution,
            ratio=self.ratio,
            duration=self.duration,
            **self.options,
        )
        return seller.dialect.create_request(request, model)


_FILE = Path(__file__).with_name("shots.toml")

SHOTS = tuple(
    Shot(preset=preset, **fields)
    for preset, shots in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()
    for fields in shots
)
