"""A small picture that stands for a clip where a page names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from tasks.models import Copy, CopyKind, Task
from tasks.status import Status
from tasks.web.presenters.badges import STATUS_BADGES
from tasks.web.presenters.files import FilePresenter
from tasks.web.presenters.screen import shape_of


@dataclass(frozen=True)
class Thumbnail:
    """The poster's address, or "" and the icon that stands there instead."""

    poster: str
    icon: str
    shape: str

    @classmethod
    def of(cls, task: Task, now: datetime) -> Thumbnail:
        """The picture of a task whose copies are prefetched."""
        video = _video_of(task)
        if video is None or not video.is_saved:
            return cls._made(task, "")
        return cls._made(task, FilePresenter(video, now, shows_details=False).poster)

    @classmethod
    def in_trash(cls, task: Task) -> Thumbnail:
        """The picture of a task that was deleted, or whose video was."""
        video = _video_of(task)
        has_poster = video is not None and bool(video.poster)
        return cls._made(task, reverse("trash_poster", args=[task.pk]) if has_poster else "")

    @classmethod
    def _made(cls, task: Task, poster: str) -> Thumbnail:
        is_done = task.status == Status.SUCCEEDED
        icon = "movie" if is_done else STATUS_BADGES[Status(task.status)].icon
        return cls(poster, icon, shape_of(task))


def _video_of(task: Task) -> Copy | None:
    return next((copy for copy in task.copies.all() if copy.kind == CopyKind.VIDEO), None)
