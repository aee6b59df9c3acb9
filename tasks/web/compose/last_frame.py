"""A task's last frame, kept as an upload of its project for a new task to begin with."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.files import File
from django.core.files.base import ContentFile
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.archive import last_frame
from tasks.models import Copy, CopyKind, Project, Task, Upload
from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.web.compose import uploads
from tasks.web.compose.followups import Followups
from tasks.web.compose.uploads import PictureRefusedError
from tasks.web.files import videos
from tasks.web.presenters.task import TaskPresenter

log = logging.getLogger(__name__)

#: The followups that begin with the last frame, or refer to it.
WANTED_BY = frozenset({"continued", "reference_frame"})


def for_form(request: HttpRequest, task: Task) -> int | None:
    """The id of the upload that holds the last frame; None where the provider's link is given.

    Where there is neither, the page says why; the form then has no link that has ended. Nothing is
    kept for a person who adds no pictures to the task's project.
    """
    user, now = request.user, timezone.now()
    try:
        if Project.objects.usable_by(user).filter(pk=task.project_id).exists():
            return _upload(task, user, now)
    except (PictureRefusedError, LimitReachedError) as reason:
        messages.error(request, str(reason))
    task.last_frame_url = ""
    return None


def _upload(task: Task, user: Any, now: datetime) -> int | None:
    followups = Followups(TaskPresenter(task, now))
    if followups.is_done and followups.frame_is_saved:
        return keep_saved(task, user, now).pk
    if followups.is_done and followups.frame_link_lives:
        return None
    if followups.has_frame:
        return _keep_read_out(task, user, now).pk
    raise PictureRefusedError(_("There is no last frame to continue from."))


def keep_saved(task: Task, user: Any, now: datetime) -> Upload:
    """Keep the saved last frame as an upload. Raises PictureRefusedError."""
    copy = Copy.objects.get(task=task, kind=CopyKind.LAST_FRAME)
    try:
        with videos().open(copy.name) as file:
            return uploads.keep(File(file), task.project, user, now)
    except PictureRefusedError:
        raise
    except Exception as error:  # the libraries of remote storages raise errors of their own
        log.warning("A last frame could not be read: %s", type(error).__name__)
        message = _("The last frame could not be read from the storage.")
        raise PictureRefusedError(message) from None


def _keep_read_out(task: Task, user: Any, now: datetime) -> Upload:
    """Read the last frame out of the saved video, some 0.5 s, and keep it; once read, no more.

    Raises PictureRefusedError and LimitReachedError.
    """
    copy = Copy.objects.get(task=task, kind=CopyKind.VIDEO)
    if known := _known(task, copy, now):
        return known
    spend(user, Limit.UPLOAD, 1)
    if not (picture := last_frame.read(copy)):
        message = _("The last frame could not be read from the saved video. Add a picture instead.")
        raise PictureRefusedError(message)
    kept = uploads.keep(ContentFile(picture), task.project, user, now)
    Copy.objects.filter(pk=copy.pk).update(frame_sha256=kept.sha256)
    return kept


def _known(task: Task, copy: Copy, now: datetime) -> Upload | None:
    """The upload of an earlier time, as long as it is there."""
    if not copy.frame_sha256:
        return None
    found = Upload.objects.here().filter(project=task.project, sha256=copy.frame_sha256).first()
    is_kept = found and found.is_stored and Upload.objects.touch([found.pk], task.project, now)
    return found if is_kept else None
