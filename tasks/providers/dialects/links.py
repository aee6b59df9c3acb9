"""Links to finished videos: where an answer has them, when they end, in which order to try them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tasks.providers.answers import VideoLink
from tasks.providers.dialects import reading
from tasks.providers.dialects.reading import Json, nested, text
from tasks.providers.dialects.task_ids import GATEWAY, NATIVE, in_path

_PICTURES = (".jpg", ".jpeg", ".png", ".webp")
_LOOPBACK = ("localhost", "127.", "0.0.0.0", "::1")
_PROXY = re.compile(r"/v1/+videos/+([^/?#]+)/+content/*(?:[?#]|$)", re.IGNORECASE)
#: TOS and S3 (X-Tos-Signature=…), OSS, COS, Azure and the usual CDNs.
_SIGNATURE = re.compile(
    r"[?&](?:x-[a-z]+-|q-)?(?:signature|sign|sig|auth_key|policy)=", re.IGNORECASE
)

#: Names of a film that was there before the gateway enhanced it.
_ORIGINALS = ("original_result_url", "original_video_url", "original_url")
_SIGNS_OF_MORE = {*_ORIGINALS, "super_resolution"}
#: Names under which an object or a list within a layer has films.
_WITHIN = (
    *("super_resolution", "video_url", "result_url", "video", "url", "output", "resultUrls"),
)
#: Places of films in a layer, Ark's own first. new-api's first generation, which had no column for
#: it, keeps the link in `fail_reason`.
_PLACES = (
    *("content", *_WITHIN, "fail_reason", "metadata", "result", "data", "resultJson"),
    *_ORIGINALS,
)
_MOST_ITEMS = 20


def link_ends_at(url: str) -> datetime | None:
    """Return the time at which a presigned link expires: its date plus its seconds (TOS and S3).

    Ark signs once, at completion. Asking again returns the same link, so this time is final.
    None for a link that is not signed, or whose parameters cannot be read.
    """
    for vendor in ("X-Tos-", "X-Amz-"):
        if vendor in url:
            return _add(_parameter(url, f"{vendor}Date="), _parameter(url, f"{vendor}Expires="))
    return None


def _parameter(url: str, name: str) -> str:
    """Return a query parameter's value, "" if it is absent; `name` ends with its "="."""
    start = url.find(name)
    if start < 1 or url[start - 1] not in "?&":
        return ""
    start += len(name)
    end = url.find("&", start)
    return url[start:] if end < 0 else url[start:end]


def _add(date: str, seconds: str) -> datetime | None:
    """Add seconds to a date like 20260228T102510Z; strptime would cost ten times as much."""
    if len(date) != 16 or date[8] != "T" or date[15] != "Z" or not 0 < len(seconds) < 10:
        return None
    try:
        year, month, day = int(date[:4]), int(date[4:6]), int(date[6:8])
        hour, minute, second = int(date[9:11]), int(date[11:13]), int(date[13:15])
        signed = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return signed + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None


def is_signed(url: str) -> bool:
    """Whether a link carries its own permission, so that it needs no key and leads to one file."""
    return bool(_SIGNATURE.search(url))


def is_picture(url: str) -> bool:
    """Whether a link's path ends like a still: a last frame among the outputs, never a film."""
    return url.partition("?")[0].lower().endswith(_PICTURES)


def film_links(layers: Sequence[Json], *, remote_id: str, base_url: str) -> tuple[VideoLink, ...]:
    """Collect the links to the film from all layers of an answer, in the order in which to try.

    `layers` go from the outermost in. Signed links come first, then the gateway's own stream under
    the id that was asked for, then the rest; what lies deeper is nearer to Ark and comes before.
    A film that the gateway enhanced was paid for, and comes before its original.
    """
    enhanced = {url for layer in layers for url in _enhanced_in(layer, remote_id)}
    found: dict[str, tuple[bool, int, VideoLink]] = {}
    for layer in reversed(layers):
        for name in _PLACES:
            for url in _urls(layer[name], remote_id) if name in layer else ():
                link = _asked_for(url, remote_id, base_url)
                rank = (url not in enhanced, _rank(link), link)
                found[link.url] = min(found.get(link.url, rank), rank, key=lambda r: r[:2])
    return tuple(link for _, _, link in sorted(found.values(), key=lambda rank: rank[:2]))


def own_stream(path: str, *, remote_id: str, base_url: str) -> VideoLink:
    """Return the link to a provider's own stream of a film; `path` is a dialect's content_path."""
    link = _asked_for(base_url.rstrip("/") + path, remote_id, base_url)
    return replace(link, needs_key=True)


def with_own_stream(found: Sequence[VideoLink], own: VideoLink) -> tuple[VideoLink, ...]:
    """Insert the gateway's own stream behind the signed links, or at the end if none is signed.

    A gateway that names an open link of its own wants that to be used, and pages can play it.
    """
    if any(link.url == own.url for link in found):
        return tuple(found)
    signed = [n for n, link in enumerate(found, start=1) if is_signed(link.url)]
    place = signed[-1] if signed else len(found)
    return (*found[:place], own, *found[place:])


def _asked_for(url: str, remote_id: str, base_url: str) -> VideoLink:
    """Return a link as it may be requested.

    new-api answers `{ServerAddress}/v1/videos/{id}/content` when it has no better link. Its
    ServerAddress is http://localhost:3000 until somebody sets it, and behind another gateway both
    address and id are that one's, which answers 404 to everybody else: so it is asked for at our
    base URL under our id alone. A key is never sent to a host that an answer named.
    """
    proxy = _PROXY.search(url)
    if proxy and proxy[1] not in (".", ".."):
        return _at_our_host(f"/v1/videos/{in_path(remote_id)}/content", base_url)
    if _is_loopback(url) and not _is_loopback(base_url):
        path = url.partition("://")[2].partition("/")[2]
        return _at_our_host(f"/{path}", base_url)
    return VideoLink(url=url, ends_at=link_ends_at(url))


def _at_our_host(path: str, base_url: str) -> VideoLink:
    return VideoLink(url=_root(base_url) + path, needs_key=True)


def _rank(link: VideoLink) -> int:
    if link.needs_key:
        return 1 if _PROXY.search(link.url) else 2
    return 0 if is_signed(link.url) else 2


def _enhanced_in(layer: Json, remote_id: str) -> Iterator[str]:
    """Yield the films of a layer that were made larger or sharper than their originals."""
    for holder in (layer, *(nested(layer, name) for name in ("metadata", "content", "output"))):
        if not _SIGNS_OF_MORE & holder.keys():
            continue
        originals = {url for name in _ORIGINALS for url in _urls(holder.get(name), remote_id)}
        if originals or holder.get("super_resolution"):
            names = ("super_resolution", "result_url", "video_url", "url")
            films = (list(_urls(holder.get(name), remote_id)) for name in names)
            yield from (url for url in next(filter(None, films), []) if url not in originals)


def _urls(value: object, remote_id: str, depth: int = 4) -> Iterator[str]:
    """Yield the links to films in a value: a link, JSON text, an object, or a list of them."""
    if isinstance(value, str):
        if link := reading.url(value):
            if not is_picture(link):
                yield link
        elif depth and value[:1] in ("{", "["):
            yield from _urls(_parsed(value), remote_id, depth - 1)
    elif isinstance(value, dict) and depth:
        if not _names_another(value, remote_id):
            for name in (*_WITHIN, *_ORIGINALS):
                if name in value:
                    yield from _urls(value[name], remote_id, depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:_MOST_ITEMS]:
            if not isinstance(item, dict) or _is_output(item):
                yield from _urls(item, remote_id, depth - 1)


def _names_another(holder: Json, remote_id: str) -> bool:
    """Whether an object has the id of another task; an `id` of whatever else may be anything."""
    ids = (text(holder.get(name)) for name in ("task_id", "id"))
    return any(each.startswith((NATIVE, GATEWAY)) and each != remote_id for each in ids)


def _parsed(value: str) -> object:
    try:
        return reading.parse(value.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _is_output(item: Json) -> bool:
    """Whether an item of a list is a film, neither one of the request's media nor another task."""
    kind = text(item.get("type"))
    is_film = not kind or "video" in kind
    return is_film and not any(name in item for name in ("role", "status", "task_id"))


def _is_loopback(url: str) -> bool:
    rest = url.partition("://")[2].lstrip("[")
    if not rest.lower().startswith(_LOOPBACK):
        return False
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host in ("localhost", "0.0.0.0", "::1"):
        return True
    numbers = host.split(".")
    return len(numbers) == 4 and numbers[0] == "127" and all(n.isdigit() for n in numbers)


def _root(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix("/v1").removesuffix("/api/v3")
