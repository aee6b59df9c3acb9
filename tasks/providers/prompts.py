"""Parameters that people, and some gateways, write into the prompt as `--flags`.

volcengine.com/docs/82379/1520757, "legacy" way of passing parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tasks.providers.reading import small, whole


def _resolution(value: str) -> str | None:
    return value.lower() if re.fullmatch(r"\d{3,4}p|[24]k", value, re.IGNORECASE) else None


def _ratio(value: str) -> str | None:
    return value if re.fullmatch(r"\d{1,3}:\d{1,3}|adaptive|keep_ratio", value) else None


def _switch(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value.lower())


_RESOLUTION = ("resolution", _resolution)
_RATIO = ("ratio", _ratio)
_DURATION = ("duration", small)
_FPS = ("framespersecond", small)
_CAMERA = ("", _switch)  # taken out of the prompt; no answer has a field for it
_WATERMARK = ("", _switch)

_FLAGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "resolution": _RESOLUTION,
    "rs": _RESOLUTION,
    "ratio": _RATIO,
    "rt": _RATIO,
    "duration": _DURATION,
    "dur": _DURATION,
    "frames": ("frames", small),
    "framespersecond": _FPS,
    "fps": _FPS,
    "seed": ("seed", whole),
    "camerafixed": _CAMERA,
    "cf": _CAMERA,
    "watermark": _WATERMARK,
    "wm": _WATERMARK,
}
_FLAG = re.compile(rf"(?:^|(?<=\s))--({'|'.join(_FLAGS)})[ =]+(\S+)[ \t]*", re.IGNORECASE)


def split_flags(prompt: str) -> tuple[str, dict[str, Any]]:
    """The prompt without its flags, and what they said; nonsense is left where it was."""
    if "--" not in prompt:
        return prompt, {}
    said: dict[str, Any] = {}

    def take(found: re.Match[str]) -> str:
        name, read = _FLAGS[found[1].lower()]
        value = read(found[2])
        if value is None:
            return found[0]
        if name:
            said[name] = value
        return ""

    return _FLAG.sub(take, prompt).strip(), said
