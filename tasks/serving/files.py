"""One saved file as an HTTP answer: from our own process, by nginx, or from S3 itself."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import Storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date
from django.utils.translation import gettext as _

from seedance_site.csp import sandbox
from tasks.models import Copy
from tasks.models.copy import Kind
from tasks.serving import ranges
from tasks.serving.names import file_name
from tasks.serving.storage import Blocks, is_local, videos
from tasks.serving.streamed import NoPlace, Streamed, no_place

logger = logging.getLogger(__name__)

VIDEO = "video/mp4"
IMAGES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
#: What is none of these is nothing a browser opens by itself.
UNKNOWN = "application/octet-stream"

#: What a player that asks for "all from here on" is given at a time, in bytes. A streamed answer
#: holds one of the web server's threads for as long as its reader is in no hurry, and a paused
#: player never is. An answer of one piece is the server's own affair at once: forty players that
#: read nothing held no thread, and a megabyte each. RFC 9110, 15.3.7 lets a server send less than
#: was asked. Chromium 156 then asks for the rest by itself: a clip of 35 MB was played, paused and
#: sought in parts of 1 MB, its index in front or at the end, and of 128 kB, and never stalled once
#: it had begun. Smaller parts cost more requests, of some 5 ms each.
PART = 1024 * 1024

#: Videos are not kept by the browser: Chromium's cache takes the first part and then asks for all
#: the rest as one closed range, which would be streamed. Its player remembers what it has read.
#: Images are few bytes and shown again and again; by the cookie, a kept one is its person's only.
KEPT_VIDEO, KEPT_IMAGE = "private, no-store", "private, max-age=3600"

#: Seconds for which a signed link to S3 works. Chromium's player follows the redirect once and asks
#: that same link for all further parts, so playing gets longer: somebody may pause for a while.
LINK_LIFE, PLAYING_LIFE = 300, 3600


@dataclass(frozen=True)
class SavedFile:
    """A file in our storage, and what the world is told of it."""

    name: str  # in the storage; made from our own ids
    content_type: str
    download_name: str
    sha256: str = ""  # "" where nobody has summed it up

    @classmethod
    def of(cls, copy: Copy) -> SavedFile:
        """The copy itself: a video or a last frame."""
        is_video = copy.kind == Kind.VIDEO
        suffix = PurePosixPath(copy.name).suffix
        return cls(
            name=copy.name,
            content_type=VIDEO if is_video else image_type(suffix),
            download_name=file_name(copy.task, suffix, "" if is_video else copy.get_kind_display()),
            sha256=copy.sha256,
        )

    @classmethod
    def poster_of(cls, copy: Copy) -> SavedFile:
        """The image shown in its video's place until it plays."""
        suffix = PurePosixPath(copy.poster).suffix
        return cls(
            name=copy.poster,
            content_type=image_type(suffix),
            download_name=file_name(copy.task, suffix, _("Poster")),
        )


def image_type(suffix: str) -> str:
    """The content type of an image with this suffix, which has its dot."""
    return IMAGES.get(suffix.lower(), UNKNOWN)


def answer(request: HttpRequest, saved: SavedFile) -> HttpResponseBase:
    """What GET and HEAD of a saved file bring; Http404 if the storage has lost it.

    `?download` in the address makes it a file to keep, under its speaking name.
    """
    storage = videos()
    disposition = content_disposition_header("download" in request.GET, saved.download_name) or ""
    if not is_local(storage):
        return guarded(_elsewhere(request, saved, storage, disposition))
    send = _by_nginx if settings.ACCEL_REDIRECT else _from_here
    try:
        response = guarded(send(request, saved, storage))
    except NoPlace:
        return guarded(no_place())
    response["Cache-Control"] = KEPT_VIDEO if saved.content_type == VIDEO else KEPT_IMAGE
    if response.status_code in (200, 206):
        response["Content-Type"] = saved.content_type
        response["Content-Disposition"] = disposition
    return response


def guarded(response: HttpResponseBase) -> HttpResponseBase:
    """Whatever is in the file, it is inert in a browser, and of use to our own pages alone."""
    sandbox(response)
    response["Cache-Control"] = KEPT_VIDEO
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _elsewhere(
    request: HttpRequest, saved: SavedFile, storage: Any, disposition: str
) -> HttpResponseBase:
    """S3 sends it itself to whoever holds this link, for as long as it lives."""
    parameters = {
        "ResponseContentDisposition": disposition,
        "ResponseContentType": saved.content_type,
    }
    life = PLAYING_LIFE if _plays(request, saved) else LINK_LIFE
    return HttpResponseRedirect(
        storage.url(saved.name, parameters=parameters, expire=life, http_method=request.method)
    )


def _plays(request: HttpRequest, saved: SavedFile) -> bool:
    return saved.content_type == VIDEO and "download" not in request.GET


def _by_nginx(request: HttpRequest, saved: SavedFile, storage: Storage) -> HttpResponseBase:
    """The empty answer that a proxy in front replaces by the file, ranges and all."""
    response = HttpResponse()
    response["X-Accel-Redirect"] = settings.ACCEL_REDIRECT + quote(saved.name)
    return response


def _from_here(request: HttpRequest, saved: SavedFile, storage: Storage) -> HttpResponseBase:
    facts = Facts.of(saved, storage)
    early = get_conditional_response(request, facts.etag, facts.modified)
    response = early or _wanted_bytes(request, saved, storage, facts)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = facts.etag
    response["Last-Modified"] = http_date(facts.modified)
    return response


@dataclass(frozen=True)
class Facts:
    """What the storage says of a file."""

    size: int  # bytes
    modified: int  # seconds since 1970
    etag: str

    @classmethod
    def of(cls, saved: SavedFile, storage: Storage) -> Facts:
        try:
            size = storage.size(saved.name)
            at = storage.get_modified_time(saved.name).timestamp()
        except FileNotFoundError:
            logger.error("%s is saved, and not in the storage", saved.name)
            raise Http404 from None
        return cls(size, int(at), f'"{saved.sha256 or f"{at:.6f}-{size}"}"')


def _wanted_bytes(
    request: HttpRequest, saved: SavedFile, storage: Storage, facts: Facts
) -> HttpResponseBase:
    if request.method == "HEAD":  # a range means something for GET only (RFC 9110, 14.2)
        return HttpResponse(headers={"Content-Length": str(facts.size)})
    try:
        span = _span(request, facts)
    except ranges.Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{facts.size}"})
    if span is None:
        return _send(storage, saved.name, ranges.Span(0, facts.size))
    response = _send(storage, saved.name, span)
    response.status_code = 206
    response["Content-Range"] = span.of(facts.size)
    return response


def _span(request: HttpRequest, facts: Facts) -> ranges.Span | None:
    if_range = request.headers.get("If-Range", "")
    if not ranges.still_the_same(if_range, facts.etag, facts.modified):
        return None
    span = ranges.asked(request.headers.get("Range", ""), facts.size)
    return span.at_most(PART) if span and _is_playing(request, span) else span


def _is_playing(request: HttpRequest, span: ranges.Span) -> bool:
    """Whoever resumes a download would take a part of the rest for all of it."""
    return span.is_open and "download" not in request.GET and "If-Range" not in request.headers


def _send(storage: Storage, name: str, span: ranges.Span) -> HttpResponseBase:
    blocks = Blocks(storage.open(name), span)
    if span.length <= PART:
        return HttpResponse(b"".join(blocks))
    try:
        return Streamed(blocks, span.length)
    except NoPlace:
        blocks.close()
        raise
