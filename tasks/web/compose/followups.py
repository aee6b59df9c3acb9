"""New videos offered for a finished task: with its seed, from its last frame, with it as reference.

And the final video of a draft.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from django.conf import settings

from tasks.archive import last_frame
from tasks.models import Submission
from tasks.providers.catalog.models import Input, Model, find_model
from tasks.providers.catalog.request import CLIP, Mode, modes_of
from tasks.providers.status import Status
from tasks.web.compose.prefill import seed_of
from tasks.web.presenters.task import TaskPresenter

DRAFT_LIFE = timedelta(days=7)  # volcengine.com/docs/82379/1520757: content.draft_task.id


class Followups:
    """The followups that a task offers, derived from the task and its copies alone."""

    def __init__(self, presented: TaskPresenter) -> None:
        self._presented, self.task = presented, presented.task

    @property
    def is_done(self) -> bool:
        return self.task.status == Status.SUCCEEDED

    @cached_property
    def submission(self) -> Submission | None:
        """The submission of a task that was made here, whose request can be sent again."""
        return getattr(self.task, "submission", None)

    @cached_property
    def _model(self) -> Model | None:
        if self.submission:
            return self.submission.generation.written_for
        return find_model(self.task.model)

    def _hands_on(self, name: str) -> bool:
        return name in self.task.credential.service.dialect.forwarded_fields

    @property
    def seed(self) -> int | None:
        """The seed to make more videos with; None if not succeeded, or the model takes no seed."""
        takes_seed = self._model and self._model.has_seed and self._hands_on("seed")
        return seed_of(self.task) if self.is_done and takes_seed else None

    @property
    def keeps_seed(self) -> bool:
        """Whether it is a final video, which its provider makes with the seed of its draft."""
        return bool(self.submission and self.submission.generation.draft_task_id)

    @property
    def is_draft(self) -> bool:
        """Whether the task is a finished draft that its provider can make a final of."""
        takes_drafts = self._model and Input.DRAFT_TASK in self._model.inputs
        is_draft = self.is_done and self.task.draft and self.task.is_named
        return bool(is_draft and takes_drafts and self._hands_on("draft_task_id"))

    @property
    def is_expired_draft(self) -> bool:
        """Whether a draft is older than its provider keeps it."""
        return self.task.born_at + DRAFT_LIFE <= self._presented.now

    @cached_property
    def has_frame(self) -> bool:
        """Whether there is a last frame: saved, the provider's while its link is valid, or in the
        saved video.
        """
        is_to_be_had = self.frame_is_saved or self.frame_link_lives or self.frame_is_in_video
        return self.is_done and is_to_be_had

    @property
    def frame_is_in_video(self) -> bool:
        """Whether the last frame can be read out of the saved video."""
        video = self._presented.files.video
        return last_frame.can_read(video.copy if video else None)

    @property
    def frame_is_saved(self) -> bool:
        frame = self._presented.files.last_frame
        return bool(frame and frame.copy.is_saved)

    @property
    def frame_link_lives(self) -> bool:
        frame = self._presented.files.last_frame
        is_deleted = bool(frame and frame.copy.is_deleted)
        return (
            bool(self.task.last_frame_url)
            and not self._presented.link_life.has_ended
            and not is_deleted
        )

    @property
    def lacks_frame(self) -> bool:
        """Whether the task succeeded without a last frame although it could have had one."""
        return self.is_done and not self.has_frame and not self.task.draft

    @property
    def can_be_reference(self) -> bool:
        """Whether its model takes the clip, or the last frame of it, as a reference."""
        return self.lends_video or self.lends_frame

    @property
    def lends_video(self) -> bool:
        """Whether its model takes videos as references, and a link to this one can be given."""
        return self._takes(Input.REFERENCE_VIDEO) and (self.shares_clip or self._video_link_lives)

    @property
    def can_be_edited(self) -> bool:
        """Whether its model edits videos, and a link to this one can be given."""
        return self.lends_video and self._has_mode(Mode.EDIT)

    @property
    def can_be_extended(self) -> bool:
        """Whether its model extends videos, and a link to this one can be given."""
        return self.lends_video and self._has_mode(Mode.EXTEND)

    def _has_mode(self, mode: Mode) -> bool:
        return self._model is not None and mode in modes_of(self._model)

    @property
    def shares_clip(self) -> bool:
        """Whether providers may fetch the saved video from here."""
        files = self._presented.files
        return bool(settings.SHARES_UPLOADS) and files.is_saved and not files.is_deleted

    @property
    def clip(self) -> str:
        """The form's value for the clip: our saved video, else the provider's link; or ""."""
        if not self.lends_video:
            return ""
        return f"{CLIP}{self.task.pk}" if self.shares_clip else self.task.video_url

    @property
    def lends_frame(self) -> bool:
        """Whether its model takes pictures as references, and the last frame can be had."""
        return self._takes(Input.REFERENCE_IMAGE) and self.has_frame

    def _takes(self, given: Input) -> bool:
        takes = self._model is not None and given in self._model.inputs
        return self.is_done and takes and self._hands_on(str(given))

    @property
    def _video_link_lives(self) -> bool:
        task, life = self.task, self._presented.link_life
        is_given = bool(task.video_url) and not task.video_needs_key
        return is_given and not life.has_ended and not self._presented.files.is_deleted
