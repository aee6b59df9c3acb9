"""Links to the files of a task: ours where a file is saved, the provider's while they live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tasks.models import Task
from tasks.providers.status import Status
from tasks.web.presenters.facts import clock
from tasks.web.presenters.files import FilePresenter
from tasks.web.presenters.media_sources import origin
from tasks.web.presenters.task_files import TaskFiles

SHORT = timedelta(hours=3)


@dataclass(frozen=True)
class FileLink:
    """A link to one file; `is_ours` where it leads to our own copy."""

    label: str
    icon: str
    url: str
    is_ours: bool = False


@dataclass(frozen=True)
class LinkLife:
    """The time for which the provider's links of a task still work, where that is known."""

    ends_at: datetime | None
    now: datetime

    @property
    def has_ended(self) -> bool:
        return self.ends_at is not None and self.ends_at <= self.now

    @property
    def left(self) -> str:
        return clock(((self.ends_at or self.now) - self.now).total_seconds())

    @property
    def is_short(self) -> bool:
        return self.ends_at is not None and self.ends_at - self.now < SHORT


def file_links(task: Task, files: TaskFiles, life: LinkLife) -> list[FileLink]:
    """Links to the video, the last frame and any other file, as far as they work."""
    is_live = task.status == Status.SUCCEEDED and not life.has_ended

    def link(label: str, icon: str, file: FilePresenter | None, url: str) -> FileLink | None:
        if file and file.copy.is_saved:
            return FileLink(label, icon, f"{file.url}?download", is_ours=True)
        is_deleted = bool(file and file.copy.is_deleted)
        return FileLink(label, icon, url) if is_live and not is_deleted and origin(url) else None

    video_url = "" if task.video_needs_key else task.video_url
    links = (
        link(_("Video file"), "download", files.video, video_url),
        link(_("Last frame"), "photo", files.last_frame, task.last_frame_url),
        link(_("Other file"), "file-text", None, task.file_url),
    )
    return [each for each in links if each]
