"""What can be made out of a finished task: with its seed, from its last frame, as a final."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from tasks.making.again import seed_of
from tasks.models import Submission
from tasks.providers.catalog import Input, Model, find_model
from tasks.showing import Showing
from tasks.status import Status

DRAFT_LIFE = timedelta(days=7)  # volcengine.com/docs/82379/1520757: content.draft_task.id


class Offers:
    """What a task's page offers besides the form; asked of the task and its copies alone."""

    def __init__(self, shown: Showing) -> None:
        self._shown, self.task = shown, shown.task

    @property
    def is_done(self) -> bool:
        return self.task.status == Status.SUCCEEDED

    @cached_property
    def submission(self) -> Submission | None:
        """Where there is one, the wish is known and can be sent once more as it was."""
        return getattr(self.task, "submission", None)

    @property
    def wished_seed(self) -> int | None:
        """The one that goes with the same wish."""
        seed = self.submission.wished.seed if self.submission else None
        return seed if seed is None or seed >= 0 else None

    @cached_property
    def _model(self) -> Model | None:
        if self.submission:
            return self.submission.wished.catalogued
        return find_model(self.task.model)

    def _hands_on(self, name: str) -> bool:
        return name in self.task.credential.service.dialect.hands_on

    @property
    def seed(self) -> int | None:
        """To be taken for more: None where the model takes none."""
        takes = self._model and self._model.has_seed and self._hands_on("seed")
        return seed_of(self.task) if self.is_done and takes else None

    @property
    def is_draft(self) -> bool:
        """One that this provider makes finals of."""
        can = self._model and Input.DRAFT_TASK in self._model.inputs
        draft = self.is_done and self.task.draft and self.task.is_named
        return bool(draft and can and self._hands_on("draft_task_id"))

    @property
    def is_forgotten(self) -> bool:
        """Whether a draft is older than its provider keeps it."""
        return self.task.born_at + DRAFT_LIFE <= self._shown.now

    @property
    def has_frame(self) -> bool:
        """A last frame to go on from: ours, or the provider's while its link lives."""
        return self.is_done and (self.frame_is_saved or self.frame_link_lives)

    @property
    def frame_is_saved(self) -> bool:
        frame = self._shown.last_frame
        return bool(frame and frame.copy.is_saved)

    @property
    def frame_link_lives(self) -> bool:
        frame = self._shown.last_frame
        is_deleted = bool(frame and frame.copy.is_deleted)
        return bool(self.task.last_frame_url) and not self._shown.link_ended and not is_deleted

    @property
    def lacks_frame(self) -> bool:
        """Done without one: it is to be asked for before. A draft has none."""
        return self.is_done and not self.has_frame and not self.task.draft
