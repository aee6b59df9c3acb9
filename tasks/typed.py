"""What people type into a credential, made right or refused with a sentence. Pure."""

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
    """A provider's key as it goes into a header. The error never repeats what was typed."""
    bare = _BEARER.sub("", text.strip().strip("\"'")).strip()
    if not bare.isascii():
        raise ValidationError(
            _("A key has plain letters, digits and signs only; this has others in it, perhaps "
              "from a chat or a translated page. Copy it again from the provider's console."),
            code="not_ascii",
        )  # fmt: skip
    if not all("!" <= character <= "~" for character in bare):
        raise ValidationError(
            _("There is a space or a line break inside this key. Copy the key alone."),
            code="space_inside",
        )
    return bare


def base_url(text: str, provider: Provider) -> str:
    """The address our paths are appended to; without those that were pasted along with it."""
    typed = text.strip() or provider.base_url
    if not typed:
        raise ValidationError(
            _("%(provider)s has no fixed address: copy the base URL from its console."),
            params={"provider": _(provider.label)},
            code="required",
        )
    parts = _split(typed if "://" in typed else f"https://{typed}")
    path = _without_our_path(parts.path, provider) or _own_path(parts, provider)
    url = urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, "", ""))
    if len(url) > LONGEST_URL:
        raise ValidationError(_("This address is too long."), code="max_length")
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is none
    except ValueError:
        raise ValidationError(_("This is not an address."), code="invalid") from None
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(parts.hostname or ""):
        raise ValidationError(_("The base URL is like https://api.example.com."), code="invalid")
    if "@" in parts.netloc:
        raise ValidationError(
            _("No name or password in the base URL, please: the key has a field of its own."),
            code="user_info",
        )
    return parts


def _without_our_path(path: str, provider: Provider) -> str:
    """/v1 and what follows it is ours to add; leaving it would ask for /v1/v1/…"""
    segments = path.strip("/").split("/")
    ours = provider.dialect.task_path("x").strip("/").split("/")[0]
    kept = segments[: segments.index(ours)] if ours in segments else segments
    return "".join(f"/{segment}" for segment in kept if segment)


def _own_path(parts: SplitResult, provider: Provider) -> str:
    """A known provider's host alone lacks the path that belongs to it."""
    known = urlsplit(provider.base_url)
    return known.path if parts.netloc.lower() == known.netloc else ""
