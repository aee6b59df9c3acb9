"""Write what is made of a video or a sound to standard output, as previews for instance.

A program of its own, started once for each file: `poster_worker.py <file> previews`, or
`… last_frame`, `… waveform`, `… proxy`. Decoders are where hostile files do harm, so it imports
nothing of the site but its own folder, sets its limits before it loads FFmpeg, and ends when its
standard input, a pipe that its parent holds, is closed.

The previews are a line of three numbers (bytes of the poster, frames and columns of the sprite),
the poster, and the sprite, each as WebP; 0 frames where there is no sprite. A last frame and a
waveform are PNGs, a proxy is an MP4.

Loading FFmpeg costs 0.07 s of processor time, three quarters of a poster.
"""

import fcntl
import os
import resource
import select
import signal
import sys
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

MEMORY = 768 * 1024 * 1024  # bytes of address space; a frame of 4K HEVC with 10 bits takes 240 MB
CPU = 20  # seconds; the first frame of such a video takes 1.3
CLOCK = 40  # seconds, after which the parent ends it
GRACE = 5  # seconds after which it ends itself, should the parent not have done so
LARGEST = 1024 * 1024  # bytes of the previews; a poster of noise has 71 KB
LARGEST_FRAME = 30_000_000  # bytes of a last frame; no model takes a larger picture
LARGEST_PROXY = 20_000_000  # bytes of a proxy; 5 s of a sea have 131 kB
PROXY_CPU, PROXY_CLOCK = 240, 300  # seconds; a frame of 4K HEVC with 10 bits takes 0.06

POSTER_WIDTH, POSTER_QUALITY = 640, 75
#: A sprite has at most so many frames, this many in a row, each with as many pixels as 200 × 112.
FRAMES, COLUMNS, PIXELS = 20, 5, 200 * 112
#: What is tried, in this order, until a sprite has at most so many bytes.
LARGEST_SPRITE = 60_000
SHARES, QUALITIES = (1, 0.7, 0.45), (70, 50, 30, 10)
#: Seconds of processor time after which there is no sprite: the poster is made by then.
PATIENCE = 15
#: Above so many pixels, frames that no other needs are not decoded: there are enough without them.
LARGE = 1920 * 1088


def main(path: str, what: str) -> None:
    end_with_parent(PROXY_CLOCK if what == "proxy" else CLOCK)
    if what == "last_frame":
        limit(LARGEST_FRAME)
        made = _last_frame(path)
    elif what == "waveform":
        limit()
        made = import_module("waveforms").waveform(path)
    elif what == "proxy":
        limit(LARGEST_PROXY, PROXY_CPU)
        made = _proxy(path)
    else:
        limit()
        made = _previews(path)
    sys.stdout.buffer.write(b"".join(made))


def end_with_parent(seconds: int = CLOCK) -> None:
    """Let the kernel kill this process once the other end of standard input is closed.

    SIGIO kills a process that does not handle it, even one that hangs in a decoder. macOS ignores
    it, so there the alarm kills an orphan.
    """
    signal.alarm(seconds + GRACE)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:
        sys.exit("The parent ended before the start.")


def limit(largest: int = LARGEST, seconds: int = CPU) -> None:
    """Lower the hard limits, which a process can never raise again."""
    os.nice(10)
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: largest,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        with suppress(ValueError, OSError):  # macOS has no limit on memory
            resource.setrlimit(what, (most, most))


def _open(path: str) -> Any:
    import av

    # One demuxer and one protocol: FFmpeg would follow a playlist anywhere.
    return av.open(f"file:{path}", format="mov", options={"protocol_whitelist": "file"})


def _previews(path: str) -> Iterator[bytes]:
    with _open(path) as movie:
        stream = movie.streams.video[0]
        stream.codec_context.thread_count = 1
        frames = movie.decode(stream)
        first: Any = next(frames)
        if first.rotation % 90:
            return
        shape = (first.width, first.height, stream.sample_aspect_ratio or 1)
        poster = _webp(_scaled(first, *_size(*shape, _poster_width(first, *shape))), POSTER_QUALITY)
        if first.width * first.height > LARGE:
            stream.codec_context.skip_frame = "NONREF"
        cells = _spread(first, frames, _size(*shape, _sprite_width(*shape)))
    sprite = _sprite(cells) if len(cells) > 1 else b""
    number = len(cells) if sprite else 0
    yield f"{len(poster)} {number} {min(number, COLUMNS)}\n".encode()
    yield poster
    yield sprite


def _poster_width(frame: Any, width: int, height: int, ratio: Any) -> int:
    """Return the largest width before a frame is turned, so that the poster is as wide as any."""
    return (
        round(POSTER_WIDTH * width * float(ratio) / height)
        if frame.rotation % 180
        else POSTER_WIDTH
    )


def _sprite_width(width: int, height: int, ratio: Any) -> int:
    return round((PIXELS * width * float(ratio) / height) ** 0.5)


def _size(width: int, height: int, ratio: Any, widest: int) -> tuple[int, int]:
    """Return the size on a screen, never enlarged, and even: colours are kept for 2 × 2 pixels."""
    presented = width * ratio
    scale = min(1, widest / presented)
    return max(2, round(presented * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _scaled(frame: Any, width: int, height: int) -> Any:
    """Return the frame in this size, which is that before it is turned, with colours as in WebP."""
    small = frame.reformat(width, height, format="yuv420p", dst_colorspace="ITU601")
    return _turned(small, frame.rotation)


def _turned(frame: Any, rotation: int) -> Any:
    """Return a frame of bytes in planes turned counterclockwise, as a browser turns its video."""
    import av

    if not rotation % 360:
        return frame
    size = (frame.height, frame.width) if rotation % 180 else (frame.width, frame.height)
    turned = av.VideoFrame(*size, frame.format.name)
    for source, target in zip(frame.planes, turned.planes, strict=True):
        lines = _turned_lines(bytes(source), source, rotation % 360)
        pixels = bytearray(target.buffer_size)
        for y, line in enumerate(lines):
            pixels[y * target.line_size : y * target.line_size + len(line)] = line
        target.update(bytes(pixels))
    return turned


def _turned_lines(pixels: bytes, plane: Any, rotation: int) -> Iterator[bytes]:
    step, width, height = plane.line_size, plane.width, plane.height
    if rotation == 180:
        for y in reversed(range(height)):
            yield pixels[y * step : y * step + width][::-1]
        return
    for x in reversed(range(width)) if rotation == 90 else range(width):
        column = pixels[x : step * height : step]
        yield column if rotation == 90 else column[::-1]


def _spread(first: Any, others: Iterable[Any], size: tuple[int, int]) -> list[Any]:
    """Return small frames from the first to the last, evenly spread; none if that takes too long.

    What a file says of its length is not asked: every second frame kept is let go whenever there
    are twice too many.
    """
    import av

    kept, step = [(float(first.time or 0), _scaled(first, *size))], 1
    with suppress(av.FFmpegError):  # what cannot be decoded ends it
        for number, frame in enumerate(others, start=1):
            if time.process_time() > PATIENCE:
                return []
            if number % step == 0:
                kept.append((float(frame.time or 0), _scaled(frame, *size)))
            if len(kept) > 2 * FRAMES:
                kept, step = kept[::2], step * 2
    times, number = [at for at, _frame in kept], min(FRAMES, len(kept))
    if number < 2:
        return []
    pace = (times[-1] - times[0]) / (number - 1)
    wanted = [times[0] + pace * each + 1e-6 for each in range(number)]
    return [kept[bisect_right(times, at) - 1][1] for at in wanted]


def _sprite(cells: list[Any]) -> bytes:
    """Return the frames in one picture as good as its size allows; b"" where that is too large."""
    for share in SHARES:
        size = [max(2, round(side * share / 2) * 2) for side in (cells[0].width, cells[0].height)]
        sheet = _sheet([_scaled(cell, *size) for cell in cells])
        for quality in QUALITIES:
            if len(made := _webp(sheet, quality)) <= LARGEST_SPRITE:
                return made
    return b""


def _sheet(cells: list[Any]) -> Any:
    """Return one frame with all of these in it, row by row; the rest of the last row is grey."""
    import av

    columns, (width, height) = min(COLUMNS, len(cells)), (cells[0].width, cells[0].height)
    sheet = av.VideoFrame(columns * width, -(-len(cells) // columns) * height, "yuv420p")
    for layer, share in enumerate((1, 2, 2)):  # brightness, and two colours of half the size
        wide, high = width // share, height // share
        plane = sheet.planes[layer]
        pixels = bytearray(b"\x80" * plane.buffer_size)
        for number, cell in enumerate(cells):
            row, column = divmod(number, columns)
            source, line = bytes(cell.planes[layer]), cell.planes[layer].line_size
            for y in range(high):
                at = (row * high + y) * plane.line_size + column * wide
                pixels[at : at + wide] = source[y * line : y * line + wide]
        plane.update(bytes(pixels))
    return sheet


def _webp(frame: Any, quality: int) -> bytes:
    return _encoded(frame, "libwebp", "yuv420p", quality=str(quality))


def _last_frame(path: str) -> Iterator[bytes]:
    """Yield the last frame in its full size, from the last key frame on."""
    import av

    with _open(path) as movie:
        stream = movie.streams.video[0]
        stream.codec_context.thread_count = 1
        with suppress(av.FFmpegError):  # then from the beginning
            movie.seek(stream.duration or 0, stream=stream)
        [last] = deque[Any](movie.decode(stream), maxlen=1)
        if last.rotation % 90:
            return
        width, height = _size(last.width, last.height, stream.sample_aspect_ratio or 1, 10**6)
        planes = last.reformat(width, height, format="gbrp" if last.rotation else "rgb24")
        made = _turned(planes, last.rotation).reformat(format="rgb24")
        yield _encoded(made, "png", "rgb24")


def _proxy(path: str) -> Iterator[bytes]:
    with _open(path) as movie:
        rotation = next(movie.decode(movie.streams.video[0])).rotation
    with _open(path) as movie:
        yield from import_module("proxies").proxy(movie, _size, rotation)


def _encoded(frame: Any, codec: str, pixels: str, **options: str) -> bytes:
    import av

    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, pixels
    encoder.time_base = Fraction(1)
    encoder.options = options
    frame.pts = 0
    return b"".join(bytes(packet) for each in (frame, None) for packet in encoder.encode(each))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))  # -I leaves it out
    main(sys.argv[1], sys.argv[2])
