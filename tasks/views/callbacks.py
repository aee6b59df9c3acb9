"""Where providers call when a task changes. They have no account here, only a token."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tasks import callbacks

LARGEST_BODY = 64 * 1024  # bytes; a task is about 2 kB


@csrf_exempt
@login_not_required
@require_POST
def callback(request: HttpRequest, token: str) -> HttpResponse:
    """A hint: nobody looks at what was posted. It is only taken off the line, or the provider would
    see the connection break, and call again; of a stranger not even that.
    """
    if _length(request) > LARGEST_BODY:
        return HttpResponse(status=413)
    if not callbacks.hear(token, timezone.now()):
        raise Http404
    request.read(LARGEST_BODY)
    return HttpResponse()


def _length(request: HttpRequest) -> int:
    said = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
