"""One video that somebody asks for, as each provider wants to be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tasks.simulator.presets import BY_SLUG


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """One video somebody asked for, `ago` seconds ago."""

    preset: str
    model: str
    prompt: str
    resolution: str = "720p"
    ratio: str = "16:9"
    duration: int = 5
    ago: int = 0
    first_frame: str = ""
    wish: str = ""  # how it ends, where that is not left to chance
    options: dict[str, Any] = field(default_factory=dict)  # seed, generate_audio, service_tier …

    def path(self) -> str:
        """Below the preset's base URL."""
        dialect = BY_SLUG[self.preset].dialect
        paths = {"newapi": "/v1/video/generations", "yescale": "/seedance/generations"}
        return paths.get(dialect, "/contents/generations/tasks")

    def body(self) -> dict[str, Any]:
        """The create body as this provider wants it."""
        dialect = BY_SLUG[self.preset].dialect
        if dialect == "newapi":
            return self._gateway_body()
        return self._flagged_body() if dialect == "yescale" else self._native_body()

    def _settings(self) -> dict[str, Any]:
        shape = {"resolution": self.resolution, "ratio": self.ratio, "duration": self.duration}
        return shape | self.options

    def _pictures(self) -> list[dict[str, Any]]:
        image = {"type": "image_url", "image_url": {"url": self.first_frame}}
        return [image | {"role": "first_frame"}] if self.first_frame else []

    def _native_body(self) -> dict[str, Any]:
        content = [{"type": "text", "text": self.prompt}, *self._pictures()]
        return {"model": self.model, "content": content, **self._settings()}

    def _gateway_body(self) -> dict[str, Any]:
        images = {"images": [self.first_frame]} if self.first_frame else {}
        return {
            "model": self.model,
            "prompt": self.prompt,
            "metadata": self._settings(),
            **images,
        }

    def _flagged_body(self) -> dict[str, Any]:
        flags = " ".join(f"--{name} {value}" for name, value in self._settings().items())
        text = {"type": "text", "text": f"{self.prompt} {flags}"}
        return {"model": self.model, "content": [text, *self._pictures()]}
