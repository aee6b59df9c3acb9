"""Parameters that people and some gateways write into the prompt as `--flags`.

volcengine.com/docs/82379/1520757 describes this as the "legacy" way of passing parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tasks.providers.dialects.reading import integer, small_integer


def _resolution(value: str) -> str | None:
    return value.lower() if re.fullmatch(r"\d{3,4}p|[24]k", value, re.IGNORECASE) else None


def _ratio(value: str) -> str | None:
    return value if re.fullmatch(r"\d{1,3}:\d{1,3}|adaptive|keep_ratio", value) else None


def _switch(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value.lower())


_RESOLUTION = ("resolution", _resolution)
_RATIO = ("ratio", _ratio)
_DURATION = ("duration", small_integer)
_FPS = ("framespersecond", small_integer)
_CAMERA = ("", _switch)  # removed from the prompt; no answer has a field for it
_WATERMARK = ("", _switch)

_FLAGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "resolution": _RESOLUTION,
    "rs": _RESOLUTION,
    "ratio": _RATIO,
    "rt": _RATIO,
    "duration": _DURATION,
    "dur": _DURATION,
    "frames": ("frames", small_integer),
    "framespersecond": _FPS,
    "fps": _FPS,
    "seed": ("seed", integer),
    "camerafixed": _CAMERA,
    "cf": _CAMERA,
    "watermark": _WATERMARK,
    "wm": _WATERMARK,
}
_FLAG = re.compile(rf"(?:^|(?<=\s))--({'|'.join(_FLAGS)})[ =]+(\S+)[ \t]*", re.IGNORECASE)


def split_flags(prompt: str) -> tuple[str, dict[str, Any]]:
    """Return the prompt without its flags, and their values by field name.

    A flag whose value cannot be read stays in the prompt.
    """
    if "--" not in prompt:
        return prompt, {}
    values: dict[str, Any] = {}

    def remove(match: re.Match[str]) -> str:
        name, read = _FLAGS[match[1].lower()]
        value = read(match[2])
        if value is None:
            return match[0]
        if name:
            values[name] = value
        return ""

    return _FLAG.sub(remove, prompt).strip(), values
