"""A task's last frame as the first frame of a new one: an upload of its project, or a link."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.archive import last_frame
from tasks.models import Copy, CopyKind, Task, Upload
from tasks.providers.catalog.request import UPLOAD
from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.web.compose import uploads
from tasks.web.compose.followups import Followups
from tasks.web.compose.prefill import Followup
from tasks.web.files import videos
from tasks.web.presenters.task import TaskPresenter

log = logging.getLogger(__name__)


#: The followups that begin with the clip itself.
GIVING_CLIP = (Followup.EDIT, Followup.EXTEND)


class NoLastFrameError(Exception):
    """A last frame is not to be had; the message is a sentence for the person who asked."""


def for_form(task: Task, followup: Followup, upload: int | None) -> str:
    """The form's value for what the followup begins with, as far as it is there; else "".

    `upload` is one that holds the last frame. Nothing is read out of a video here: this is for
    addresses, and looking changes nothing.
    """
    if upload:
        return f"{UPLOAD}{upload}"
    followups = Followups(TaskPresenter(task, timezone.now()))
    if followup in GIVING_CLIP:
        return followups.clip
    if followup is Followup.REFERENCE and followups.lends_video:
        return followups.clip
    return task.last_frame_url if followups.frame_link_lives else ""


def first_frame(task: Task, user: Any, now: datetime) -> str:
    """The last frame as a first one, "upload:7"; the provider's own link until our copy is saved.

    Where the provider gave none, it is read out of the saved video: some 0.5 s. Raises
    NoLastFrameError.
    """
    followups = Followups(TaskPresenter(task, now))
    if followups.frame_link_lives and not followups.frame_is_saved:
        return task.last_frame_url
    if not followups.has_frame:
        raise NoLastFrameError(_("There is no last frame to continue from."))
    keep = _keep_saved if followups.frame_is_saved else _keep_read_out
    try:
        return f"{UPLOAD}{keep(task, user, now).pk}"
    except (uploads.FileRefusedError, LimitReachedError) as reason:
        raise NoLastFrameError(str(reason)) from None


def _keep_saved(task: Task, user: Any, now: datetime) -> Upload:
    """Keep the saved last frame as an upload."""
    copy = task.copies.get(kind=CopyKind.LAST_FRAME)
    try:
        with videos().open(copy.name) as file:
            return uploads.keep(File(file), task.project, user, now)
    except uploads.FileRefusedError:
        raise
    except Exception as error:  # the libraries of remote storages raise errors of their own
        log.warning("A last frame could not be read: %s", type(error).__name__)
        raise NoLastFrameError(_("Couldn't read the last frame from storage.")) from None


def _keep_read_out(task: Task, user: Any, now: datetime) -> Upload:
    """Read the last frame out of the saved video, and keep it; once read, it is not read again."""
    copy = task.copies.get(kind=CopyKind.VIDEO)
    if known := _known(task, copy, now):
        return known
    spend(user, Limit.UPLOAD, 1)
    if not (picture := last_frame.read(copy)):
        message = _("Couldn't read the last frame from the saved video. Add a picture instead.")
        raise NoLastFrameError(message)
    kept = uploads.keep(ContentFile(picture), task.project, user, now)
    Copy.objects.filter(pk=copy.pk).update(frame_sha256=kept.sha256)
    return kept


def _known(task: Task, copy: Copy, now: datetime) -> Upload | None:
    """The upload of an earlier time, as long as it is there."""
    if not copy.frame_sha256:
        return None
    uploads_of_it = Upload.objects.here().filter(project=task.project, sha256=copy.frame_sha256)
    found = uploads_of_it.first()
    is_kept = found and found.is_stored and Upload.objects.touch([found.pk], task.project, now)
    return found if is_kept else None
