"""Ark's own API, asked with a token of ours: its SDKs need another base URL and key, no more.

volcengine.com/docs/82379/1520757 (create), 1521309 (get), 1521675 (list), 1521720 (delete).
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from tasks.clients.ark_answers import task_json
from tasks.clients.ids import id_of_submission
from tasks.models import Credential, ModelName, Task, TokenScope
from tasks.providers.dialects.ark_errors import RefusalError
from tasks.providers.dialects.model_list import entry, kinds_of
from tasks.web.api import cancels, creates, lists
from tasks.web.api.bodies import read_body
from tasks.web.api.endpoint import endpoint, origin_of, token_of

READ, MAKE = TokenScope.READ, TokenScope.MAKE


@endpoint({"GET": READ, "POST": MAKE})
def tasks(request: HttpRequest) -> HttpResponseBase:
    """List tasks, or create one."""
    return _create(request) if request.method == "POST" else _list(request)


@endpoint({"GET": READ, "DELETE": MAKE})
def task(request: HttpRequest, task_id: str) -> HttpResponseBase:
    """Tell one task, or cancel it."""
    found = creates.find(request.user, task_id)
    if found is None:
        raise RefusalError(404, "ResourceNotFound")
    if request.method == "DELETE":
        cancels.delete(request, found)
        return JsonResponse({})
    return JsonResponse(_told(request, found))


@endpoint({"GET": READ})
def models(request: HttpRequest) -> HttpResponseBase:
    """List the models that the token's projects can use."""
    found: dict[str, Any] = {}
    for project in token_of(request).projects():
        credentials = Credential.objects.usable_in(project)
        for offered in ModelName.objects.offered_among(credentials).values():
            for name, model in offered.items():
                found.setdefault(name, entry(name, kinds_of(model)))
    return JsonResponse({"object": "list", "data": list(found.values())})


def _create(request: HttpRequest) -> HttpResponseBase:
    with ExitStack() as keep:
        body = read_body(request, keep)  # type: ignore[arg-type]  # it has `read`
        made = creates.create(request, body)
    echo = made.generation.safety_identifier
    return JsonResponse(
        {"id": id_of_submission(made)} | ({"safety_identifier": echo} if echo else {})
    )


def _list(request: HttpRequest) -> HttpResponseBase:
    total, rows = lists.listed(request.user, request.GET, timezone.now())
    return JsonResponse({"total": total, "items": [_told(request, row) for row in rows]})


def _told(request: HttpRequest, row: Task) -> dict[str, Any]:
    return task_json(row, token=token_of(request).pk, origin=origin_of(request))
