"""Uploaded files: received, shown in the form, and read by providers."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tasks.models import Copy, Upload, shared_links
from tasks.providers.catalog.material_limits import Material
from tasks.providers.catalog.request import MediaRole, clip_in
from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.web.compose import uploads
from tasks.web.compose.given_files import GivenFile
from tasks.web.files import SavedFile, answer, answer_for_ever, answer_preview, image_type
from tasks.web.limits import refused


@require_POST
def upload(request: HttpRequest) -> HttpResponseBase:
    """Store `files` for the role named by `part`; answer with thumbnails and the refusals."""
    project = uploads.project_of(request.user, request.POST)
    files, part = request.FILES.getlist("files"), request.POST.get("part", "")
    if not files or len(files) > uploads.MOST_FILES or part not in list(MediaRole):
        message = _("Add files, at most %(most)s at a time.") % {"most": uploads.MOST_FILES}
        return HttpResponseBadRequest(message, content_type="text/plain; charset=utf-8")
    try:
        spend(request.user, Limit.UPLOAD, len(files))
    except LimitReachedError as error:
        none = uploads.ReceivedFiles(refused=[str(error)])
        page = render(request, "compose/_received.html", {"refused": none.refused, "part": part})
        return refused(page, error)
    received = uploads.receive(
        files,
        project,
        request.user,
        timezone.now(),
        material=uploads.material_of(MediaRole(part)),
        models=uploads.models_in(request.POST),
    )
    context = {
        "given": [GivenFile.of_upload(each) for each in received.kept],
        "refused": received.refused,
        "part": part,
    }
    return render(request, "compose/_received.html", context)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(Upload.objects.visible_to(request.user), pk=pk)
    send = answer_for_ever if row.material == Material.PICTURE else answer
    return send(request, _saved_file(row))


@require_safe
def picture(request: HttpRequest, pk: int, digest: str) -> HttpResponseBase:
    """Send the small picture of a video or a sound whose content has this hash."""
    rows = Upload.objects.visible_to(request.user).filter(picture_hash=digest)
    row = get_object_or_404(rows, pk=pk)
    suffix = PurePosixPath(row.picture or "").suffix
    saved = SavedFile(
        name=row.picture or "",
        content_type=image_type(suffix),
        download_name=f"{row.pk}{suffix}",
        sha256=digest,
        size=row.picture_size,
    )
    return answer_preview(request, saved)


@login_not_required
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send one file to a provider, which has no account here, by a link that expires."""
    clip = clip_in(shared_links.named_by(token))
    if clip is None:
        return answer(request, _saved_file(get_object_or_404(Upload.objects.shared(token))))
    copy = Copy.objects.saved_videos().filter(task=clip, task__deleted_at=None).first()
    if copy is None:
        raise Http404
    saved = SavedFile(
        name=copy.name,
        content_type="video/mp4",
        download_name=f"{clip}{PurePosixPath(copy.name).suffix}",
        sha256=copy.sha256,
        size=copy.size,
        copy=copy.pk,
    )
    return answer(request, saved)


def _saved_file(upload: Upload) -> SavedFile:
    return SavedFile(
        name=upload.name,
        content_type=upload.content_type,
        download_name=f"{upload.pk}.{upload.kind}",
        sha256=upload.sha256,
        size=upload.size,
    )
