"""Redaction of a provider's text, so that it is safe to log and to show."""

from __future__ import annotations

import re

_LONGEST_MESSAGE = 500

#: Prefix of every callback token, by which one is recognized wherever it turns up.
CALLBACK_PREFIX = "hint_"
#: Prefix of every token of our own API, which clients send and may repeat anywhere.
API_TOKEN_PREFIX = "dly_"
_API_TOKEN = re.compile(API_TOKEN_PREFIX + r"[\w-]{20,}", re.ASCII)
_CALLBACK = re.compile(CALLBACK_PREFIX + r"[\w-]{20,}", re.ASCII)
_CALLBACK_BYTES = re.compile(_CALLBACK.pattern.encode())

# Keys that a provider repeats ("Incorrect API key provided: sk-…"; Ark's own are UUIDs), and
# the parameters that give access through a presigned link.
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
    """Replace callback tokens in a text: whoever knows one can call the callback's address."""
    return _CALLBACK.sub("(token)", text) if CALLBACK_PREFIX in text else text


def without_tokens(text: str) -> str:
    """Replace tokens of our API in a text, and callback tokens."""
    text = _API_TOKEN.sub("(token)", text) if API_TOKEN_PREFIX in text else text
    return without_callbacks(text)


def without_callbacks_in(body: bytes) -> bytes:
    """Replace callback tokens in an answer's body.

    A provider that refuses a callback address repeats it, and answers are stored.
    """
    return _CALLBACK_BYTES.sub(b"(token)", body) if CALLBACK_PREFIX.encode() in body else body


def one_line(message: str) -> str:
    """Make a provider's message safe to log: one line of 500 characters at most, without control
    characters and keys.
    """
    message = message[: 4 * _LONGEST_MESSAGE]
    if not message.isprintable():
        message = "".join(letter if letter.isprintable() else " " for letter in message)
    message = _SECRETS.sub(lambda match: f"{match['kept'] or ''}…", " ".join(message.split()))
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"
