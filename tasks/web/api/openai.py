"""OpenAI's videos, asked with a token of ours: its SDKs need another base URL and key, no more.

developers.openai.com/api/reference/resources/videos; the base URL ends in /v1.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from tasks.clients.ark_answers import readable_by
from tasks.clients.openai_answers import video_id, video_json
from tasks.models import Copy, CopyKind, Task, TokenScope
from tasks.providers.dialects.ark_errors import RefusalError, invalid
from tasks.providers.dialects.openai_requests import ark_body, renamed
from tasks.providers.status import Status
from tasks.web.api import cancels, creates
from tasks.web.api.endpoint import endpoint
from tasks.web.api.fields import read_fields
from tasks.web.api.files import copy_of, not_yet, sent
from tasks.web.files import SavedFile, answer

READ, MAKE = TokenScope.READ, TokenScope.MAKE
LARGEST_PAGE = 100
#: Milliseconds until a client that follows a video asks again.
POLL_AFTER = {"openai-poll-after-ms": "5000"}


@endpoint({"GET": READ, "POST": MAKE})
def videos(request: HttpRequest) -> HttpResponseBase:
    """List videos, or create one."""
    return _create(request) if request.method == "POST" else _list(request)


@endpoint({"GET": READ, "DELETE": MAKE})
def video(request: HttpRequest, task_id: str) -> HttpResponseBase:
    """Tell one video, or delete it from the API; what still waits is cancelled."""
    row = found(request, task_id)
    if request.method == "DELETE":
        cancels.remove(request, row)
        return JsonResponse({"id": video_id(row), "object": "video.deleted", "deleted": True})
    told = video_json(row)
    is_open = told["status"] in ("queued", "in_progress")
    return JsonResponse(told, headers=POLL_AFTER if is_open else {})


@endpoint({"GET": READ})
def content(request: HttpRequest, task_id: str) -> HttpResponseBase:
    """Send a video, its poster as thumbnail, or its frames as spritesheet."""
    row = found(request, task_id)
    variant = request.GET.get("variant") or "video"
    if variant not in ("video", "thumbnail", "spritesheet"):
        raise invalid("variant", "expected is one of video, thumbnail, spritesheet")
    if row.status != Status.SUCCEEDED:
        text = "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
        raise RefusalError(404, "video_not_ready", text)
    copy = copy_of(row, CopyKind.VIDEO)
    if copy is None:
        raise RefusalError(404, "ResourceNotFound", "This video has no file, or it was deleted.")
    if variant == "video":
        return sent(request, row, copy)
    return _picture(request, copy, variant)


def found(request: HttpRequest, asked: str) -> Task:
    """Return the task that a request names. Raises RefusalError."""
    row = creates.find(request.user, asked)
    if row is None:
        raise RefusalError(404, "ResourceNotFound", f"Video with id '{asked}' not found.")
    return row


def _create(request: HttpRequest) -> HttpResponseBase:
    with ExitStack() as keep:
        body = read_fields(request, keep)
        given = body.data
        try:
            body.data = ark_body(given)
            made = creates.create(request, body)
        except RefusalError as error:
            raise renamed(error, given if isinstance(given, dict) else {}) from None
    return JsonResponse(video_json(creates.task_of(request.user, made)))


def _list(request: HttpRequest) -> HttpResponseBase:
    """List newest first, or oldest with `order=asc`, from behind the video `after` on."""
    query = request.GET
    limit, order = query.get("limit", "20"), query.get("order", "desc")
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:5]) <= LARGEST_PAGE):
        raise invalid("limit", f"an integer from 1 to {LARGEST_PAGE} is expected")
    if order not in ("asc", "desc"):
        raise invalid("order", "expected is one of asc, desc")
    rows = readable_by(request.user)
    if after := query.get("after"):
        last = found(request, after).pk
        rows = rows.filter(pk__gt=last) if order == "asc" else rows.filter(pk__lt=last)
    page = list(rows.order_by("pk" if order == "asc" else "-pk")[: int(limit) + 1])
    data: list[dict[str, Any]] = [video_json(row) for row in page[: int(limit)]]
    ids = [each["id"] for each in data]
    return JsonResponse(
        {
            "object": "list",
            "data": data,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
            "has_more": len(page) > int(limit),
        }
    )


def _picture(request: HttpRequest, copy: Copy, variant: str) -> HttpResponseBase:
    """Send the poster or the frames of a saved video, which are made after it."""
    is_poster = variant == "thumbnail"
    if not (copy.poster if is_poster else copy.sprite):
        return not_yet(request)
    return answer(request, SavedFile.poster_of(copy) if is_poster else SavedFile.sprite_of(copy))
