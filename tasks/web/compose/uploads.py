"""Uploaded pictures: recognized by their content, checked against the limits, stored or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, cast

from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.archive import disk
from tasks.media.containers import Image, NotAnImageError, read_picture
from tasks.models import Project, Upload
from tasks.models.upload import KEPT_UNUSED, QuotaExceededError
from tasks.providers.catalog.picture_limits import limit_violations
from tasks.providers.catalog.request import PICTURES, UPLOAD
from tasks.team.limits import Limit, spend
from tasks.text import prose
from tasks.web.compose.labels import picture_sentence

MOST_FILES = 30  # in one upload: as many references as any model takes
LONGEST_NAME = 60  # characters of a file's name in a message


class PictureRefusedError(ValueError):
    """A file that is not stored; the message is a sentence for the person who gave it."""


@dataclass
class ReceivedPictures:
    """The files that are stored as uploads, and a sentence for each refused one."""

    kept: list[Upload] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def project_of(user: Any, data: QueryDict) -> Project:
    """The project that the form names, or the person's first one.

    Raises Http404 for a project they cannot use, PermissionDenied if they can use none.
    """
    usable = {str(each.pk): each for each in Project.objects.usable_by(user)}
    if not usable:
        raise PermissionDenied
    named = data.get("project") or next(iter(usable))
    if named not in usable:
        raise Http404
    return usable[named]


def receive_without_scripts(request: HttpRequest) -> tuple[QueryDict, dict[str, list[str]]]:
    """Store the files posted with the form itself, as browsers without scripts do.

    Return the form's data with the new uploads in it, and the refusals by media role. Scripts send
    files by themselves, before the form. Raises LimitReachedError.
    """
    data, refused = request.POST.copy(), {}
    files = {part: request.FILES.getlist(f"{part}_files")[:MOST_FILES] for part in PICTURES}
    if any(files.values()):
        project = project_of(request.user, data)
        spend(request.user, Limit.UPLOAD, sum(map(len, files.values())))
        for part, given in files.items():
            received = receive(given, project, request.user, timezone.now())
            for upload in received.kept:
                data.appendlist(part, f"{UPLOAD}{upload.pk}")
            refused[str(part)] = received.refused
    return data, refused


def receive(
    files: Iterable[UploadedFile], project: Project, user: Any, now: datetime
) -> ReceivedPictures:
    received = ReceivedPictures()
    for file in files:
        try:
            received.kept.append(keep(file, project, user, now))
        except PictureRefusedError as refusal:
            name = (file.name or "")[:LONGEST_NAME]
            received.refused.append(_("%(name)s: %(why)s") % {"name": name, "why": refusal})
    return received


def keep(file: File, project: Project, user: Any, now: datetime) -> Upload:
    """Store one picture as an upload of the project. Raises PictureRefusedError."""
    picture = _read_picture(file)
    if not disk.takes(file.size or 0):
        message = _(
            "The server's disk is full, so nothing was saved. Ask an administrator to free up "
            "space."
        )
        raise PictureRefusedError(message)
    sha256 = hashlib.sha256()
    for chunk in file.chunks():
        sha256.update(chunk)
    facts: dict[str, Any] = {"project": project, "created_by": user}
    facts |= {"sha256": sha256.hexdigest(), "size": file.size or 0, "kind": picture.format}
    try:
        return Upload.objects.keep(file, now, **facts, width=picture.width, height=picture.height)
    except QuotaExceededError as error:
        raise PictureRefusedError(_quota_sentence(error)) from None


def _quota_sentence(error: QuotaExceededError) -> str:
    sizes = {"used": filesizeformat(error.used), "most": filesizeformat(error.most)}
    if error.is_persons:
        used = _("Your pictures use %(used)s of the %(most)s allowed per person.") % sizes
    else:
        used = _("This project's pictures use %(used)s of %(most)s.") % sizes
    return prose(
        used,
        _(
            "Pictures that no task uses are removed after %(days)s days. An administrator can "
            "raise the limit."
        )
        % {"days": KEPT_UNUSED.days},
    )


def _read_picture(file: File) -> Image:
    """Recognize a picture by its content, whatever its name and posted type. May refuse it."""
    try:
        picture = read_picture(cast("BinaryIO", file))
    except NotAnImageError:
        message = _("This isn't a complete picture. Use JPEG, PNG, WebP, GIF or BMP.")
        raise PictureRefusedError(message) from None
    size, width, height = file.size or 0, picture.width, picture.height
    if broken := list(limit_violations(size=size, width=width, height=height)):
        raise PictureRefusedError(prose(*map(picture_sentence, broken)))
    return picture
