"""Recognition of the provider that a credential belongs to, where another one was chosen. Pure.

An address that is another provider's tells most; then the shape of an answer; then that of the
key, where the chosen provider's keys have another. Nothing is recognized that fits the choice, and
at its own address a provider may answer as it likes.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tasks.providers.answers import Answer, Trouble
from tasks.providers.base import Provider
from tasks.providers.dialects.reading import Json, parse_object, text
from tasks.providers.registry import PROVIDERS, provider

#: Kinds of trouble that a wrong provider may be the reason of.
TELLING = frozenset(
    {Trouble.UNAUTHORIZED, Trouble.FORBIDDEN, Trouble.BAD_ADDRESS, Trouble.BAD_REQUEST}
    | {Trouble.MALFORMED, Trouble.NOT_JSON, Trouble.WRONG_TASK}
)
#: `error.type` at Ark: the words of an HTTP status in one (volcengine.com/docs/82379/1299023).
_ARK_TYPES = frozenset(
    ("BadRequest", "Unauthorized", "Forbidden", "NotFound", "Conflict", "TooManyRequests")
)
_GATEWAY_CODES = frozenset(("task_not_exist", "task_not_found", "insufficient_user_quota"))
#: What a dialect hands on of Ark's own answers says nothing of the address.
_HANDED_ON = frozenset({("native", "yescale")})
_GENERIC = {"native": "native", "newapi": "newapi", "openrouter": "openrouter"}


def recognize(
    chosen: Provider, *, base_url: str, key: str = "", answer: Answer | None = None
) -> Provider | None:
    """Return the provider that address, answer and key speak for; None where none does."""
    at_address = by_address(base_url)
    if at_address and at_address.dialect.name != chosen.dialect.name:
        return at_address
    family = _family(parse_object(answer.body)) if answer and at_address is None else ""
    if family not in ("", chosen.dialect.name) and (family, chosen.dialect.name) not in _HANDED_ON:
        return provider(_GENERIC[family])
    is_foreign = chosen.key_pattern and key and not _matches(chosen, key)
    return by_key(key) if is_foreign else None


def by_address(base_url: str) -> Provider | None:
    """Return the provider whose own host this is."""
    host = urlsplit(base_url).netloc.lower()
    known = (each for each in PROVIDERS if each.base_url)
    return next((each for each in known if urlsplit(each.base_url).netloc == host), None)


def by_key(key: str) -> Provider | None:
    """Return the first provider whose keys look like this one."""
    return next((each for each in PROVIDERS if each.key_pattern and _matches(each, key)), None)


def _matches(each: Provider, key: str) -> bool:
    return bool(re.match(each.key_pattern, key, re.IGNORECASE))


def _family(body: Json) -> str:
    """Return the dialect that a refusal is written in; "" where several write like this."""
    error = body.get("error")
    if isinstance(error, dict):
        return _family_of_error(error)
    if text(body.get("code")) in _GATEWAY_CODES and "data" in body:
        return "newapi"
    return ""


def _family_of_error(error: Json) -> str:
    kind, message = text(error.get("type")), text(error.get("message"))
    if kind in _ARK_TYPES and text(error.get("code")) and "Request id:" in message:
        return "native"
    if kind == "new_api_error" or message.startswith("Invalid URL ("):
        return "newapi"
    if type(error.get("code")) is int and message and set(error) <= {"code", "message", "metadata"}:
        return "openrouter"
    return ""
