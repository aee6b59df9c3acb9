"""Making a provider's words safe to log and to show."""

from __future__ import annotations

import re

_LONGEST_MESSAGE = 500

#: Begins every token that lets a provider call us back, so that one is known wherever it turns up.
CALLBACK_PREFIX = "hint_"
_CALLBACK = re.compile(CALLBACK_PREFIX + r"[\w-]{20,}", re.ASCII)
_CALLBACK_BYTES = re.compile(_CALLBACK.pattern.encode())

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


def without_callbacks(text: str) -> str:
    """Whoever knows such a token can knock: it stands in no log and on no page."""
    return _CALLBACK.sub("(token)", text) if CALLBACK_PREFIX in text else text


def without_callbacks_in(body: bytes) -> bytes:
    """The same of an answer: one that refuses an address repeats it, and answers are stored."""
    return _CALLBACK_BYTES.sub(b"(token)", body) if CALLBACK_PREFIX.encode() in body else body


def one_line(message: str) -> str:
    """A provider's words made safe to log: one bounded line, no control characters, no key."""
    message = message[: 4 * _LONGEST_MESSAGE]
    if not message.isprintable():
        message = "".join(letter if letter.isprintable() else " " for letter in message)
    message = _SECRETS.sub(lambda found: f"{found['kept'] or ''}…", " ".join(message.split()))
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"
