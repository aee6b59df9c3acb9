"""The providers pretended to be, and where each lives on our one port."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One provider: base URL = http://host:port/slug + base."""

    slug: str
    dialect: str  # native, yescale, newapi
    base: str = ""
    vendor: str = ""  # whose model names are the only right ones; "" = anybody's
    generation: int = 2  # of new-api's envelope: 1 = the URL in fail_reason, cgt- ids
    trimmed: bool = False  # TokenHot's sample shows a part of the envelope only


PRESETS = (
    Preset(slug="volcengine", dialect="native", base="/api/v3", vendor="volcengine"),
    Preset(slug="byteplus", dialect="native", base="/api/v3", vendor="byteplus"),
    Preset(slug="powertokens", dialect="native", base="/byteplus/api/v3"),
    Preset(slug="dataeyes", dialect="newapi", generation=1),
    Preset(slug="tokenhot", dialect="newapi", trimmed=True),
    Preset(slug="yescale", dialect="yescale"),
    Preset(slug="native", dialect="native", base="/api/v3"),
    Preset(slug="newapi", dialect="newapi"),
)

BY_SLUG = {preset.slug: preset for preset in PRESETS}


def base_urls(origin: str) -> dict[str, str]:
    """Slug → base URL, as `GET /` answers."""
    return {preset.slug: f"{origin}/{preset.slug}{preset.base}" for preset in PRESETS}
