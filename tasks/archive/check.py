"""Whether a downloaded file is what it should be, before anybody calls it saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.archive.job import DownloadError, DownloadJob, Expected
from tasks.media.containers import Container, NotAnImageError, NotAVideoError, read, read_image
from tasks.models import CopyTrouble

SECONDS_OFF = 0.6  # a 5 s video lasts 5.04 s, one in `frames` is rounded
PIXELS_OFF = 16  # encoders round to whole blocks
MOST_FRAMES = 10**7  # more than days of video; an index may claim anything
SUFFIXES = {"jpeg": "jpg", "png": "png", "webp": "webp"}


def check(job: DownloadJob) -> dict[str, Any]:
    """Return the copy's facts, and set `job.suffix`.

    Raises DownloadError for what is no whole video or picture.
    """
    facts = _picture(job) if job.is_picture else _video(job)
    return {"size": job.whole_path.stat().st_size, "sha256": job.digest, **facts}


def _video(job: DownloadJob) -> dict[str, Any]:
    found = _container(job.whole_path)
    job.suffix = "mov" if found.brand.strip() == "qt" else "mp4"
    return {
        "duration": found.duration or None,
        "width": found.width,
        "height": found.height,
        "frames": found.frames if 0 < found.frames <= MOST_FRAMES else None,
        "rate": found.rate or None,
        "video_codec": found.video_codec[:20],
        "audio_codec": found.audio_codec[:20],
        "mismatch": " ".join(_mismatches(found, job.expected))[:300],
    }


def _container(path: Path) -> Container:
    with path.open("rb") as file:
        try:
            return read(file)
        except NotAVideoError as error:
            raise _useless(error.reason) from None


def _picture(job: DownloadJob) -> dict[str, Any]:
    with job.whole_path.open("rb") as file:
        try:
            found = read_image(file)
        except NotAnImageError as error:
            raise _useless(error.reason) from None
    job.suffix = SUFFIXES[found.format]
    return {"width": found.width, "height": found.height}


def _useless(reason: str) -> DownloadError:
    return DownloadError(reason, trouble=CopyTrouble.NOT_A_VIDEO, is_useless=True)


def _mismatches(found: Container, expected: Expected) -> Iterator[str]:
    """Yield `duration:5.04:10`, `size:640x640:1280x720`, `audio:no:yes`; see Copy.mismatches."""
    seconds, audio = expected.seconds, bool(found.audio_codec)
    if seconds and found.duration and abs(found.duration - seconds) > SECONDS_OFF:
        yield f"duration:{found.duration:.4g}:{seconds:.4g}"
    if expected.size and not _is_about(found, expected.size):
        yield f"size:{found.width}x{found.height}:{expected.size[0]}x{expected.size[1]}"
    if expected.audio is not None and expected.audio != audio:
        yield f"audio:{_yes_or_no(audio)}:{_yes_or_no(expected.audio)}"


def _is_about(found: Container, size: tuple[int, int]) -> bool:
    return max(abs(found.width - size[0]), abs(found.height - size[1])) <= PIXELS_OFF


def _yes_or_no(audio: bool) -> str:
    return "yes" if audio else "no"
