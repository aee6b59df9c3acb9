"""One saved file as an HTTP answer: from our own process, by nginx, or from S3 itself."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn
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

from tasks.models import Copy
from tasks.models.copy import CopyKind
from tasks.web.csp import sandbox
from tasks.web.files.file_names import file_name
from tasks.web.files.ranges import (
    ByteRange,
    RangeNotSatisfiableError,
    if_range_holds,
    requested_range,
)
from tasks.web.files.storage import Blocks, bytes_of, is_local, videos
from tasks.web.files.streaming import StreamedResponse, TooManyStreamsError, too_many_streams

logger = logging.getLogger(__name__)

VIDEO = "video/mp4"
IMAGES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
#: The type of every other file, which no browser opens by itself.
UNKNOWN = "application/octet-stream"

#: Bytes that a player gets at once when it asks for "all from here on". A streamed answer holds one
#: of the web server's threads until its reader has read it all, and a paused player does not read.
#: An answer in one piece goes to the server at once: forty players that read nothing held no
#: thread, and a megabyte each. RFC 9110, 15.3.7 lets a server send less than was asked for.
#: Chromium 156 then asks for the rest by itself: a clip of 35 MB was played, paused and sought in
#: parts of 1 MB, its index in front or at the end, and of 128 kB, and never stalled once it had
#: begun. Smaller parts cost more requests, of some 5 ms each.
PART = 1024 * 1024

#: The browser does not cache videos: Chromium's cache takes the first part and then asks for all
#: the rest as one closed range, which would be streamed. Its player remembers what it has read.
#: Images are small and shown often; by the cookie, a cached one is for its own person only.
VIDEO_CACHING, IMAGE_CACHING = "private, no-store", "private, max-age=3600"
#: For an address whose content never changes, so that browsers need not ask for it again.
KEPT_FOR_EVER = "private, max-age=31536000, immutable"

#: Seconds for which a signed link to S3 works. Chromium's player follows the redirect once and asks
#: that same link for all further parts; a link for playing works longer, for somebody may pause.
LINK_LIFE, PLAYING_LIFE = 300, 3600


@dataclass(frozen=True)
class SavedFile:
    """A file in our storage, with the name and type under which it is served."""

    name: str  # in the storage; made from our own ids
    content_type: str
    download_name: str
    sha256: str = ""  # or another hash of the content; "" where it was never computed
    size: int | None = None  # bytes; None where it was never noted
    copy: int | None = None  # the id of the copy that it belongs to

    @classmethod
    def of(cls, copy: Copy) -> SavedFile:
        """The file of a copy: a video or a last frame."""
        is_video = copy.kind == CopyKind.VIDEO
        suffix = PurePosixPath(copy.name).suffix
        return cls(
            name=copy.name,
            content_type=VIDEO if is_video else image_type(suffix),
            download_name=file_name(copy.task, suffix, "" if is_video else copy.get_kind_display()),
            sha256=copy.sha256,
            size=copy.size,
            copy=copy.pk,
        )

    @classmethod
    def poster_of(cls, copy: Copy) -> SavedFile:
        """The poster of a copy: the image shown until its video plays."""
        suffix = PurePosixPath(copy.poster).suffix
        return cls(
            name=copy.poster,
            content_type=image_type(suffix),
            download_name=file_name(copy.task, suffix, _("Poster")),
            sha256=copy.poster_hash or "",
            size=copy.poster_size,
            copy=copy.pk,
        )

    @classmethod
    def sprite_of(cls, copy: Copy) -> SavedFile:
        """The sprite of a copy: the image by which one scrubs through its video."""
        return cls(
            name=copy.sprite or "",
            content_type=image_type(".webp"),
            download_name=file_name(copy.task, ".webp", _("Frames")),
            sha256=copy.sprite_hash or "",
            size=copy.sprite_size,
            copy=copy.pk,
        )

    @classmethod
    def proxy_of(cls, copy: Copy) -> SavedFile:
        """The proxy of a copy: a small version for browsers that cannot play its video."""
        return cls(
            name=copy.proxy or "",
            content_type=VIDEO,
            download_name=file_name(copy.task, ".mp4", _("Preview")),
            sha256=copy.proxy_hash or "",
            size=copy.proxy_size,
            copy=copy.pk,
        )


def is_played(saved: SavedFile) -> bool:
    """Whether it is a video or a sound, which is read in parts."""
    return saved.content_type.startswith(("video/", "audio/"))


def image_type(suffix: str) -> str:
    """The content type of an image with this suffix, which has its dot."""
    return IMAGES.get(suffix.lower(), UNKNOWN)


def answer(request: HttpRequest, saved: SavedFile) -> HttpResponseBase:
    """The answer to GET or HEAD of a saved file. Raises Http404 if it is missing or changed.

    `?download` in the address makes it a download, under its readable name.
    """
    storage = videos()
    disposition = content_disposition_header("download" in request.GET, saved.download_name) or ""
    if not is_local(storage):
        return guarded(_from_bucket(request, saved, storage, disposition))
    send = _from_nginx if settings.ACCEL_REDIRECT else _from_process
    try:
        response = guarded(send(request, saved, storage, StoredFile.of(saved, storage)))
    except TooManyStreamsError:
        return guarded(too_many_streams())
    response["Cache-Control"] = VIDEO_CACHING if is_played(saved) else IMAGE_CACHING
    if response.status_code in (200, 206):
        response["Content-Type"] = saved.content_type
        response["Content-Disposition"] = disposition
    return response


def answer_for_ever(request: HttpRequest, saved: SavedFile) -> HttpResponseBase:
    """The answer of `answer` to an address whose content never changes: browsers keep it."""
    response = answer(request, saved)
    if response.status_code in (200, 206, 304):
        response["Cache-Control"] = KEPT_FOR_EVER
    return response


def answer_preview(request: HttpRequest, saved: SavedFile) -> HttpResponseBase:
    """The answer of `answer_for_ever` for a small picture, also where the storage is a bucket.

    A redirect to a link that ends cannot be kept, so the picture is read and sent by us, once.
    """
    storage = videos()
    if is_local(storage):
        return answer_for_ever(request, saved)
    etag = f'"{saved.sha256}"'
    response = get_conditional_response(request, etag) or _whole(saved, storage)
    guarded(response)
    response["Cache-Control"], response["ETag"] = KEPT_FOR_EVER, etag
    return response


def _whole(saved: SavedFile, storage: Storage) -> HttpResponse:
    """All of a small file. Raises Http404 where the storage does not give it out."""
    try:
        content = b"".join(bytes_of(storage, saved.name))
    except Exception as error:  # whatever the library of a remote storage raises
        logger.warning("The saved file %s cannot be read: %s", saved.name, type(error).__name__)
        raise Http404 from None
    return HttpResponse(content, content_type=saved.content_type)


def guarded(response: HttpResponseBase) -> HttpResponseBase:
    """The response, inert in a browser whatever the file is, and usable by our own pages only."""
    sandbox(response)
    response["Cache-Control"] = VIDEO_CACHING
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _from_bucket(
    request: HttpRequest, saved: SavedFile, storage: Any, disposition: str
) -> HttpResponseBase:
    """A redirect to a signed link, by which S3 itself sends the file to whoever has the link."""
    parameters = {
        "ResponseContentDisposition": disposition,
        "ResponseContentType": saved.content_type,
    }
    is_long = is_played(saved) and "download" not in request.GET
    life = PLAYING_LIFE if is_long else LINK_LIFE
    return HttpResponseRedirect(
        storage.url(saved.name, parameters=parameters, expire=life, http_method=request.method)
    )


def _from_nginx(
    request: HttpRequest, saved: SavedFile, storage: Storage, stored: StoredFile
) -> HttpResponseBase:
    """An empty answer that the proxy in front replaces by the file, or by the range asked for."""
    response = HttpResponse()
    response["X-Accel-Redirect"] = settings.ACCEL_REDIRECT + quote(saved.name)
    return response


def _from_process(
    request: HttpRequest, saved: SavedFile, storage: Storage, stored: StoredFile
) -> HttpResponseBase:
    early = get_conditional_response(request, stored.etag, stored.modified)
    response = early or _wanted_bytes(request, saved, storage, stored)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = stored.etag
    response["Last-Modified"] = http_date(stored.modified)
    return response


@dataclass(frozen=True)
class StoredFile:
    """The size, time and entity tag of a file in the storage."""

    size: int  # bytes
    modified: int  # seconds since 1970
    etag: str

    @classmethod
    def of(cls, saved: SavedFile, storage: Storage) -> StoredFile:
        """Look at the file itself. Raises Http404 if it is not there with the size it was saved in.

        The archive then looks at it next, and decides: perhaps its disk is only not mounted.
        """
        try:
            found = Path(storage.path(saved.name)).stat()
        except OSError as error:
            _suspect(saved, f"not found ({error.strerror})")
        if saved.size not in (None, found.st_size):
            _suspect(saved, f"of {found.st_size} bytes instead of {saved.size}")
        # Not the SHA-256 itself, which is told only to who sees a task's details.
        tag = blake2b(saved.sha256.encode(), digest_size=16).hexdigest() if saved.sha256 else ""
        etag = tag or f"{found.st_mtime:.6f}-{found.st_size}"
        return cls(found.st_size, int(found.st_mtime), f'"{etag}"')


def _suspect(saved: SavedFile, reason: str) -> NoReturn:
    if saved.copy is None or Copy.objects.filter(pk=saved.copy).suspect():
        logger.error("The saved file %s is %s", saved.name, reason)
    raise Http404


def _wanted_bytes(
    request: HttpRequest, saved: SavedFile, storage: Storage, stored: StoredFile
) -> HttpResponseBase:
    if request.method == "HEAD":  # a range means something for GET only (RFC 9110, 14.2)
        return HttpResponse(headers={"Content-Length": str(stored.size)})
    try:
        wanted = _range_of(request, stored)
    except RangeNotSatisfiableError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{stored.size}"})
    if wanted is None:
        return _send(storage, saved.name, ByteRange(0, stored.size))
    response = _send(storage, saved.name, wanted)
    response.status_code = 206
    response["Content-Range"] = wanted.header(stored.size)
    return response


def _range_of(request: HttpRequest, stored: StoredFile) -> ByteRange | None:
    """The bytes to send; None for the whole file. Raises RangeNotSatisfiableError."""
    if_range = request.headers.get("If-Range", "")
    if not if_range_holds(if_range, stored.etag, stored.modified):
        return None
    wanted = requested_range(request.headers.get("Range", ""), stored.size)
    # A client that resumes a download would take the first part of the rest for all of it.
    is_resuming = "download" in request.GET or "If-Range" in request.headers
    return wanted.at_most(PART) if wanted and wanted.is_open and not is_resuming else wanted


def _send(storage: Storage, name: str, wanted: ByteRange) -> HttpResponseBase:
    """The bytes in one piece if they are few, else streamed. Raises TooManyStreamsError."""
    blocks = Blocks(storage.open(name), wanted)
    if wanted.length <= PART:
        return HttpResponse(b"".join(blocks))
    try:
        return StreamedResponse(blocks, wanted.length)
    except TooManyStreamsError:
        blocks.close()
        raise
