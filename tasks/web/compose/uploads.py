"""Given files: recognized by their content, checked against the limits, stored or refused."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.archive import disk
from tasks.media import posters
from tasks.models import Project, Upload
from tasks.models.upload import KEPT_UNUSED, QuotaExceededError
from tasks.providers.catalog.material_limits import Material
from tasks.providers.catalog.models import Model, find_model, unchecked_model
from tasks.providers.catalog.request import UPLOAD, MediaRole
from tasks.team.limits import Limit, spend
from tasks.text import prose
from tasks.web.compose.labels import no_sharing_sentence
from tasks.web.compose.recognition import FileRefusedError, recognized

MOST_FILES = 30  # in one upload: as many references as any model takes
LONGEST_NAME = 60  # characters of a file's name in a message
#: Seconds for the small pictures of the videos and sounds of one upload: they are made while the
#: person waits. Those of the rest are left out.
PICTURES_WITHIN = 10.0

MATERIALS = {
    "image_url": Material.PICTURE,
    "video_url": Material.VIDEO,
    "audio_url": Material.SOUND,
}


@dataclass
class ReceivedFiles:
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
    files = {part: request.FILES.getlist(f"{part}_files")[:MOST_FILES] for part in MediaRole}
    if any(files.values()):
        project = project_of(request.user, data)
        spend(request.user, Limit.UPLOAD, sum(map(len, files.values())))
        for part, given in files.items():
            received = receive(
                given,
                project,
                request.user,
                timezone.now(),
                material=material_of(part),
                models=models_in(data),
            )
            for upload in received.kept:
                data.appendlist(part, f"{UPLOAD}{upload.pk}")
            refused[str(part)] = received.refused
    return data, refused


def material_of(part: MediaRole) -> Material:
    """Return the material of the files that are given in a role."""
    return MATERIALS[part.content_type]


def models_in(data: QueryDict) -> list[Model]:
    """The models that the form names, as far as something is known of them."""
    found = (find_model(name) or unchecked_model(name) for name in data.getlist("model"))
    return [model for model in found if model]


def receive(
    files: Iterable[UploadedFile],
    project: Project,
    user: Any,
    now: datetime,
    *,
    material: Material = Material.PICTURE,
    models: Collection[Model] = (),
) -> ReceivedFiles:
    """Store these files, or say of each why not. `models` are those that may get them."""
    received, end = ReceivedFiles(), time.monotonic() + PICTURES_WITHIN
    for file in files:
        try:
            if material == Material.VIDEO and not settings.SHARES_UPLOADS:
                raise FileRefusedError(no_sharing_sentence())
            upload = keep(file, project, user, now, material=material, models=models)
            give_picture(upload, file, end - time.monotonic())
            received.kept.append(upload)
        except FileRefusedError as refusal:
            name = (file.name or "")[:LONGEST_NAME]
            received.refused.append(_("%(name)s: %(why)s") % {"name": name, "why": refusal})
    return received


def keep(
    file: File,
    project: Project,
    user: Any,
    now: datetime,
    *,
    material: Material = Material.PICTURE,
    models: Collection[Model] = (),
) -> Upload:
    """Store one file as an upload of the project. Raises FileRefusedError."""
    facts = recognized(file, material, models)
    if not disk.takes(file.size or 0):
        message = _(
            "The server's disk is full, so nothing was saved. Ask an administrator to free up "
            "space."
        )
        raise FileRefusedError(message)
    sha256 = hashlib.sha256()
    for chunk in file.chunks():
        sha256.update(chunk)
    facts |= {"project": project, "created_by": user}
    facts |= {"sha256": sha256.hexdigest(), "size": file.size or 0}
    try:
        return Upload.objects.keep(file, now, **facts)
    except QuotaExceededError as error:
        raise FileRefusedError(_quota_sentence(error)) from None


def give_picture(upload: Upload, file: File, within: float) -> None:
    """Make and store the small picture of a video or a sound, where that can be done in time."""
    is_wanted = upload.material != Material.PICTURE and not upload.picture
    if not is_wanted or within <= 0 or not posters.can_make():
        return
    if picture := _on_disk(file, upload.material, within):
        upload.keep_picture(picture, "png" if upload.material == Material.SOUND else "webp")


def _on_disk(file: File, material: Material, within: float) -> bytes | None:
    """The small picture of a file, which is written to the disk for it if it is not there yet."""
    if hasattr(file, "temporary_file_path"):
        return _drawn(Path(file.temporary_file_path()), material, within)
    with tempfile.NamedTemporaryFile(prefix="dailies-given-") as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        return _drawn(Path(copy.name), material, within)


def _drawn(path: Path, material: Material, within: float) -> bytes | None:
    if material == Material.SOUND:
        return posters.waveform(path, within=within)
    made = posters.make(path, within=within)
    return made.poster if made else None


def _quota_sentence(error: QuotaExceededError) -> str:
    sizes = {"used": filesizeformat(error.used), "most": filesizeformat(error.most)}
    if error.is_persons:
        used = _("Your uploads use %(used)s of the %(most)s allowed per person.") % sizes
    else:
        used = _("This project's uploads use %(used)s of %(most)s.") % sizes
    return prose(
        used,
        _(
            "Files that no task uses are removed after %(days)s days. An administrator can "
            "raise the limit."
        )
        % {"days": KEPT_UNUSED.days},
    )
