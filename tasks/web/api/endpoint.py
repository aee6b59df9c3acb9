"""Common parts of the API's answers: refusals in the shape of each way in, a request id."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control

from tasks import encryption
from tasks.billing.errors import PlacementRefusedError, RateLimitError, TooManyTakesError
from tasks.models import ApiToken, TokenScope
from tasks.monitoring import damage
from tasks.providers.dialects.ark_errors import RefusalError
from tasks.submission.place import UploadGoneError
from tasks.team.limits import LimitReachedError
from tasks.web.api.authentication import TokenRefusedError, TokenThrottledError, authenticate
from tasks.web.api.shapes import shaped
from tasks.web.database_errors import RETRY_SECONDS, passes

log = logging.getLogger(__name__)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
Scopes = dict[str, TokenScope]  # by method


def endpoint(scopes: Scopes) -> Callable[[View[P]], View[P]]:
    """Let a view be asked with tokens of these scopes, and answer its errors in its shape."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> Any:
            request_id = new_request_id()
            with translation.override("en"):
                try:
                    if request.method not in scopes:
                        text = f"{request.method} is not possible here."
                        raise RefusalError(405, "MethodNotAllowed", text)
                    authenticate(request, scopes[request.method])
                    response = view(request, *args, **kwargs)
                except Exception as error:
                    response = _refused(request, error, request_id)
                    if response.status_code == 405:
                        response["Allow"] = ", ".join(scopes)
            response["X-Request-Id"] = request_id
            if not response.has_header("Cache-Control"):
                patch_cache_control(response, private=True, no_store=True)
            return response

        return answered

    return decorate


def new_request_id() -> str:
    """A request id in Ark's form: 02, the time in milliseconds, chance."""
    return f"02{time.time_ns() // 10**6}{secrets.token_hex(17)}"


def token_of(request: HttpRequest) -> ApiToken:
    """The token by which a request was let in."""
    token: ApiToken = request.api_token  # type: ignore[attr-defined]
    return token


def origin_of(request: HttpRequest) -> str:
    """The address under which the client reaches us."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/")[:-1]


def nothing(request: HttpRequest) -> JsonResponse:
    """Answer an address that the API does not have."""
    refusal = RefusalError(404, "NotFound", f"{request.method} {request.path} is not found.")
    return refused(request, refusal, {"Cache-Control": "no-store"})


def only(request: HttpRequest, *methods: str) -> JsonResponse:
    """Answer a method that an address does not have."""
    refusal = RefusalError(405, "MethodNotAllowed", f"Only {', '.join(methods)} is possible here.")
    return refused(request, refusal, {"Allow": ", ".join(methods)})


#: Ark's codes for what the web server refuses by itself, before a view is asked.
_FRONT = {500: "InternalServiceError", 503: "ServerOverloaded"}


def refused_by_front(request: HttpRequest, status: int, words: str) -> JsonResponse:
    """Write a refusal of the web server's in the shape of its address."""
    return refused(request, RefusalError(status, _FRONT.get(status, "InvalidParameter"), words), {})


def refused(
    request: HttpRequest, refusal: RefusalError, headers: dict[str, str], request_id: str = ""
) -> JsonResponse:
    """Write a refusal in the shape of the request's address."""
    request_id = request_id or new_request_id()
    status, body = shaped(refusal, request_id, request.path_info)
    return JsonResponse(body, status=status, headers={"X-Request-Id": request_id} | headers)


def _refused(request: HttpRequest, error: Exception, request_id: str) -> HttpResponseBase:
    refusal, headers = refusal_of(error)
    response = refused(request, refusal, headers, request_id)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


#: When to ask again, by status; OpenAI's clients repeat a 409 by themselves, which is no use here.
_AGAIN = {409: {"X-Should-Retry": "false"}, 503: {"Retry-After": "1"}}


def refusal_of(error: Exception) -> tuple[RefusalError, dict[str, str]]:
    """Tell an error in Ark's words, with the headers that go with it."""
    if isinstance(error, RefusalError):
        return error, _AGAIN.get(error.status, {})
    if isinstance(error, TokenRefusedError):
        code = "AccessDenied" if error.status == 403 else "AuthenticationError"
        return RefusalError(error.status, code, str(error)), {}
    if isinstance(error, TokenThrottledError | LimitReachedError):
        headers = {"Retry-After": str(error.retry_after)}
        return RefusalError(429, "AccountRateLimitExceeded", str(error)), headers
    if isinstance(error, RateLimitError | TooManyTakesError):
        return RefusalError(429, "AccountRateLimitExceeded", str(error)), _wait(error)
    if isinstance(error, PlacementRefusedError):
        # Asking again does not help before the budget begins anew or is raised.
        refusal = RefusalError(429, "SetLimitExceeded", str(error))
        return refusal, {"X-Should-Retry": "false"}
    if isinstance(error, UploadGoneError):
        return RefusalError(400, "InvalidParameter", "A file is gone. Send it again."), {}
    if passes(error):
        log.warning("The database could not be used: %s", type(error).__name__)
        return RefusalError(503, "ServerOverloaded"), {"Retry-After": str(RETRY_SECONDS)}
    if damage.is_damage(error):
        damage.note(error)
    log.error("A request of the API broke off: %s", encryption.censor(repr(error)), exc_info=error)
    return RefusalError(500, "InternalServiceError"), {}


def _wait(error: RateLimitError | TooManyTakesError) -> dict[str, str]:
    """The headers that say when so many takes can be asked for, or that they never can."""
    again_at = error.again_at if isinstance(error, RateLimitError) else None
    if again_at is None:
        return {"X-Should-Retry": "false"}
    return {"Retry-After": str(max(1, ceil((again_at - timezone.now()).total_seconds())))}
