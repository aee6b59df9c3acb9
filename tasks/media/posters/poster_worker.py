"""Write the first frame of a video as WebP to standard output.

A program of its own, started once for each video: `poster_worker.py <video> <width>`. Decoders are
where hostile files do harm, so it imports nothing of the site, sets its limits before it loads
FFmpeg, and ends when its standard input, a pipe that its parent holds, is closed.

Loading FFmpeg costs 0.07 s of processor time, three quarters of a poster.
"""

import fcntl
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

MEMORY = 768 * 1024 * 1024  # bytes of address space; a frame of 4K HEVC with 10 bits takes 240 MB
CPU = 10  # seconds; that frame takes 1.3
CLOCK = 20  # seconds, after which the parent ends it
GRACE = 5  # seconds after which it ends itself, should the parent not have done so
LARGEST = 1024 * 1024  # bytes of a poster; 640 × 360 pixels of noise are 71 KB
QUALITY = "75"


def main(path: str, width: int) -> None:
    end_with_parent()
    limit()
    sys.stdout.buffer.write(b"".join(_first_frame(path, width)))


def end_with_parent() -> None:
    """Let the kernel kill this process once the other end of standard input is closed.

    SIGIO kills a process that does not handle it, even one that hangs in a decoder. macOS ignores
    it, so there the alarm kills an orphan.
    """
    signal.alarm(CLOCK + GRACE)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:
        sys.exit("The parent ended before the start.")


def limit() -> None:
    """Lower the hard limits, which a process can never raise again."""
    os.nice(10)
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: CPU,
        resource.RLIMIT_FSIZE: LARGEST,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        with suppress(ValueError, OSError):  # macOS has no limit on memory
            resource.setrlimit(what, (most, most))


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


def _size(width: int, height: int, ratio: Any, widest: int) -> tuple[int, int]:
    """Return the size on a screen, never enlarged, and even: colours are kept for 2 × 2 pixels."""
    presented = width * ratio
    scale = min(1, widest / presented)
    return max(2, round(presented * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _as_webp(frame: Any) -> Iterator[bytes]:
    import av

    encoder: Any = av.CodecContext.create("libwebp", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
    encoder.time_base = Fraction(1)
    encoder.options = {"quality": QUALITY}
    frame.pts = 0
    for picture in (frame, None):
        yield from map(bytes, encoder.encode(picture))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
