"""Whether a request is for a page, and what is answered to somebody who is not signed in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse


def asks_for_a_page(request: HttpRequest) -> bool:
    """Whether a browser will show the answer as a page: no fragment, no picture, no film."""
    if "hx-request" in request.headers:
        return False
    mode = request.headers.get("sec-fetch-mode")  # not sent over plain http
    return mode == "navigate" if mode else "text/html" in request.headers.get("accept", "text/html")


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads pages to the sign-in, and answers all else with a 401.

    A script would follow the redirect, and take the sign-in page for what it asked for. session.js
    then says on the page that the session has ended.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if asks_for_a_page(request):
            return super().handle_no_permission(request, view_func)
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Session"})
