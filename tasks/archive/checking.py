"""Whether what came is what it should be, before anybody calls it saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.archive.errand import Errand, Snag, Wanted
from tasks.containers import Container, NotAnImage, NotAVideo, read, read_image
from tasks.models import CopyTrouble

SECONDS_OFF = 0.6  # a 5 s video lasts 5.04 s, one in `frames` is rounded
PIXELS_OFF = 16  # encoders round to whole blocks
SUFFIXES = {"jpeg": "jpg", "png": "png", "webp": "webp"}


def check(errand: Errand) -> dict[str, Any]:
    """The copy's facts, and `errand.suffix`; Snag where it is no whole video or picture."""
    facts = _picture(errand) if errand.is_picture else _video(errand)
    return {"size": errand.whole.stat().st_size, "sha256": errand.digest, **facts}


def _video(errand: Errand) -> dict[str, Any]:
    found = _container(errand.whole)
    errand.suffix = "mov" if found.brand.strip() == "qt" else "mp4"
    return {
        "duration": found.duration or None,
        "width": found.width,
        "height": found.height,
        "video_codec": found.video_codec[:20],
        "audio_codec": found.audio_codec[:20],
        "mismatch": " ".join(_mismatches(found, errand.wanted))[:300],
    }


def _container(path: Path) -> Container:
    with path.open("rb") as file:
        try:
            return read(file)
        except NotAVideo as error:
            raise _useless(error.reason) from None


def _picture(errand: Errand) -> dict[str, Any]:
    with errand.whole.open("rb") as file:
        try:
            found = read_image(file)
        except NotAnImage as error:
            raise _useless(error.reason) from None
    errand.suffix = SUFFIXES[found.format]
    return {"width": found.width, "height": found.height}


def _useless(reason: str) -> Snag:
    return Snag(reason, trouble=CopyTrouble.NOT_A_VIDEO, is_useless=True)


def _mismatches(found: Container, wanted: Wanted) -> Iterator[str]:
    """`duration:5.04:10 size:640x640:1280x720 audio:no:yes`; see Copy.mismatches."""
    seconds, audio = wanted.seconds, bool(found.audio_codec)
    if seconds and found.duration and abs(found.duration - seconds) > SECONDS_OFF:
        yield f"duration:{found.duration:.4g}:{seconds:.4g}"
    if wanted.size and not _is_about(found, wanted.size):
        yield f"size:{found.width}x{found.height}:{wanted.size[0]}x{wanted.size[1]}"
    if wanted.audio is not None and wanted.audio != audio:
        yield f"audio:{_yes_or_no(audio)}:{_yes_or_no(wanted.audio)}"


def _is_about(found: Container, size: tuple[int, int]) -> bool:
    return max(abs(found.width - size[0]), abs(found.height - size[1])) <= PIXELS_OFF


def _yes_or_no(audio: bool) -> str:
    return "yes" if audio else "no"
