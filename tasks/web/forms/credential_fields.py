"""The key and the base URL as people type them, corrected, or refused with a sentence. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tasks.providers import Provider

LONGEST_URL = 300  # characters
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")  # a name, or an IPv6 address without its brackets
_BEARER = re.compile(r"^(authorization\s*:\s*)?bearer\s+", re.IGNORECASE)


def key(text: str) -> str:
    """A provider's key as it is sent in a header. Raises ValidationError without the key in it."""
    bare = _BEARER.sub("", text.strip().strip("\"'")).strip()
    if not bare.isascii():
        raise ValidationError(
            _("A key contains only plain letters, digits and symbols. This one has other "
              "characters, perhaps from a chat or a translated page. Copy it again from the "
              "provider's console."),
            code="not_ascii",
        )  # fmt: skip
    if not all("!" <= character <= "~" for character in bare):
        raise ValidationError(
            _("This key contains a space or a line break. Copy only the key."),
            code="space_inside",
        )
    return bare


def base_url(text: str, provider: Provider) -> str:
    """The address that our paths are appended to, without those that were pasted with it.

    Raises ValidationError.
    """
    address = text.strip() or provider.base_url
    if not address:
        raise ValidationError(
            _("%(provider)s has no fixed address. Copy the base URL from its console."),
            params={"provider": _(provider.label)},
            code="required",
        )
    parts = _split(address if "://" in address else f"https://{address}")
    path = _without_our_path(parts.path, provider)
    known = urlsplit(provider.base_url)
    if not path and parts.netloc.lower() == known.netloc:
        path = known.path  # the path of a known provider belongs to its host
    url = urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, "", ""))
    if len(url) > LONGEST_URL:
        raise ValidationError(_("This address is too long."), code="max_length")
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for a port that is no number
    except ValueError:
        raise ValidationError(_("This isn't a valid address."), code="invalid") from None
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(parts.hostname or ""):
        raise ValidationError(
            _("The base URL should look like https://api.example.com."), code="invalid"
        )
    if "@" in parts.netloc:
        raise ValidationError(
            _("Don't include a name or password in the base URL. The key has its own field."),
            code="user_info",
        )
    return parts


def _without_our_path(path: str, provider: Provider) -> str:
    """The path without /v1 and what follows: we append these, so it would become /v1/v1/…"""
    segments = path.strip("/").split("/")
    ours = provider.dialect.task_path("x").strip("/").split("/")[0]
    kept = segments[: segments.index(ours)] if ours in segments else segments
    return "".join(f"/{segment}" for segment in kept if segment)
