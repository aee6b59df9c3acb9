"""Sample files, changed in places if needed, and helpers that read them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tasks.media.containers import Container, NotAVideoError, read
from tasks.media.containers.boxes import Region, regions

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
    """Return the reason for which a file is refused; the test fails if it is not."""
    with pytest.raises(NotAVideoError) as caught:
        read_bytes(data)
    assert caught.value.reason.endswith(".")
    return caught.value.reason


def top_level(data: bytes) -> list[Region]:
    return list(regions(BytesIO(data), len(data)))


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def top_level_box(data: bytes, kind: bytes) -> bytes:
    """Return the first box of this kind, header included."""
    region = next(region for region in top_level(data) if region.kind == kind)
    return data[region.position : region.stop]


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace bytes that occur exactly once in a file by others of the same length."""
    assert len(old) == len(new)
    assert data.count(old) == 1, data.count(old)
    return data.replace(old, new)


def patched(data: bytes, kind: bytes, offset: int, new: bytes) -> bytes:
    """Overwrite bytes in the content of a file's first box of a kind."""
    start = data.index(kind) + 4 + offset
    return data[:start] + new + data[start + len(new) :]


NESTED = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex")
Change = Callable[[bytes], bytes]


def with_movie(data: bytes, **changes: Change) -> bytes:
    """Replace boxes of some kinds in a file's index, each by what its function makes."""
    movie = top_level_box(data, b"moov")
    return data.replace(movie, rewritten(movie, changes))


def rewritten(boxes: bytes, changes: dict[str, Change]) -> bytes:
    """Rewrite boxes and those nested in them; a change gets a box's content, returns a box."""
    return b"".join(
        changes[kind.decode()](inside)
        if kind.decode() in changes
        else box(kind, rewritten(inside, changes) if kind in NESTED else inside)
        for kind, inside in split(boxes)
    )


def split(boxes: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of consecutive boxes."""
    while boxes:
        length, kind = struct.unpack_from(">I4s", boxes)
        yield kind, boxes[8:length]
        boxes = boxes[length:]


def raises_only(data: bytes, reader: Callable[[BytesIO], object], refused: type[Exception]) -> None:
    """Read a file; an exception of any other class fails the test."""
    with suppress(refused):
        reader(BytesIO(data))


def with_flips(file: bytearray, data: st.DataObject) -> bytes:
    """Overwrite one to eight random bytes of a file."""
    for at in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[at] = data.draw(st.integers(0, 255))
    return bytes(file)
