"""The actions that a task's status allows; the views check the person's rights in addition."""

from __future__ import annotations

from tasks.models.cancellation import can_be_cancelled
from tasks.providers import provider
from tasks.providers.status import Status
from tasks.web.presenters.task import TaskPresenter

#: Statuses of tasks of which it is not known yet whether they were created.
UNSURE = frozenset({Status.SUBMITTING, Status.UNCONFIRMED})


class TaskActions:
    """The buttons of a task's page that depend on its status and its copies."""

    def __init__(self, presented: TaskPresenter) -> None:
        self._task, self._files = presented.task, presented.files

    @property
    def can_save(self) -> bool:
        return self._task.is_named and self._files.may_be_saved

    @property
    def can_refresh(self) -> bool:
        return self._task.is_named

    @property
    def can_edit(self) -> bool:
        """Whether the form can be filled from it: not from an id that belongs elsewhere."""
        return not self._task.is_foreign

    @property
    def can_cancel(self) -> bool:
        return can_be_cancelled(self._task)

    @property
    def is_past_cancelling(self) -> bool:
        """Whether the task is running at a provider that cancels queued tasks only."""
        is_running = self._task.is_named and self._task.status == Status.RUNNING
        return is_running and provider(self._task.provider).can_cancel

    @property
    def can_repeat(self) -> bool:
        """Whether the task's request is known, and also whether the task was created."""
        return bool(getattr(self._task, "submission", None)) and self._task.status not in UNSURE
