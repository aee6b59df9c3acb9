"""Health checks for machines: whether the process runs, whether it can work, and its condition.

`/healthz` and `/readyz` are public, because they reveal no more than a failing page would.
`/statusz` reveals how much a team has to do, so it is for staff. A monitor has no session, and
should not have a person's, so it may send the token of DAILIES_STATUS_TOKEN, which opens nothing
else.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tasks.models.access import administers
from tasks.monitoring import InstallationStatus, damage, readiness


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while this process runs; the database is not asked."""
    return _plain_text("ok")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether pages work, by the last probes; else 503 and what is wrong, a line each."""
    if reasons := readiness.latest.reasons():
        return _plain_text("\n".join(reasons), status=503)
    return _plain_text("ok")


@login_not_required
@require_safe
@never_cache
def statusz(request: HttpRequest) -> HttpResponse:
    """Answer with the condition as JSON, for staff and for holders of the status token."""
    if _has_status_token(request) or administers(request.user):
        return _condition()
    if request.user.is_authenticated:
        return _plain_text("For staff only.", status=403)
    message = "Sign in as staff, or bring the token of DAILIES_STATUS_TOKEN."
    answer = _plain_text(message, status=401)
    answer["WWW-Authenticate"] = "Bearer"
    return answer


def _plain_text(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def _condition() -> HttpResponse:
    """The key figures, or that the database keeps them back: a monitor reads no page for people."""
    try:
        return JsonResponse(InstallationStatus.read(timezone.now()).as_dict())
    except DatabaseError as error:
        if damage.is_damage(error):
            damage.note(error)
        found = {"concerns": ["database"], "database_damage": damage.noted()}
        return JsonResponse(found, status=503)


def _has_status_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected: str = settings.STATUS_TOKEN
    is_right = constant_time_compare(token.strip(), expected)
    return bool(expected) and scheme.lower() == "bearer" and is_right
