"""The address that providers call when a task changes. They have no account here, only a token."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tasks.providers.numbers import whole_number
from tasks.tracking import callbacks

LARGEST_BODY = 64 * 1024  # bytes; a task is about 2 kB


@csrf_exempt
@login_not_required
@require_POST
def callback(request: HttpRequest, token: str) -> HttpResponse:
    """Take the call as a hint that a task has changed; the posted body is never parsed.

    The body is read only because the provider would otherwise see a broken connection and call
    again; the body of a call with an unknown token is not even read.
    """
    length = whole_number(str(request.META.get("CONTENT_LENGTH"))) or 0
    if length > LARGEST_BODY:
        return HttpResponse(status=413)
    if not callbacks.receive(token, timezone.now()):
        raise Http404
    request.read(LARGEST_BODY)
    return HttpResponse()
