"""Pictures that people give: taken in, shown in the form, and read by providers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tasks.making import uploads
from tasks.models import Upload
from tasks.providers.wish import PICTURES
from tasks.serving import SavedFile, answer

#: What lies under an address never changes, so a browser need not ask again.
KEPT = "private, max-age=31536000, immutable"


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """`files` for the `part` they are to play; answered with thumbnails, and what is refused."""
    project = uploads.project_of(request.user, request.POST)
    files, part = request.FILES.getlist("files"), request.POST.get("part", "")
    if not files or len(files) > uploads.MOST or part not in PICTURES:
        words = _("Give pictures, at most %(most)s at a time.") % {"most": uploads.MOST}
        return HttpResponseBadRequest(words, content_type="text/plain; charset=utf-8")
    taken = uploads.take(files, project, request.user, timezone.now())
    return render(request, "make/_taken.html", {"taken": taken, "part": part})


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(Upload.objects.visible_to(request.user), pk=pk)
    response = answer(request, _file(found))
    if response.status_code in (200, 206, 304):
        response["Cache-Control"] = KEPT
    return response


@login_not_required
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """For a provider, which has no account here: one picture, by a link that ends."""
    return answer(request, _file(get_object_or_404(Upload.objects.shared(token))))


def _file(found: Upload) -> SavedFile:
    return SavedFile(
        name=found.name,
        content_type=found.content_type,
        download_name=f"{found.pk}.{found.kind}",
        sha256=found.sha256,
    )
