"""Presenters of all saved files of a task."""

from __future__ import annotations

from datetime import datetime

from tasks.models import CopyKind, Task
from tasks.providers import Trouble
from tasks.web.presenters.facts import Fact
from tasks.web.presenters.files import CHANGED, MISSING, FilePresenter


class TaskFiles:
    """The video and the last frame of a task, as far as the archive has copies of them."""

    def __init__(self, task: Task, now: datetime) -> None:
        # The provider has forgotten an ended task: its files are then to be had nowhere else.
        forgotten = not task.is_live and task.trouble == Trouble.NOT_FOUND
        listed = getattr(task, "listed_copies", None)  # TaskQuerySet.for_list reads them
        self._by_kind = {
            copy.kind: FilePresenter(
                copy, now, shows_details=task.shows_details, forgotten=forgotten
            )
            for copy in (task.copies.all() if listed is None else listed)
        }
        self.video = self._by_kind.get(CopyKind.VIDEO)
        self.last_frame = self._by_kind.get(CopyKind.LAST_FRAME)

    @property
    def unsaved_frame(self) -> FilePresenter | None:
        """The last frame, while its video is saved and it is not."""
        frame = self.last_frame
        lags = frame and not (frame.copy.is_saved or frame.copy.is_deleted)
        return frame if lags and self.is_saved else None

    @property
    def is_saved(self) -> bool:
        """Whether the video is saved."""
        return bool(self.video and self.video.copy.is_saved)

    @property
    def is_deleted(self) -> bool:
        """Whether somebody deleted the video and left the task."""
        return bool(self.video and self.video.copy.is_deleted)

    @property
    def is_lost(self) -> bool:
        """Whether the video was saved, is missing or changed, and cannot be had again."""
        return bool(self.video and self.video.state in (MISSING, CHANGED))

    @property
    def may_be_saved(self) -> bool:
        """Whether "save now" would do something for any of them."""
        return any(file.may_be_saved for file in self._by_kind.values())

    @property
    def is_moving(self) -> bool:
        """Whether one of them will change within seconds."""
        return any(file.is_moving for file in self._by_kind.values())

    @property
    def mark(self) -> str:
        """The video's letter in the live feed; "n" where there is no copy."""
        return self.video.mark if self.video else "n"

    @property
    def fact_groups(self) -> list[tuple[str, list[Fact]]]:
        """The facts of the saved files, under a heading each."""
        saved = [file for file in self._by_kind.values() if file.copy.is_saved]
        return [(file.heading, file.facts) for file in saved]
