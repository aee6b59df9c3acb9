"""The clips, their signed links, and the file server that sends them.

Links are made as TOS makes them: X-Tos-Date (UTC) + X-Tos-Expires is the end, the link is signed
once, when the task ends, and a changed byte breaks it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl

from tasks.providers.catalog.models import FPS
from tasks.simulator.faults import ERROR_PAGE, break_off, drip
from tasks.simulator.loops import of_length
from tasks.simulator.messages import Reply, Request, as_html
from tasks.simulator.records import Record, hash_of

CLIPS = Path(__file__).parent / "clips"
CLIP_FRAMES = 120  # of each; a video of five seconds is one of them as it is

#: Names of the clips for each ratio; the task's id chooses among several.
CLIPS_BY_RATIO = {
    "16:9": ("aurora", "dunes", "sea"),
    "9:16": ("city",),
    "3:4": ("city",),
    "1:1": ("ink",),
    "4:3": ("lanterns",),
    "21:9": ("mist",),
}

_SECRET = b"a pretend provider keeps no secrets"
_CREDENTIAL = "AKLTsimulated%2F{day}%2Fcn-beijing%2Ftos%2Frequest"
_PATH = re.compile(r"^/[\w.-]+/[\w.-]+/(?P<stem>\w+?)(_last_frame)?\.(?P<kind>mp4|mov|jpeg)$")
_SIGNATURE = re.compile(r"&X-Tos-Signature=([0-9a-f]{64})(?=&|$)")
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


@lru_cache(maxsize=32)
def clip(name: str, suffix: str) -> bytes:
    """Read a clip (mp4) or its last frame (jpg)."""
    return (CLIPS / f"{name}.{suffix}").read_bytes()


def clip_name(record: Record) -> str:
    """Choose the clip that a task's video shows."""
    names = CLIPS_BY_RATIO.get(record.order.ratio, CLIPS_BY_RATIO["16:9"])
    return names[hash_of(record.id) % len(names)]


def video(record: Record) -> bytes:
    """Return the task's clip as long as it was ordered, with the display size that was.

    The picture inside is smaller and repeats, so that the files stay small; players scale it.
    """
    order = record.order
    frames = order.frames or order.duration * FPS + 1
    frames = CLIP_FRAMES if frames == CLIP_FRAMES + 1 else frames
    return _film(clip_name(record), order.size, frames)


def sized_clip(name: str, size: tuple[int, int] | None) -> bytes:
    """Read a clip, with this display size in its header."""
    return _film(name, size, CLIP_FRAMES) if size else clip(name, "mp4")


@lru_cache(maxsize=64)
def _film(name: str, size: tuple[int, int], frames: int) -> bytes:
    data = clip(name, "mp4")
    return _with_display_size(data if frames == CLIP_FRAMES else of_length(data, frames), size)


def _with_display_size(film: bytes, size: tuple[int, int]) -> bytes:
    """Set width and height: the last eight bytes of the picture track's header, 16.16 each."""
    data = bytearray(film)
    for match in re.finditer(b"tkhd", bytes(data)):
        start = match.start() - 4
        end = start + int.from_bytes(data[start : start + 4])
        if any(data[end - 8 : end]):  # zero in a sound track
            data[end - 8 : end] = struct.pack(">HHHH", size[0], 0, size[1], 0)
    return bytes(data)


def video_path(record: Record) -> str:
    """Return the path of the file at TOS: bucket, model, request id."""
    return f"{_folder(record)}/{record.stem}.{record.order.output_format or 'mp4'}"


def last_frame_path(record: Record) -> str:
    return f"{_folder(record)}/{record.stem}_last_frame.jpeg"


def _folder(record: Record) -> str:
    family = re.sub(r"-\d{6}$", "", record.order.model)
    return f"/ark-acg-cn-beijing/{re.sub(r'[^A-Za-z0-9.-]', '-', family)}"


def signed(path: str, *, origin: str, at: float, life: int) -> str:
    """Make a link to a file that is valid from `at` (Unix time) for `life` seconds."""
    date = datetime.fromtimestamp(int(at), UTC).strftime("%Y%m%dT%H%M%SZ")
    query = (
        f"X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Credential={_CREDENTIAL.format(day=date[:8])}"
        f"&X-Tos-Date={date}&X-Tos-Expires={life}"
    )
    signature = _signature(path, f"{query}&X-Tos-SignedHeaders=host")
    return f"{origin}{path}?{query}&X-Tos-Signature={signature}&X-Tos-SignedHeaders=host"


def _signature(path: str, query: str) -> str:
    """Sign every byte of the link except its host and the signature itself."""
    return hmac.new(_SECRET, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()


def video_url(record: Record, origin: str) -> str:
    """Make the link to a succeeded task's video."""
    times = record.timeline
    return signed(video_path(record), origin=origin, at=times.ends_at, life=times.link_life)


def last_frame_url(record: Record, origin: str) -> str:
    times = record.timeline
    return signed(last_frame_path(record), origin=origin, at=times.ends_at, life=times.link_life)


def link_error(path: str, query: str, now: float) -> str:
    """Return the TOS error code that this link answers with; "" where it is valid."""
    match = _SIGNATURE.search(query)
    expected = _signature(path, _SIGNATURE.sub("", query))
    if not match or not hmac.compare_digest(expected, match[1]):
        return "SignatureDoesNotMatch"
    parameters = dict(parse_qsl(query))
    signed_at = datetime.strptime(parameters["X-Tos-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ends_at = signed_at.timestamp() + int(parameters["X-Tos-Expires"])
    return "" if now < ends_at else "RequestExpired"


def answer(request: Request, record: Record | None) -> Reply:
    """Answer a GET or HEAD as TOS does; `record` is the task whose file this is.

    A video fails in the way that its task's prompt asks for with `sim:media=…`.
    """
    match = _PATH.match(request.path)
    error = link_error(request.path, request.query, request.now) if match else "NoSuchKey"
    if not match or error or record is None:
        return tos_error(error or "NoSuchKey", request)
    if match["kind"] == "jpeg":
        return serve(clip(clip_name(record), "jpg"), "image/jpeg", request.headers)
    fault = record.order.steering().get("media", "")
    codes = {"403": "AccessDenied", "404": "NoSuchKey", "500": "InternalError", "503": "SlowDown"}
    if fault in codes:
        return tos_error(codes[fault], request)
    if fault == "html":
        return as_html(ERROR_PAGE)
    if fault == "empty":
        return Reply(headers=(("Content-Type", "video/mp4"),))
    return serve(video(record), "video/mp4", request.headers, fault=fault)


def stem_of(path: str) -> str:
    """Read the name of the requested file, without its suffix."""
    match = _PATH.match(path)
    return match["stem"] if match else ""


def tos_error(code: str, request: Request) -> Reply:
    """Build an error in the XML form of object stores."""
    statuses = {"NoSuchKey": 404, "InternalError": 500, "SlowDown": 503}
    texts = {
        "NoSuchKey": "The specified key does not exist.",
        "RequestExpired": "Request has expired.",
        "SignatureDoesNotMatch": "The request signature we calculated does not match the "
        "signature you provided.",
    }
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
        f"<Code>{code}</Code><Message>{texts.get(code, code)}</Message>"
        f"<RequestId>{request.request_id}</RequestId></Error>"
    )
    return Reply(
        status=statuses.get(code, 403),
        body=xml.encode(),
        headers=(("Content-Type", "application/xml"), ("x-tos-request-id", request.request_id)),
    )


@dataclass(frozen=True)
class ByteRange:
    """A part of a file: its first byte, and the byte after its last."""

    start: int
    stop: int


def read_range(header: str, size: int) -> ByteRange | None:
    """Read a Range header; None means the whole file, ValueError a range outside of it (416)."""
    match = _RANGE.match(header.replace(" ", ""))
    if not match or match[0] == "bytes=-":
        return None  # several parts, another unit, nonsense: the whole file is a correct answer
    first, last = match[1], match[2]
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    if start >= size or (first and last and int(last) < int(first)) or start == stop:
        raise ValueError(header)
    return ByteRange(start, stop)


def serve(data: bytes, kind: str, headers: Mapping[str, str], *, fault: str = "") -> Reply:
    """Send a file, with Range, If-Range and an ETag.

    `kind` is its content type; `fault` may be "drip" or "truncated".
    """
    tag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
    plain = (("Content-Type", kind), ("Accept-Ranges", "bytes"), ("ETag", tag))
    header = headers.get("range", "") if headers.get("if-range", tag) == tag else ""
    try:
        part = read_range(header, len(data))
    except ValueError:
        return Reply(status=416, headers=(*plain, ("Content-Range", f"bytes */{len(data)}")))
    chunks = {"drip": drip, "truncated": break_off}.get(fault)
    if part is None:
        return Reply(body=data, headers=plain, chunks=chunks)
    content_range = ("Content-Range", f"bytes {part.start}-{part.stop - 1}/{len(data)}")
    body = data[part.start : part.stop]
    return Reply(status=206, body=body, headers=(*plain, content_range), chunks=chunks)
