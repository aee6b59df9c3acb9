"""Ark's own API, asked with a token of ours: its SDKs need another base URL and key, no more.

volcengine.com/docs/82379/1520757 (create), 1521309 (get), 1521675 (list), 1521720 (delete).
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from tasks.clients import links
from tasks.clients.ark_answers import task_json
from tasks.clients.ids import id_of_submission
from tasks.models import ApiCreate, ApiToken, Copy, Credential, ModelName, Task, TokenScope
from tasks.providers.dialects.ark_errors import RefusalError, invalid
from tasks.providers.dialects.ark_requests import model_in, read_request
from tasks.providers.dialects.model_list import entry, kinds_of
from tasks.status import Status
from tasks.web.api import cancels, creates, lists
from tasks.web.api.answered import after_answer
from tasks.web.api.bodies import Body, read_body
from tasks.web.api.destinations import CREDENTIAL, PROJECT, find_destination
from tasks.web.api.endpoint import endpoint, new_request_id
from tasks.web.files import SavedFile, answer

READ, MAKE = TokenScope.READ, TokenScope.MAKE
LONGEST_KEY = 255  # letters of an idempotency key
NOT_YET = 10  # seconds until a file that is not saved may be


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
    for project in _token_of(request).projects():
        for credential in Credential.objects.usable_in(project):
            for name, model in ModelName.objects.offered_at(credential).items():
                found.setdefault(name, entry(name, kinds_of(model)))
    return JsonResponse({"object": "list", "data": list(found.values())})


def nothing(request: HttpRequest) -> HttpResponseBase:
    """Answer an address that the API does not have."""
    request_id = new_request_id()
    refusal = RefusalError(404, "NotFound", f"{request.method} {request.path} is not found.")
    headers = {"X-Request-Id": request_id, "Cache-Control": "no-store"}
    return JsonResponse(refusal.body(request_id), status=404, headers=headers)


def only(*methods: str) -> HttpResponseBase:
    """Answer a method that an address does not have."""
    request_id = new_request_id()
    refusal = RefusalError(405, "MethodNotAllowed", f"Only {', '.join(methods)} is possible here.")
    headers = {"X-Request-Id": request_id, "Allow": ", ".join(methods)}
    return JsonResponse(refusal.body(request_id), status=405, headers=headers)


def _create(request: HttpRequest) -> HttpResponseBase:
    now, token, person = timezone.now(), _token_of(request), request.user
    with ExitStack() as keep:
        body = _body(request, keep)
        given, asked = model_in(body.data)
        destination = find_destination(person, asked, request.headers)
        generation = read_request(
            given,
            destination.model,
            name=destination.name,
            known_as=destination.known_as,
        )
        generation, origin = creates.with_draft(generation, destination, person)
        generation = creates.check(generation, destination, now)
        generation = creates.with_uploads(generation, body, destination, person, now)
    attempt = _attempt(request, body, given.get("callback_url", ""))
    try:
        made = creates.place(generation, destination, token, attempt, now, origin)
    except creates.KeyReusedError:
        text = "This Idempotency-Key came before with another request. Use a new key."
        raise RefusalError(400, "InvalidParameter", text, param="Idempotency-Key") from None
    after_answer(request, partial(_note_answered, made.batch_id))
    echo = generation.safety_identifier
    return JsonResponse(
        {"id": id_of_submission(made)} | ({"safety_identifier": echo} if echo else {})
    )


def _note_answered(batch: int) -> None:
    ApiCreate.objects.filter(batch=batch, answered_at=None).update(answered_at=timezone.now())


def _body(request: HttpRequest, keep: ExitStack) -> Body:
    return read_body(request, keep)  # type: ignore[arg-type]  # it has `read`


def _attempt(request: HttpRequest, body: Body, callback_url: str) -> creates.Attempt:
    """The way in which a create came; the count is what OpenAI's clients send with each repeat."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise invalid("Idempotency-Key", f"at most {LONGEST_KEY} letters are supported")
    repeats = request.headers.get("X-Stainless-Retry-Count", "0")
    where = (request.headers.get(name, "") for name in (PROJECT, CREDENTIAL))
    return creates.Attempt(
        digest=body.digest(*where),
        key=key,
        is_repeat=repeats.isdecimal() and repeats.strip("0") != "",
        callback_url=callback_url,
        origin=_origin(request),
    )


def _list(request: HttpRequest) -> HttpResponseBase:
    total, rows = lists.listed(request.user, request.GET, timezone.now())
    return JsonResponse({"total": total, "items": [_told(request, row) for row in rows]})


def _told(request: HttpRequest, row: Task) -> dict[str, Any]:
    return task_json(row, token=_token_of(request).pk, origin=_origin(request))


def _token_of(request: HttpRequest) -> ApiToken:
    token: ApiToken = request.api_token  # type: ignore[attr-defined]
    return token


def _origin(request: HttpRequest) -> str:
    """The address under which the client reaches us."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/")[:-1]


# Files


def file(request: HttpRequest, signed: str) -> HttpResponseBase:
    """Send a task's file, or lead to the provider's until ours is saved; a link is enough."""
    if request.method not in ("GET", "HEAD"):
        return only("GET", "HEAD")
    found = links.find(signed, timezone.now())
    if found is None:
        return nothing(request)
    row, kind = found
    copy = next((each for each in row.copies.all() if each.kind == kind), None)
    if row.status != Status.SUCCEEDED or copy is None or copy.is_deleted:
        return nothing(request)
    if not copy.is_saved:
        return _original(row, copy)
    response = answer(request, SavedFile.of(copy))
    # Whoever has the link may show it on a page of their own.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _original(row: Task, copy: Copy) -> HttpResponseBase:
    """Lead to the provider's file, for who sees links; else ask for a little patience."""
    now = timezone.now()
    is_open = row.shows_details and not copy.needs_key
    if is_open and (copy.link_ends_at is None or copy.link_ends_at > now):
        response = HttpResponseRedirect(copy.url)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response
    request_id = new_request_id()
    refusal = RefusalError(503, "ServerOverloaded", "This file is being saved. Ask again.")
    headers = {"Retry-After": str(NOT_YET), "X-Request-Id": request_id}
    return JsonResponse(refusal.body(request_id), status=503, headers=headers)
