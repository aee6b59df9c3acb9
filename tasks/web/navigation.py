"""Whether a request is for a page, and what is answered to somebody who is not signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse


def asks_for_a_page(request: HttpRequest) -> bool:
    """Whether a browser will show the answer as a page: no fragment, no picture, no film."""
    if "hx-request" in request.headers:
        return False
    mode = request.headers.get("sec-fetch-mode")  # not sent over plain http
    return mode == "navigate" if mode else "text/html" in request.headers.get("accept", "text/html")


#: Paths of the API; its clients have tokens, and no browser is led to them.
API_PATHS = ("/api/", "/v1/")


def is_for_the_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(API_PATHS)


class ApiMiddleware:
    """Takes the cookies off requests for the API: no session opens it, so no forged form can.

    It stands before all that reads a session, a language or a CSRF token out of a cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_for_the_api(request):
            request.META.pop("HTTP_COOKIE", None)
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads pages to the sign-in, and answers all else with a 401.

    A script would follow the redirect, and take the sign-in page for what it asked for. session.js
    then says on the page that the session has ended.
    """

    def process_view(self, request: HttpRequest, view_func: Any, args: Any, kwargs: Any) -> Any:
        if is_for_the_api(request):
            return None  # each of its views asks for a token
        return super().process_view(request, view_func, args, kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if asks_for_a_page(request):
            return super().handle_no_permission(request, view_func)
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Session"})
