"""Uploaded pictures: received, shown in the form, and read by providers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tasks.models import Upload
from tasks.providers.catalog.request import PICTURES
from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.web.compose import uploads
from tasks.web.files import SavedFile, answer, answer_for_ever
from tasks.web.limits import refused


@require_POST
def upload(request: HttpRequest) -> HttpResponseBase:
    """Store `files` for the role named by `part`; answer with thumbnails and the refusals."""
    project = uploads.project_of(request.user, request.POST)
    files, part = request.FILES.getlist("files"), request.POST.get("part", "")
    if not files or len(files) > uploads.MOST_FILES or part not in PICTURES:
        message = _("Upload pictures, at most %(most)s at a time.") % {"most": uploads.MOST_FILES}
        return HttpResponseBadRequest(message, content_type="text/plain; charset=utf-8")
    try:
        spend(request.user, Limit.UPLOAD, len(files))
    except LimitReachedError as error:
        none = uploads.ReceivedPictures(refused=[str(error)])
        page = render(request, "compose/_received.html", {"received": none, "part": part})
        return refused(page, error)
    received = uploads.receive(files, project, request.user, timezone.now())
    return render(request, "compose/_received.html", {"received": received, "part": part})


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(Upload.objects.visible_to(request.user), pk=pk)
    return answer_for_ever(request, _saved_file(row))


@login_not_required
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send one picture to a provider, which has no account here, by a link that expires."""
    return answer(request, _saved_file(get_object_or_404(Upload.objects.shared(token))))


def _saved_file(upload: Upload) -> SavedFile:
    return SavedFile(
        name=upload.name,
        content_type=upload.content_type,
        download_name=f"{upload.pk}.{upload.kind}",
        sha256=upload.sha256,
        size=upload.size,
    )
