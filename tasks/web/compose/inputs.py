"""The inputs of a task: the pictures, videos and sounds that its request gave."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from tasks.models import Copy, Task, Upload
from tasks.providers.catalog.request import MediaRole
from tasks.web.compose.given_files import GivenFile, given_file
from tasks.web.compose.labels import PARTS
from tasks.web.compose.setting_comparison import Reference

ICONS = {"image_url": "photo", "video_url": "movie", "audio_url": "volume"}


@dataclass(frozen=True)
class GivenInput:
    """One input: a file of ours while it is here, or a link without its query."""

    part: MediaRole
    reference: Reference
    file: GivenFile | None = None

    @property
    def label(self) -> str:
        return str(PARTS[self.part])

    @property
    def icon(self) -> str:
        return ICONS[self.part.content_type]

    @property
    def picture(self) -> str:
        """The address of its picture; "" where there is none."""
        return self.file.picture if self.file else ""

    @property
    def url(self) -> str:
        """The address that it leads to: the file, or the task of a clip; "" for a link."""
        if self.reference.clip:
            return reverse("task", args=[self.reference.clip])
        return self.file.url if self.file else ""


def inputs_of(task: Task) -> list[GivenInput]:
    """The inputs in the order of the request; none of a task that was created elsewhere.

    One query where it has uploads, and one where it has clips.
    """
    submission = getattr(task, "submission", None)
    if submission is None:
        return []
    generation = submission.generation
    media, ids, tasks = generation.media, generation.uploads, generation.clips
    uploads = Upload.objects.here().in_bulk(ids) if ids else {}
    copies = Copy.objects.lent(tasks, task.project_id) if tasks else ()
    clips = {copy.task_id: copy for copy in copies}

    return [
        GivenInput(
            each.part, reference, given_file(reference.upload, reference.clip, uploads, clips)
        )
        for each in media
        for reference in [Reference.of(each.url)]
    ]
