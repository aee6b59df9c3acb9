"""The providers that the simulator imitates, and where each one lives on its single port."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One imitated provider; its base URL is http://host:port/slug + base."""

    slug: str
    dialect: str  # native, yescale, newapi, openrouter, predictions
    base: str = ""
    vendor: str = ""  # the vendor whose model names alone are accepted; "" accepts any
    generation: int = 2  # of new-api's envelope; 1 has the URL in fail_reason and cgt- ids
    trimmed: bool = False  # only the part of the envelope that TokenHot's sample shows
    has_content: bool = False  # a fork of new-api with Ark's content at the top of the body


PRESETS = (
    Preset(slug="volcengine", dialect="native", base="/api/v3", vendor="volcengine"),
    Preset(slug="byteplus", dialect="native", base="/api/v3", vendor="byteplus"),
    Preset(slug="powertokens", dialect="native", base="/byteplus/api/v3"),
    Preset(slug="dataeyes", dialect="newapi", generation=1),
    Preset(slug="tokenhot", dialect="newapi", trimmed=True),
    Preset(slug="yescale", dialect="yescale"),
    Preset(slug="openrouter", dialect="openrouter", base="/api/v1"),
    Preset(slug="wavespeed", dialect="predictions", base="/api/v3"),
    Preset(slug="atlascloud", dialect="predictions", base="/api/v1"),
    Preset(slug="anyfast", dialect="newapi", has_content=True),
    Preset(slug="native", dialect="native", base="/api/v3"),
    Preset(slug="newapi", dialect="newapi"),
)

BY_SLUG = {preset.slug: preset for preset in PRESETS}


def base_urls(origin: str) -> dict[str, str]:
    """Map each slug to its base URL, as `GET /` answers."""
    return {preset.slug: f"{origin}/{preset.slug}{preset.base}" for preset in PRESETS}
