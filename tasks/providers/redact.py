"""Making a provider's words safe to log and to show."""

from __future__ import annotations

import re

_LONGEST_MESSAGE = 500

# Keys that a provider repeats ("Incorrect API key provided: sk-…"; Ark's own are UUIDs), and
# the parts of a presigned link that make it one.
_SECRETS = re.compile(
    r"(?P<kept>\bbearer\s+"
    r"|\bapi[ _-]?key[\"']?\s*[:=]\s*[\"']?"
    r"|\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer\s+)?"
    r"|[?&]x-(?:tos|amz)-(?:signature|credential|security-token)=)[^\s\"',;&]+"
    r"|\bsk-[\w*.-]{4,}"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    re.IGNORECASE,
)


def one_line(message: str) -> str:
    """A provider's words made safe to log: one bounded line, no control characters, no key."""
    message = message[: 4 * _LONGEST_MESSAGE]
    if not message.isprintable():
        message = "".join(letter if letter.isprintable() else " " for letter in message)
    message = _SECRETS.sub(lambda found: f"{found['kept'] or ''}…", " ".join(message.split()))
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"
