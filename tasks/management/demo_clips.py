"""The demonstration's saved files: a few sample clips under many names.

Each copy has files of its own name, as all copies have, so that deleting one takes nothing from
another. In a folder the names are hard links, and take no room; a bucket is given the bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

from tasks.archive import previews
from tasks.archive.job import incoming
from tasks.media import posters
from tasks.media.containers import read
from tasks.models import Copy, CopyState
from tasks.models.preview import NO_PREVIEWS
from tasks.providers.catalog.models import frame_size
from tasks.simulator.media import CLIPS_BY_RATIO, sized_clip

CLIPS = sorted({name for names in CLIPS_BY_RATIO.values() for name in names})


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """A sample clip in one size, as a file and as the columns of a copy."""

    path: Path
    fields: dict[str, Any]


class SampleClips:
    """Gives copies their files; use it within `sample_clips`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._samples: dict[tuple[str, tuple[int, int] | None], _Sample] = {}
        with ThreadPoolExecutor(posters.AT_ONCE) as pool:
            self._previews = dict(zip(CLIPS, pool.map(self._make_previews, CLIPS), strict=True))

    def save(self, copy: Copy) -> None:
        """Give a copy, which has an id, a clip that suits its task; the row is not written."""
        task = copy.task
        names = CLIPS_BY_RATIO[task.ratio]
        name = names[task.pk % len(names)]
        sample = self._sample(name, frame_size(task.model, task.resolution, task.ratio))
        stem = f"{task.created_at:%Y/%m/%d}/{task.pk}-{copy.pk}-{sample.fields['sha256'][:12]}"
        fields = sample.fields | {"name": f"{stem}.mp4", "state": CopyState.SAVED}
        _put(sample.path, fields["name"])
        if made := self._previews[name]:
            fields |= made | {"poster": f"{stem}.webp", "previewed_at": copy.saved_at}
            _put(self._folder / f"{name}.poster", fields["poster"])
            if made["sprite_size"]:
                fields["sprite"] = f"{stem}.sprite.webp"
                _put(self._folder / f"{name}.sprite", fields["sprite"])
        for field, value in fields.items():
            setattr(copy, field, value)

    def _sample(self, name: str, size: tuple[int, int] | None) -> _Sample:
        if (name, size) not in self._samples:
            self._samples[name, size] = self._make(name, size)
        return self._samples[name, size]

    def _make(self, name: str, size: tuple[int, int] | None) -> _Sample:
        data = sized_clip(name, size)
        path = self._folder / f"{name}-{len(self._samples)}.mp4"
        path.write_bytes(data)
        found = read(BytesIO(data))
        fields = {
            "size": len(data),
            "bytes_done": len(data),
            "bytes_total": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "duration": found.duration,
            "frames": found.frames,
            "rate": found.rate,
            "width": found.width,
            "height": found.height,
            "video_codec": found.video_codec,
            "audio_codec": found.audio_codec,
        }
        return _Sample(path=path, fields=fields)

    def _make_previews(self, name: str) -> dict[str, Any]:
        """The columns of a clip's previews; none where they cannot be made yet."""
        source = self._folder / f"{name}.mp4"
        source.write_bytes(sized_clip(name, None))
        made = posters.make(source) if previews.are_made() else None
        if made is None:  # the archive makes them once it can
            return {}
        fields = NO_PREVIEWS | self._keep("poster", name, made.poster)
        if sprite := made.sprite:
            fields |= self._keep("sprite", name, sprite.data)
            fields |= {"sprite_frames": sprite.frames, "sprite_columns": sprite.columns}
            fields |= {"sprite_width": sprite.width, "sprite_height": sprite.height}
        return fields

    def _keep(self, what: str, name: str, picture: bytes) -> dict[str, Any]:
        (self._folder / f"{name}.{what}").write_bytes(picture)
        digest = blake2b(picture, digest_size=8).hexdigest()
        return {f"{what}_size": len(picture), f"{what}_hash": digest}


@contextmanager
def sample_clips() -> Iterator[SampleClips]:
    """The sample clips, in a folder for as long as copies are given files."""
    incoming().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=incoming()) as folder:
        yield SampleClips(Path(folder))


def _put(source: Path, name: str) -> None:
    """Put a file into the storage under this name."""
    storage: Any = storages["videos"]
    if not isinstance(storage, FileSystemStorage):
        with source.open("rb") as opened:
            storage.save(name, File(opened))
        return
    target = Path(storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # of a start that was killed
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
