"""Three questions that machines ask: does it run, can it work, how does it fare.

`/healthz` and `/readyz` are for everybody, for they say nothing that a failing page would not.
`/statusz` tells how much a team has to do, so it is for staff; a monitor has no session, nor
should it have a person's, so it may bring the token of DAILIES_STATUS_TOKEN, which opens nothing
else.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tasks.condition import Condition


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; the database is not asked."""
    return _line("ok")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers, with all tables this release needs; else 503 and what is missing."""
    try:
        applied = MigrationRecorder(connection).applied_migrations().keys()
    except DatabaseError:  # its words may name hosts and people
        return _line("The database does not answer.", status=503)
    if not _newest_migrations() <= applied:
        return _line("Migrations are missing: run manage.py migrate.", status=503)
    return _line("ok")


@login_not_required
@require_safe
@never_cache
def statusz(request: HttpRequest) -> HttpResponse:
    """The condition as JSON, for staff and for who brings the token."""
    if not (_brings_the_token(request) or request.user.is_staff):
        return _refusal(request)
    return JsonResponse(Condition.read(timezone.now()).as_dict())


def _line(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """Of each app, as this process's code has them: whoever is applied, its forerunners are."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _brings_the_token(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    expected: str = settings.STATUS_TOKEN
    is_right = constant_time_compare(token.strip(), expected)
    return bool(expected) and kind.lower() == "bearer" and is_right


def _refusal(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return _line("For staff only.", status=403)
    answer = _line("Sign in as staff, or bring the token of DAILIES_STATUS_TOKEN.", status=401)
    answer["WWW-Authenticate"] = "Bearer"
    return answer
