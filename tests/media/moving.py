"""Videos made for tests, frame by frame, and the brightness of their pictures; needs PyAV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

#: The plane of brightness of frame `number`, of so many bytes.
Paint = Callable[[int, int], bytes]


def film(
    path: Path,
    frames: int,
    paint: Paint,
    *,
    size: tuple[int, int] = (320, 180),
    codec: str = "libx264",
    rotation: int = 0,
    **options: str,
) -> Path:
    """Encode a video of grey frames, 24 a second, to be turned counterclockwise when shown."""
    import av

    with av.open(str(path), "w", format="mp4") as movie:
        stream: Any = movie.add_stream(codec, rate=24)
        stream.width, stream.height = size
        stream.pix_fmt, stream.options = "yuv420p", options
        stream.codec_context.time_base = Fraction(1, 24)
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(frames):
            frame = av.VideoFrame(*size, "yuv420p")
            for layer, plane in enumerate(frame.planes):
                grey = b"\x80" * plane.buffer_size
                plane.update(grey if layer else paint(number, plane.buffer_size))
            frame.pts = number
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode(None))
    return path


def level(number: int) -> int:
    """The brightness of a frame of `ramp`, from 20 on."""
    return 20 + 2 * number


def ramp(path: Path, frames: int = 100, **more: Any) -> Path:
    """Encode a video that grows brighter by 2 from frame to frame."""
    return film(path, frames, lambda number, size: bytes([level(number)]) * size, **more)


def brightness(picture: bytes, columns: int = 1, rows: int = 1, layer: int = 0) -> list[float]:
    """The brightness in the middle of each cell of a picture, row by row."""
    import av

    kind = "webp_pipe" if picture.startswith(b"RIFF") else "png_pipe"
    with av.open(BytesIO(picture), "r", format=kind) as presented:
        grey = next(presented.decode(video=0)).reformat(format="gray")
    plane = grey.planes[layer]
    pixels, line = bytes(plane), plane.line_size
    wide, high = grey.width // columns, grey.height // rows
    centres = [
        (row * high + high // 2, column * wide + wide // 2)
        for row in range(rows)
        for column in range(columns)
    ]
    return [_mean(pixels[y * line + x - 4 : y * line + x + 4]) for y, x in centres]


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)
