"""What is said of a part: how it is, what was seen, what to do."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from urllib.parse import urlsplit

from tasks import sealing
from tasks.management.backup.make import secret_keys
from tasks.providers.redact import one_line

#: Settings whose values are secrets, or hold one.
SECRET_NAMES = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|DATABASE_URL|REDIS_URL|DAILIES_EMAIL$", re.IGNORECASE
)


class Level(StrEnum):
    OK = "ok"
    LOOK = "look"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Line:
    level: Level
    subject: str
    said: str
    advice: str = ""


ok, look, broken = (partial(Line, level) for level in Level)


def ago(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def size(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:,.1f} GB"


def without_secrets(text: str) -> str:
    """One line, without anything that we know to be secret."""
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "…")
    return one_line(text)


def _secrets() -> set[str]:
    found = {value for name, value in os.environ.items() if SECRET_NAMES.search(name)}
    found |= {urlsplit(value).password or "" for value in found if "://" in value}
    found |= set(sealing.keys_at_hand())
    found |= set(secret_keys())
    return {each for each in found if len(each) >= 4}
