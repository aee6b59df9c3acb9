"""Recognition of given files: what they are by their content, and whether a model takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.utils.translation import gettext as _

from tasks.media.containers import (
    NotAnImageError,
    NotASoundError,
    NotAVideoError,
    read,
    read_picture,
    read_sound,
)
from tasks.providers.catalog.material_limits import (
    Material,
    longest_given,
    sound_violations,
    video_violations,
)
from tasks.providers.catalog.models import Model
from tasks.providers.catalog.picture_limits import LimitViolation, limit_violations
from tasks.text import prose
from tasks.web.compose.labels import limit_sentence

#: Bytes of a video that are neither its index nor media data. Cameras leave some; a file of another
#: kind could hide in more.
MOST_BESIDES = 4_000_000
QUICKTIME = "qt"


class FileRefusedError(ValueError):
    """A file that is not stored; the message is a sentence for the person who gave it."""


def recognized(file: File, material: Material, models: Iterable[Model]) -> dict[str, Any]:
    """The fields of an upload that its content tells, whatever its name and posted type.

    `models` are those that may get it; none: any. Raises FileRefusedError where it is no whole
    file of this material, or one that no model takes.
    """
    read_facts = {
        Material.PICTURE: _picture_facts,
        Material.VIDEO: _video_facts,
        Material.SOUND: _sound_facts,
    }
    facts = read_facts[material](cast("BinaryIO", file))
    if broken := list(_violations(material, facts, file.size or 0, longest_given(models))):
        raise FileRefusedError(prose(*map(limit_sentence, broken)))
    return facts


def _violations(
    material: Material, facts: dict[str, Any], size: int, longest: int
) -> Iterator[LimitViolation]:
    sides = {"width": facts["width"], "height": facts["height"]}
    if material == Material.PICTURE:
        yield from limit_violations(size=size, **sides)
        return
    length = {"size": size, "seconds": facts["duration"], "longest": longest}
    if material == Material.VIDEO:
        yield from video_violations(**sides, **length, rate=facts["rate"])
    else:
        yield from sound_violations(**length)


def _picture_facts(file: BinaryIO) -> dict[str, Any]:
    try:
        picture = read_picture(file)
    except NotAnImageError:
        message = _("This isn't a complete picture. Use JPEG, PNG, WebP, GIF or BMP.")
        raise FileRefusedError(message) from None
    return {"kind": picture.format, "width": picture.width, "height": picture.height}


def _video_facts(file: BinaryIO) -> dict[str, Any]:
    try:
        video = read(file)
    except NotAVideoError:
        message = _("This isn't a complete video. Use MP4 or MOV.")
        raise FileRefusedError(message) from None
    if video.besides > MOST_BESIDES:
        message = _("Too much of this file is neither picture nor sound. Export the video again.")
        raise FileRefusedError(message)
    if not video.duration or not video.width or not video.height:
        message = _("This video doesn't say how long or how large it is. Export it again.")
        raise FileRefusedError(message)
    return {
        "kind": "mov" if video.brand == QUICKTIME or not video.brand else "mp4",
        "width": video.width,
        "height": video.height,
        "duration": round(video.duration, 3),
        "rate": round(video.rate, 3),
        "video_codec": video.video_codec[:20],
        "audio_codec": video.audio_codec[:20],
    }


def _sound_facts(file: BinaryIO) -> dict[str, Any]:
    try:
        sound = read_sound(file)
    except NotASoundError:
        message = _("This isn't a complete audio file. Use WAV or MP3.")
        raise FileRefusedError(message) from None
    return {"kind": sound.format, "width": 0, "height": 0, "duration": round(sound.duration, 3)}
