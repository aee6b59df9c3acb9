"""Answers to somebody who asks too often: a 429 that says when it goes on, and keeps the form."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.web.database_errors import posted_values

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def limited(limit: Limit) -> Callable[[View[P]], View[P]]:
    """Let a view be called only so often by one person."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def counted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                spend(request.user, limit)
            except LimitReachedError as error:
                return too_many(request, error)
            return view(request, *args, **kwargs)

        return counted

    return decorate


def too_many(request: HttpRequest, error: LimitReachedError) -> HttpResponseBase:
    """A page from which the same can be sent again; for htmx, a message beside the page."""
    if "hx-request" in request.headers:
        context = {"messages": [Message(messages.ERROR, str(error))], "oob": True}
        answer = render(request, "_messages.html", context)
        answer["HX-Reswap"] = "none"
        return refused(answer, error)
    context = {
        "sentence": str(error),
        "path": request.get_full_path(),
        "again": posted_values(request),
        "typed": request.GET.get("q", ""),
    }
    return refused(render(request, "429.html", context), error)


def refused(answer: HttpResponseBase, error: LimitReachedError) -> HttpResponseBase:
    """Mark an answer that shows the error as 429, with the time until the next."""
    answer.status_code = 429
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer
