"""new-api's video generations, asked with a token of ours: another base URL and key, no more.

github.com/QuantumNous/new-api: router/video-router.go. Its body and ours are Ark's underneath.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from tasks.clients.newapi_answers import created_json, envelope
from tasks.models import TokenScope
from tasks.providers.dialects.ark_errors import RefusalError, invalid, missing
from tasks.providers.dialects.newapi_requests import MetadataError, native_body, wrongly_typed
from tasks.providers.dialects.openai_requests import size_of, whole
from tasks.web.api import creates
from tasks.web.api.endpoint import endpoint, origin_of, token_of
from tasks.web.api.fields import read_fields


@endpoint({"POST": TokenScope.MAKE})
def generations(request: HttpRequest) -> HttpResponseBase:
    """Create a task."""
    with ExitStack() as keep:
        body = read_fields(request, keep)
        body.data = _ark_body(body.data)
        made = creates.create(request, body)
    return JsonResponse(created_json(creates.task_of(request.user, made)))


@endpoint({"GET": TokenScope.READ})
def generation(request: HttpRequest, task_id: str) -> HttpResponseBase:
    """Tell one task, in the gateway's envelope."""
    row = creates.find(request.user, task_id)
    if row is None:
        raise RefusalError(404, "ResourceNotFound", "task_not_exist")
    token = token_of(request).pk
    return JsonResponse(envelope(row, token=token, origin=origin_of(request)))


def _ark_body(data: object) -> dict[str, Any]:
    """Return Ark's body: as it stands, for clients of forks, or made of the gateway's."""
    if not isinstance(data, Mapping):
        raise invalid("body", "an object is expected")
    if data.get("content") is not None:
        return dict(data)
    given = {name: value for name, value in data.items() if value is not None}
    if isinstance(given.get("images"), str):  # a form with one file
        given["images"] = [given["images"]]
    if name := wrongly_typed(given):
        raise invalid(name, "a value of another type is expected")
    if not given.get("model"):
        raise missing("model")
    if not given.get("prompt"):
        raise missing("prompt")
    if not isinstance(whole(given.get("seconds") or 1), int):
        raise invalid("seconds", "a number is expected")
    try:
        fields = native_body(given)
    except MetadataError as error:
        raise invalid("metadata", str(error)) from None
    return _with_sizes(fields, given)


def _with_sizes(fields: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Add the length and the size that stand beside the metadata, where it has none.

    Gateways leave these to the model's defaults; whoever asks for them means them.
    """
    if given.get("duration") and not {"duration", "frames"} & fields.keys():
        fields["duration"] = whole(given["duration"])
    width, height = given.get("width"), given.get("height")
    size = given.get("size") or (f"{width}x{height}" if width and height else "")
    if size and not {"resolution", "ratio"} & fields.keys():
        fields["resolution"], fields["ratio"] = size_of(size.replace("*", "x"), given["model"])
    return fields
