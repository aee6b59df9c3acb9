"""Caching by browsers: every answer is private, and asked for anew unless its view says more."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

#: A browser's Back still shows such a page at once: it forbids no copy in memory, as no-store does,
#: which pages with secrets have (`never_cache`).
USUAL = "private, no-cache"


class BrowserCachingMiddleware:
    """Sets Cache-Control where a view has not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", USUAL)
        return response
