"""The clips, their signed links, and the file server they are loaded from.

A link is made as TOS makes it: X-Tos-Date (UTC) + X-Tos-Expires is its end, it is signed
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

from tasks.providers.catalog import frame_size
from tasks.simulator.faults import PAGE, break_off, drip
from tasks.simulator.messages import Reply, Request, as_html
from tasks.simulator.records import Record, hash_of

CLIPS = Path(__file__).parent / "clips"

#: Clips of each ratio; the task's id chooses among several.
OF_RATIO = {
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
    """A clip (mp4) or its last frame (jpg)."""
    return (CLIPS / f"{name}.{suffix}").read_bytes()


def clip_name(record: Record) -> str:
    """Which scene a task's video shows."""
    names = OF_RATIO.get(record.order.ratio, OF_RATIO["16:9"])
    return names[hash_of(record.id) % len(names)]


def video(record: Record) -> bytes:
    """Its clip, which says of itself that it is shown as large as was ordered.

    The picture within is smaller, so that the files stay small; players scale it.
    """
    order = record.order
    size = frame_size(order.model, order.resolution, order.ratio)
    return _shown_at(clip_name(record), size) if size else clip(clip_name(record), "mp4")


@lru_cache(maxsize=32)
def _shown_at(name: str, size: tuple[int, int]) -> bytes:
    """Width and height are the last eight bytes of the picture track's header, 16.16 each."""
    data = bytearray(clip(name, "mp4"))
    for found in re.finditer(b"tkhd", bytes(data)):
        start = found.start() - 4
        end = start + int.from_bytes(data[start : start + 4])
        if any(data[end - 8 : end]):  # a track of sound has none
            data[end - 8 : end] = struct.pack(">HHHH", size[0], 0, size[1], 0)
    return bytes(data)


def video_path(record: Record) -> str:
    """Where TOS would keep the file: bucket, model, request id."""
    return f"{_folder(record)}/{record.stem}.{record.order.output_format or 'mp4'}"


def last_frame_path(record: Record) -> str:
    return f"{_folder(record)}/{record.stem}_last_frame.jpeg"


def _folder(record: Record) -> str:
    family = re.sub(r"-\d{6}$", "", record.order.model)
    return f"/ark-acg-cn-beijing/{re.sub(r'[^A-Za-z0-9.-]', '-', family)}"


def signed(path: str, *, origin: str, at: float, life: int) -> str:
    """The link to a file, good from `at` for `life` seconds."""
    date = datetime.fromtimestamp(int(at), UTC).strftime("%Y%m%dT%H%M%SZ")
    query = (
        f"X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Credential={_CREDENTIAL.format(day=date[:8])}"
        f"&X-Tos-Date={date}&X-Tos-Expires={life}"
    )
    signature = _signature(path, f"{query}&X-Tos-SignedHeaders=host")
    return f"{origin}{path}?{query}&X-Tos-Signature={signature}&X-Tos-SignedHeaders=host"


def _signature(path: str, query: str) -> str:
    """Over every byte of the link but its host and this signature."""
    return hmac.new(_SECRET, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()


def video_url(record: Record, origin: str) -> str:
    """The link in a succeeded task's answers."""
    story = record.story
    return signed(video_path(record), origin=origin, at=story.ends_at, life=story.link_life)


def last_frame_url(record: Record, origin: str) -> str:
    story = record.story
    return signed(last_frame_path(record), origin=origin, at=story.ends_at, life=story.link_life)


def link_trouble(path: str, query: str, now: float) -> str:
    """ "" or the TOS error code that this link answers with."""
    found = _SIGNATURE.search(query)
    wanted = _signature(path, _SIGNATURE.sub("", query))
    if not found or not hmac.compare_digest(wanted, found[1]):
        return "SignatureDoesNotMatch"
    given = dict(parse_qsl(query))
    signed_at = datetime.strptime(given["X-Tos-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ends_at = signed_at.timestamp() + int(given["X-Tos-Expires"])
    return "" if now < ends_at else "RequestExpired"


def answer(request: Request, record: Record | None) -> Reply:
    """What TOS says to a GET or HEAD; `record` is the task whose file this is."""
    found = _PATH.match(request.path)
    trouble = link_trouble(request.path, request.query, request.now) if found else "NoSuchKey"
    if not found or trouble or record is None:
        return tos_error(trouble or "NoSuchKey", request)
    is_frame = found["kind"] == "jpeg"
    data = clip(clip_name(record), "jpg") if is_frame else video(record)
    kind = "image/jpeg" if is_frame else "video/mp4"
    wish = "" if is_frame else record.order.steering().get("media", "")
    return _wished(wish, request) or serve(data, kind, request.headers, wish=wish)


def stem_of(path: str) -> str:
    """Name of the file asked for, without its ending."""
    found = _PATH.match(path)
    return found["stem"] if found else ""


def _wished(wish: str, request: Request) -> Reply | None:
    """Faults of the file server that a prompt asks for with `sim:media=…`."""
    codes = {"403": "AccessDenied", "404": "NoSuchKey", "500": "InternalError", "503": "SlowDown"}
    if wish in codes:
        return tos_error(codes[wish], request)
    if wish == "html":
        return as_html(PAGE)
    return Reply(headers=(("Content-Type", "video/mp4"),)) if wish == "empty" else None


def tos_error(code: str, request: Request) -> Reply:
    """XML in the form of an object store's."""
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
class Span:
    """First byte and the one after the last."""

    start: int
    stop: int


def read_range(header: str, size: int) -> Span | None:
    """The part of the file a Range header asks for; None = all of it; ValueError = 416."""
    found = _RANGE.match(header.replace(" ", ""))
    if not found or found[0] == "bytes=-":
        return None  # several parts, another unit, nonsense: the whole file is a right answer
    first, last = found[1], found[2]
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    if start >= size or (first and last and int(last) < int(first)) or start == stop:
        raise ValueError(header)
    return Span(start, stop)


def serve(data: bytes, kind: str, headers: Mapping[str, str], *, wish: str = "") -> Reply:
    """A file with Range, If-Range and an ETag; `wish` drips it or breaks it off."""
    tag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
    plain = (("Content-Type", kind), ("Accept-Ranges", "bytes"), ("ETag", tag))
    wanted = headers.get("range", "") if headers.get("if-range", tag) == tag else ""
    try:
        span = read_range(wanted, len(data))
    except ValueError:
        return Reply(status=416, headers=(*plain, ("Content-Range", f"bytes */{len(data)}")))
    chunks = {"drip": drip, "truncated": break_off}.get(wish)
    if span is None:
        return Reply(body=data, headers=plain, chunks=chunks)
    part = ("Content-Range", f"bytes {span.start}-{span.stop - 1}/{len(data)}")
    return Reply(
        status=206, body=data[span.start : span.stop], headers=(*plain, part), chunks=chunks
    )
