"""Answers that the front gives by itself: one line each, with the headers of every page."""

from __future__ import annotations

from http import HTTPStatus

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tasks.management.web_server.wsgi import Environ
from tasks.web.api.endpoint import refused_by_front
from tasks.web.csp import ContentSecurityPolicyMiddleware
from tasks.web.navigation import is_for_the_api

RETRY_AFTER = 10  # seconds


class RequestRefusedError(Exception):
    """A request does not reach the site; `words` say why, with `values` filled in."""

    def __init__(self, status: HTTPStatus, words: str | Promise, **values: object) -> None:
        super().__init__(status.phrase)
        self.status, self.words, self.values = status, words, values


def too_large(most: int) -> RequestRefusedError:
    words = _("This is too large. The limit is %(most)s MB.")
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, most=most // 10**6)


def too_large_for_strangers(most: int) -> RequestRefusedError:
    words = _("This is too large. Sign in to send more than %(most)s MB.")
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, most=most // 10**6)


def too_large_without_token(most: int) -> RequestRefusedError:
    words = _("This is too large. More than %(most)s MB need an API token that can create tasks.")
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, most=most // 10**6)


def too_slow() -> RequestRefusedError:
    words = _("The request arrived too slowly. Try again on a faster connection.")
    return RequestRefusedError(HTTPStatus.REQUEST_TIMEOUT, words)


def cut_off() -> RequestRefusedError:
    words = _("The request ended before it was complete. Try again.")
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, words)


def too_many() -> RequestRefusedError:
    words = _("Too many requests are arriving at once. Try again in a few seconds.")
    return RequestRefusedError(HTTPStatus.SERVICE_UNAVAILABLE, words)


def broken() -> RequestRefusedError:
    words = _("Something went wrong on the server. Try again in a few seconds.")
    return RequestRefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, words)


def response_to(refusal: RequestRefusedError, environ: Environ) -> HttpResponse:
    """The response to a request that was refused, in the visitor's language."""
    request = WSGIRequest(environ)
    is_api = is_for_the_api(request)
    language = "en" if is_api else translation.get_language_from_request(request)
    with translation.override(language):
        line = str(refusal.words) % refusal.values
    response: HttpResponse
    if is_api:
        response = refused_by_front(request, refusal.status, line)
    else:
        response = HttpResponse(
            f"{line}\n", status=refusal.status, content_type="text/plain; charset=utf-8"
        )
    response["Cache-Control"] = "no-store"
    response["Connection"] = "close"  # the rest of the body may still be on its way
    response["Content-Length"] = str(len(response.content))
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER)
    return _guarded(request, response)


def _guarded(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response with the security headers of all others, from the middleware that sets those."""

    def respond(request: HttpRequest) -> HttpResponse:
        return response

    SecurityMiddleware(respond).process_response(request, response)
    XFrameOptionsMiddleware(respond).process_response(request, response)
    return ContentSecurityPolicyMiddleware(respond)(request)
