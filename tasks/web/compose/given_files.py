"""Files given to a form or a task, as a page shows them: an upload, or a saved clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.urls import reverse
from django.utils.translation import gettext as _

from tasks.models import Copy, Upload
from tasks.providers.catalog.material_limits import Material
from tasks.providers.catalog.request import CLIP

ICONS = {Material.PICTURE: "photo", Material.VIDEO: "movie", Material.SOUND: "volume"}


@dataclass(frozen=True, kw_only=True)
class GivenFile:
    """One file: the value that stands for it in a form, and the addresses of it and its picture."""

    line: str  # upload:7, clip:12
    material: Material
    url: str
    picture: str = ""  # the address of a small picture; "" where there is none
    width: int = 0
    height: int = 0
    seconds: float | None = None
    kind: str = ""

    @classmethod
    def of_upload(cls, upload: Upload) -> Self:
        url, picture = reverse("upload", args=[upload.pk]), ""
        if upload.material == Material.PICTURE:
            picture = url
        elif upload.picture:
            picture = reverse("upload_picture", args=[upload.pk, upload.picture_hash])
        return cls(
            line=upload.line,
            material=upload.material,
            url=url,
            picture=picture,
            width=upload.width,
            height=upload.height,
            seconds=upload.duration,
            kind=upload.kind.upper(),
        )

    @classmethod
    def of_clip(cls, copy: Copy) -> Self:
        """A saved video of a task."""
        poster = [copy.task_id, copy.poster_hash]
        return cls(
            line=f"{CLIP}{copy.task_id}",
            material=Material.VIDEO,
            url=reverse("video", args=[copy.task_id]),
            picture=reverse("kept_poster", args=poster) if copy.poster_hash else "",
            width=copy.width or 0,
            height=copy.height or 0,
            seconds=copy.duration,
            kind=_("Clip"),
        )

    @property
    def is_picture(self) -> bool:
        return self.material == Material.PICTURE

    @property
    def is_sound(self) -> bool:
        return self.material == Material.SOUND

    @property
    def icon(self) -> str:
        return ICONS[self.material]

    @property
    def size(self) -> str:
        """The size in pixels and the length, "1280 × 720 · 5.0 s", as far as it has them."""
        size = f"{self.width} × {self.height}" if self.width else self.kind
        length = _("%(number)s s") % {"number": f"{self.seconds:.1f}"} if self.seconds else ""
        return " · ".join(filter(None, (size, length)))

    @property
    def label(self) -> str:
        """The words of the box that keeps or removes it."""
        words = {
            Material.PICTURE: _("Use this picture: %(size)s"),
            Material.VIDEO: _("Use this video: %(size)s"),
            Material.SOUND: _("Use this audio: %(size)s"),
        }
        return words[self.material] % {"size": self.size}


def given_file(
    upload: int | None,
    clip: int | None,
    uploads: Mapping[int, Upload],
    clips: Mapping[int, Copy],
) -> GivenFile | None:
    """The file of an upload's id or a clip's task, among those that were found; else None."""
    if upload is not None and upload in uploads:
        return GivenFile.of_upload(uploads[upload])
    return GivenFile.of_clip(clips[clip]) if clip is not None and clip in clips else None
