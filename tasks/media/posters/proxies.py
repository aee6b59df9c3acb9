"""The proxy of a video, made within the limits of `poster_worker.py`, its only caller.

Imports nothing of the site.
"""

from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from typing import Any

#: Pixels of a proxy's picture and bytes of its sound and index; x264's constant quality.
PROXY_PIXELS, QUALITY = 640 * 360, "27"
FEWEST_FRAMES = 2


def proxy(movie: Any, size: Any, rotation: int = 0) -> Iterator[bytes]:
    """Yield an MP4 of H.264 with 8 bits, small enough for every browser, with the sound as it is.

    `size` returns the size on a screen for width, height, ratio of a pixel, and the largest width.
    A browser turns it by `rotation` degrees, as it turns the video itself.
    """
    import av

    stream = movie.streams.video[0]
    stream.codec_context.thread_count = 1
    sounds = [each for each in movie.streams.audio if each.codec_context.name == "aac"][:1]
    made, written = BytesIO(), 0
    with av.open(made, "w", format="mp4") as target:
        film = _film(target, stream, size)
        if rotation:
            film.set_display_rotation(rotation)
        # Both before the first packet, or the muxer breaks.
        sound: Any = target.add_stream_from_template(sounds[0]) if sounds else None
        for packet in movie.demux(stream, *sounds):
            if packet.stream.type == "audio":
                if packet.dts is not None:
                    packet.stream = sound
                    target.mux(packet)
                continue
            for frame in packet.decode():
                small = frame.reformat(
                    film.width, film.height, format="yuv420p", dst_colorspace="ITU709"
                )
                small.pict_type, written = 0, written + 1
                target.mux(film.encode(small))
        if written < FEWEST_FRAMES:
            return
        target.mux(film.encode(None))
    yield made.getvalue()


def _film(target: Any, stream: Any, size: Any) -> Any:
    ratio, width, height = stream.sample_aspect_ratio or 1, stream.width, stream.height
    widest = (PROXY_PIXELS * float(width * ratio) / height) ** 0.5
    rate = stream.average_rate or Fraction(24)
    film = target.add_stream("libx264", rate=rate)
    film.width, film.height = size(width, height, ratio, round(widest))
    film.pix_fmt, film.time_base = "yuv420p", stream.time_base
    film.codec_context.time_base = stream.time_base
    film.codec_context.thread_count = 1
    film.options = {"preset": "veryfast", "crf": QUALITY, "profile": "main", "rc-lookahead": "10"}
    return film
