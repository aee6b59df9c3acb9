"""Links to finished videos: when they end, and which of them are a gateway's own door."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.", "0.0.0.0", "::1")
_PROXY = re.compile(r"/v1/videos/([^/?#]+)/content(?:[?#]|$)")


def link_ends_at(url: str) -> datetime | None:
    """The end of a presigned link: its date plus its seconds (TOS, and S3 alike).

    Ark signs once, at completion; asking again returns the same link, so this end is final.
    """
    for vendor in ("X-Tos-", "X-Amz-"):
        if vendor in url:
            return _end(_query(url, f"{vendor}Date="), _query(url, f"{vendor}Expires="))
    return None


def _query(url: str, name: str) -> str:
    start = url.find(name)
    if start < 1 or url[start - 1] not in "?&":
        return ""
    start += len(name)
    end = url.find("&", start)
    return url[start:] if end < 0 else url[start:end]


def _end(date: str, seconds: str) -> datetime | None:
    # 20260228T102510Z; strptime would cost ten times as much
    if len(date) != 16 or date[8] != "T" or date[15] != "Z" or not 0 < len(seconds) < 10:
        return None
    try:
        year, month, day = int(date[:4]), int(date[4:6]), int(date[6:8])
        hour, minute, second = int(date[9:11]), int(date[11:13]), int(date[13:15])
        signed = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return signed + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None


def through_gateway(url: str, base_url: str) -> tuple[str, bool]:
    """The link as we must ask for it, and whether it needs the credential's key.

    new-api answers `{ServerAddress}/v1/videos/{id}/content` when it has no better link, and
    its ServerAddress is http://localhost:3000 until somebody sets it. Such a link is put on
    the configured base URL: a key never goes to a host that an answer named.
    """
    if "/v1/videos/" in url:
        proxy = _PROXY.search(url)
        if proxy and proxy[1] not in (".", ".."):
            return f"{_root(base_url)}/v1/videos/{proxy[1]}/content", True
    if _is_loopback(url) and not _is_loopback(base_url):
        path = url.partition("://")[2].partition("/")[2]
        return f"{_root(base_url)}/{path}", True
    return url, False


def _is_loopback(url: str) -> bool:
    rest = url.partition("://")[2].lstrip("[")
    if not rest.lower().startswith(_LOOPBACK):
        return False
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "0.0.0.0", "::1") or _is_127(host)


def _is_127(host: str) -> bool:
    numbers = host.split(".")
    return len(numbers) == 4 and numbers[0] == "127" and all(part.isdigit() for part in numbers)


def _root(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix("/v1").removesuffix("/api/v3")
