"""The waveform of a sound, drawn within the limits of `poster_worker.py`, its only caller.

Imports nothing of the site.
"""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

#: A waveform's size in pixels: bars of 2 with 2 between them. Its colour is seen on light and dark.
WIDTH, HEIGHT, BAR = 320, 64, 2
COLOUR = (138, 129, 118, 255)
RATE = 8_000  # samples a second; enough to see how loud it is
BLOCK = RATE // 50  # samples of one peak
MOST_PEAKS = 50 * 600  # of ten minutes; no model takes more than half a one


def waveform(path: str) -> Iterator[bytes]:
    """Yield a PNG of how loud a WAV or an MP3 is, from its beginning to its end."""
    import av

    with Path(path).open("rb") as file:
        form = "wav" if file.read(4) == b"RIFF" else "mp3"
    options = {"protocol_whitelist": "file"}
    with av.open(f"file:{path}", format=form, options=options) as sound:
        stream = sound.streams.audio[0]
        stream.codec_context.thread_count = 1
        peaks = list(_peaks(sound.decode(stream)))
    if peaks:
        yield _drawn(peaks)


def _peaks(frames: Iterator[Any]) -> Iterator[int]:
    """Yield the largest sample of each block, from 0 to 32,767."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    samples, number = bytearray(), 0
    with suppress(av.FFmpegError):  # what cannot be decoded ends it
        for frame in frames:
            for part in resampler.resample(frame):
                samples += bytes(part.planes[0])[: part.samples * 2]
            while len(samples) >= 2 * BLOCK and number < MOST_PEAKS:
                block = memoryview(bytes(samples[: 2 * BLOCK])).cast("h")
                del samples[: 2 * BLOCK]
                number += 1
                yield min(32_767, max(max(block), -min(block)))
            if number >= MOST_PEAKS:
                return


def _drawn(peaks: list[int]) -> bytes:
    import av

    bars = WIDTH // (2 * BAR)
    loudest = max(*peaks, 1_000)  # silence stays a line
    frame = av.VideoFrame(WIDTH, HEIGHT, "rgba")
    plane = frame.planes[0]
    pixels, line = bytearray(plane.buffer_size), plane.line_size
    ink = bytes(COLOUR) * BAR
    for bar in range(bars):
        own = peaks[bar * len(peaks) // bars : max(1, (bar + 1) * len(peaks) // bars)]
        half = max(1, max(own or [0]) * (HEIGHT // 2 - 2) // loudest)
        for y in range(HEIGHT // 2 - half, HEIGHT // 2 + half):
            at = y * line + bar * 2 * BAR * 4
            pixels[at : at + len(ink)] = ink
    plane.update(bytes(pixels))
    encoder: Any = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "rgba"
    encoder.time_base = Fraction(1)
    frame.pts = 0
    return b"".join(bytes(packet) for each in (frame, None) for packet in encoder.encode(each))
