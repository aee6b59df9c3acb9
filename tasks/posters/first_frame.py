"""The first frame of a video as WebP, written to standard output by a process that does no more.

It runs apart from the rest of `tasks`, as a child of darkroom.py.
"""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

MEMORY = 768 * 1024 * 1024  # bytes of address space; a frame of 4K HEVC with 10 bits takes 240 MB
CPU = 10  # seconds; that frame takes 1.3
LARGEST = 1024 * 1024  # bytes of a poster; 640 × 360 pixels of noise are 71 KB
QUALITY = "75"


def write(path: str, width: int) -> None:
    _limit()
    sys.stdout.buffer.write(b"".join(_first_frame(path, width)))


def _limit() -> None:
    """For good: a process may lower its hard limits, never raise them."""
    os.nice(10)
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: CPU,
        resource.RLIMIT_FSIZE: LARGEST,
        resource.RLIMIT_CORE: 0,
    }
    for what, limit in limits.items():
        with suppress(ValueError, OSError):  # macOS has no limit on memory
            resource.setrlimit(what, (limit, limit))


def _first_frame(path: str, width: int) -> Iterator[bytes]:
    import av

    # One demuxer and one protocol: FFmpeg would follow a playlist anywhere.
    with av.open(f"file:{path}", format="mov", options={"protocol_whitelist": "file"}) as movie:
        stream = movie.streams.video[0]
        stream.codec_context.thread_count = 1
        frame: Any = next(movie.decode(stream))
        if frame.rotation:  # the browser turns it, a poster would lie on its side
            return
        size = _size(frame.width, frame.height, stream.sample_aspect_ratio or 1, width)
        small = frame.reformat(*size, format="yuv420p", dst_colorspace="ITU601")  # as WebP has it
        yield from _as_webp(small)


def _size(width: int, height: int, ratio: Any, largest: int) -> tuple[int, int]:
    """As shown, no larger than it is, and even, for colours are stored for 2 × 2 pixels."""
    shown = width * ratio
    scale = min(1, largest / shown)
    return max(2, round(shown * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _as_webp(frame: Any) -> Iterator[bytes]:
    import av

    encoder: Any = av.CodecContext.create("libwebp", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
    encoder.time_base = Fraction(1)
    encoder.options = {"quality": QUALITY}
    frame.pts = 0
    for picture in (frame, None):
        yield from map(bytes, encoder.encode(picture))
