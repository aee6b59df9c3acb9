"""Pictures on their way in: what each really is, whether the models take it, kept or refused."""

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
from django.utils import timezone
from django.utils.translation import gettext as _

from seedance_site.prose import prose
from tasks.containers import Image, NotAnImage, read_picture
from tasks.making.words import broken
from tasks.models import Project, Upload
from tasks.providers.pictures import broken_limits
from tasks.providers.wish import PICTURES, UPLOAD

MOST = 30  # files at once: as many references as any model takes
LONGEST_NAME = 60  # characters of a file's name that are repeated


class Refused(ValueError):
    """Said to the person who gave the file."""


@dataclass
class Taken:
    """What became of some files: the pictures now kept, and a sentence for each that is not."""

    kept: list[Upload] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def project_of(user: Any, data: QueryDict) -> Project:
    """The one that the form names, or the first to work in; Http404 for anybody else's."""
    mine = {str(each.pk): each for each in Project.objects.open_to_work_by(user)}
    if not mine:
        raise PermissionDenied
    named = data.get("project") or next(iter(mine))
    if named not in mine:
        raise Http404
    return mine[named]


def take_without_scripts(request: HttpRequest) -> tuple[QueryDict, dict[str, list[str]]]:
    """The form's data with the files that came in it as uploads, and for each part what is wrong.

    Scripts send files on their own, before.
    """
    data, refused = request.POST.copy(), {}
    files = {part: request.FILES.getlist(f"{part}_files")[:MOST] for part in PICTURES}
    if any(files.values()):
        project = project_of(request.user, data)
        for part, given in files.items():
            taken = take(given, project, request.user, timezone.now())
            for upload in taken.kept:
                data.appendlist(part, f"{UPLOAD}{upload.pk}")
            refused[str(part)] = taken.refused
    return data, refused


def take(files: Iterable[UploadedFile], project: Project, user: Any, now: datetime) -> Taken:
    taken = Taken()
    for file in files:
        try:
            taken.kept.append(keep(file, project, user, now))
        except Refused as refusal:
            name = (file.name or "")[:LONGEST_NAME]
            taken.refused.append(_("%(name)s: %(why)s") % {"name": name, "why": refusal})
    return taken


def keep(file: File, project: Project, user: Any, now: datetime) -> Upload:
    """Raises Refused."""
    picture = _picture(file)
    return Upload.objects.keep(
        file,
        now,
        project=project,
        created_by=user,
        sha256=_sha256(file),
        size=file.size or 0,
        width=picture.width,
        height=picture.height,
        kind=picture.format,
    )


def _picture(file: File) -> Image:
    """By its content: neither its name nor what the browser calls it counts."""
    try:
        picture = read_picture(cast("BinaryIO", file))
    except NotAnImage:
        said = _("This is not a whole picture. JPEG, PNG, WebP, GIF and BMP are taken.")
        raise Refused(said) from None
    size, width, height = file.size or 0, picture.width, picture.height
    if wrong := [broken(each) for each in broken_limits(size=size, width=width, height=height)]:
        raise Refused(prose(*wrong))
    return picture


def _sha256(file: File) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()
