"""Functions that read a provider's JSON without trusting it.

A value that is null, absent, empty or of the wrong type counts as not given. Every value that
these functions return can be stored as PostgreSQL text and JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

NOTHING: Json = {}

SHORT = 200  # names, words, codes
LONG = 8_000  # prompts, error messages
LONGEST_URL = 4_096
MOST = 2**63 - 1  # the largest value of a database's big integer

_LONGEST_TEXT = 8_192  # in the stored answer: gateways echo whole images as data: URLs
_LONGEST_KEY = 200
_DEEPEST = 64
_MILLISECONDS_FROM = 10**11  # as seconds this would be the year 5138


def parse(body: bytes) -> Any:
    """Parse a body's JSON and make it storable; raises ValueError or RecursionError."""
    value = _DECODER.decode(body.decode("utf-8", "replace").removeprefix("\ufeff"))
    return _tidy(value, _DEEPEST) if _may_be_untidy(body) else value


def parse_object(body: bytes) -> Json:
    """Parse the JSON object in a body; whatever is no object gives an empty one."""
    try:
        value = parse(body)
    except (ValueError, RecursionError):
        return NOTHING
    return value if isinstance(value, dict) else NOTHING


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 20 else digits  # int() refuses 4,301 digits


# Values that no database stores as a number (NaN, 1e400, 5,000 digits) stay text.
_DECODER = json.JSONDecoder(
    parse_constant=str, parse_float=_finite, parse_int=_integer, strict=False
)


def _may_be_untidy(body: bytes) -> bool:
    """Whether the values have to be tidied one by one.

    These byte searches take 1 µs and spare nearly every answer that work.
    """
    return (
        len(body) > _LONGEST_TEXT
        or b"\\u0000" in body
        or b"\\ud" in body
        or b"\\uD" in body
        or b"\0" in body
        or body.count(b"{") + body.count(b"[") > _DEEPEST
    )


def _tidy(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _tidy_text(value, _LONGEST_TEXT)
    if not isinstance(value, (dict, list)):
        return value
    if not depth:
        return None
    if isinstance(value, list):
        return [_tidy(item, depth - 1) for item in value]
    return {_tidy_text(key, _LONGEST_KEY): _tidy(item, depth - 1) for key, item in value.items()}


def _tidy_text(value: str, limit: int) -> str:
    """Shorten a text, and remove NUL and lone surrogates, which PostgreSQL refuses."""
    value = value[:limit].replace("\0", "")
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def nested(holder: Json, name: str) -> Json:
    """Return the object of that name, or an empty one."""
    value = holder.get(name)
    return value if isinstance(value, dict) else NOTHING


def text(value: object, limit: int = SHORT) -> str:
    """Return a text of at most `limit` characters; a number is returned as text."""
    if isinstance(value, str):
        return value if len(value) <= limit else value[:limit]
    if value is None or isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, (int, float)) else ""


def url(value: object) -> str:
    """Return a web address unchanged, or "" for anything else.

    An address that is too long is not shortened, as it would lead elsewhere.
    """
    if not isinstance(value, str) or not 10 <= len(value) <= LONGEST_URL:
        return ""
    scheme, _, rest = value.partition("://")
    if scheme not in ("https", "http") and scheme.lower() not in ("https", "http"):
        return ""
    if not (rest[:1].isalnum() or rest[:1] == "[") or " " in rest or not rest.isprintable():
        return ""
    return value


def integer(value: object) -> int | None:
    """Return a whole number, read also from 5.0, "5", "5.0" and "50%"."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) and -MOST <= value <= MOST else None


def _number(digits: str) -> int | float | None:
    if len(digits) > 40 or "_" in digits:
        return None
    digits = digits.strip().removesuffix("%")
    try:
        return int(digits)
    except ValueError:
        pass
    try:
        return float(digits)
    except ValueError:
        return None


def small_integer(value: object) -> int | None:
    """Return a whole number that fits an ordinary integer column (32 bits)."""
    number = integer(value)
    return number if number is not None and -(2**31) <= number < 2**31 else None


_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def flag(value: object) -> bool | None:
    """Return True or False, read also from "true", "False", 1 and 0."""
    if isinstance(value, bool) or value is None:
        return value
    return _FLAGS.get(text(value).strip().lower())


def moment(value: object) -> datetime | None:
    """Return a time in UTC from unix seconds, milliseconds or ISO 8601; zero means unknown."""
    if isinstance(value, str):
        return _iso(value) if "-" in value[1:] or ":" in value else moment(_number(value))
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not 0 < value <= MOST:  # false for a NaN as well
        return None
    while value >= _MILLISECONDS_FROM:
        value /= 1000
    return datetime.fromtimestamp(value, UTC)


def _iso(value: str) -> datetime | None:
    try:
        stamp = datetime.fromisoformat(value.strip())
        stamp = stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return stamp if stamp.year >= 1970 else None  # Go's zero time is in the year 1


# For example "… Request id: 0217…" (Ark) and "… (request id: 2026…)" (new-api).
_REQUEST_ID = re.compile(r"request[ _-]?id\s*[:：=]\s*([\w-]{4,128})", re.IGNORECASE)


def request_id(message: str) -> str:
    """Find the request id in a provider's error message; "" if there is none."""
    match = _REQUEST_ID.search(message) if "equest" in message else None
    return match[1] if match else ""
