"""The result of one check: how bad it is, what was found, what to do; never a secret."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from urllib.parse import urlsplit

from tasks import encryption
from tasks.management.encrypted_secrets import secret_keys
from tasks.providers.redact import one_line

#: Settings whose values are secrets, or hold one.
SECRET_NAMES = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|DATABASE_URL|REDIS_URL|DAILIES_EMAIL$", re.IGNORECASE
)


class Level(StrEnum):
    """The severity of a result."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """The result of one check, as one line of the report and an advice below it."""

    level: Level
    subject: str
    text: str
    advice: str = ""


ok, warning, broken = (partial(DoctorResult, level) for level in Level)


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
    secrets = {value for name, value in os.environ.items() if SECRET_NAMES.search(name)}
    secrets |= {urlsplit(value).password or "" for value in secrets if "://" in value}
    secrets |= {*encryption.keys_at_hand(), *secret_keys()}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, "…")
    return one_line(text)
