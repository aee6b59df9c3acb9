"""A small picture that stands for a clip where a page names it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from tasks.models import Task
from tasks.providers.status import Status
from tasks.web.presenters.badges import STATUS_BADGES
from tasks.web.presenters.links import LinkLife
from tasks.web.presenters.screen import Screen
from tasks.web.presenters.task_files import TaskFiles


@dataclass(frozen=True)
class Thumbnail:
    """The poster's address, or "" and the icon that stands there instead."""

    poster: str
    icon: str
    shape: str

    @classmethod
    def of(cls, task: Task, now: datetime) -> Thumbnail:
        """The picture of a task whose copies are prefetched."""
        screen = Screen(task, TaskFiles(task, now), LinkLife(None, now), ())
        is_done = task.status == Status.SUCCEEDED
        icon = "movie" if is_done else STATUS_BADGES[Status(task.status)].icon
        return cls(screen.poster, icon, screen.shape)

    @classmethod
    def in_trash(cls, task: Task, now: datetime) -> Thumbnail:
        """The picture of a task that was deleted, or whose video was: for who may restore it."""
        video = TaskFiles(task, now).video
        has_poster = video is not None and bool(video.copy.poster)
        poster = reverse("trash_poster", args=[task.pk]) if has_poster else ""
        return replace(cls.of(task, now), poster=poster)
