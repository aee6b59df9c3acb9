"""The inputs of a task: the pictures, videos and sounds that its request gave."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.models import Task
from tasks.providers.catalog.request import MediaRole
from tasks.web.compose.labels import PARTS
from tasks.web.compose.setting_comparison import Reference

ICONS = {"image_url": "photo", "video_url": "movie", "audio_url": "player-play"}


@dataclass(frozen=True)
class GivenInput:
    """One input: an upload by its id, or a link without its query, which may be secret."""

    part: MediaRole
    reference: Reference

    @property
    def label(self) -> str:
        return str(PARTS[self.part])

    @property
    def icon(self) -> str:
        return ICONS[self.part.content_type]


def inputs_of(task: Task) -> list[GivenInput]:
    """The inputs in the order of the request; none of a task that was created elsewhere."""
    submission = getattr(task, "submission", None)
    media = submission.generation.media if submission else ()
    return [GivenInput(each.part, Reference.of(each.url)) for each in media]
