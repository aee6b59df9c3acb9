"""Samples of files, whole or written anew in parts, and what reading them must come to."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tasks.containers import Container, NotAVideo, read
from tasks.containers.boxes import Region, regions

SAMPLES = Path(__file__).parent.parent / "samples" / "containers"
CLIPS = Path(__file__).parents[2] / "tasks" / "simulator" / "clips"
VIDEOS = ("start.mp4", "end.mp4", "hevc.mp4", "quicktime.mov")
IN_FRAGMENTS = ("fragments.mp4", "segments.mp4", "offsets.mp4")
VIDEO_FILES = VIDEOS + IN_FRAGMENTS
PICTURES = ("photo.jpg", "photo.png", "lossy.webp", "lossless.webp", "clear.webp")

quick = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read_bytes(data: bytes) -> Container:
    return read(BytesIO(data))


def refusal(data: bytes) -> str:
    """Why it is refused; the test fails if it is not."""
    with pytest.raises(NotAVideo) as caught:
        read_bytes(data)
    assert caught.value.reason.endswith(".")
    return caught.value.reason


def top_level(data: bytes) -> list[Region]:
    return list(regions(BytesIO(data), len(data)))


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def part(data: bytes, kind: bytes) -> bytes:
    region = next(region for region in top_level(data) if region.kind == kind)
    return data[region.position : region.stop]


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """The same file with one field written differently."""
    assert len(old) == len(new)
    assert data.count(old) == 1, data.count(old)
    return data.replace(old, new)


def patched(data: bytes, kind: bytes, offset: int, new: bytes) -> bytes:
    """The file with bytes written over the inside of its first box of a kind."""
    start = data.index(kind) + 4 + offset
    return data[:start] + new + data[start + len(new) :]


AROUND = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex")
Change = Callable[[bytes], bytes]


def with_movie(data: bytes, **changes: Change) -> bytes:
    """The file with some kinds of boxes of its index written anew."""
    movie = part(data, b"moov")
    return data.replace(movie, rewritten(movie, changes))


def rewritten(boxes: bytes, changes: dict[str, Change]) -> bytes:
    return b"".join(
        changes[kind.decode()](inside)
        if kind.decode() in changes
        else box(kind, rewritten(inside, changes) if kind in AROUND else inside)
        for kind, inside in split(boxes)
    )


def split(boxes: bytes) -> Iterator[tuple[bytes, bytes]]:
    while boxes:
        length, kind = struct.unpack_from(">I4s", boxes)
        yield kind, boxes[8:length]
        boxes = boxes[length:]


def never_hurts(data: bytes, reader: Callable[[BytesIO], object], refused: type[Exception]) -> None:
    with suppress(refused):  # anything else fails the test
        reader(BytesIO(data))


def with_flips(file: bytearray, data: st.DataObject) -> bytes:
    for at in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[at] = data.draw(st.integers(0, 255))
    return bytes(file)
