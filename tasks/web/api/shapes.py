"""Shapes of refusals: Ark's, OpenAI's and new-api's, told by the address that was asked."""

from __future__ import annotations

from typing import Any

from tasks.providers.dialects.ark_errors import RefusalError

NEWAPI, OPENAI = "/v1/video/", "/v1/"

#: OpenAI's `error.type` by HTTP status, and its codes in place of Ark's.
_OPENAI_TYPES = {429: "rate_limit_error", 500: "server_error", 503: "server_error"}
_OPENAI_CODES = {
    "AuthenticationError": "invalid_api_key",
    "SetLimitExceeded": "insufficient_quota",
    "AccountRateLimitExceeded": "rate_limit_exceeded",
    "InvalidEndpointOrModel.NotFound": "model_not_found",
    "InternalServiceError": "server_error",
}
#: new-api's middleware refuses in OpenAI's shape; its task relay has codes of its own.
_BY_MIDDLEWARE = ("AuthenticationError", "AccessDenied", "AccountRateLimitExceeded")
_NEWAPI_CODES = {"ResourceNotFound": (400, "task_not_exist")}


def shaped(refusal: RefusalError, request_id: str, path: str) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of a refusal, as clients of this address expect them."""
    if path.startswith(NEWAPI):
        return _newapi(refusal, request_id)
    if path.startswith(OPENAI):
        return refusal.status, _openai(refusal)
    return refusal.status, refusal.body(request_id)


def _openai(refusal: RefusalError) -> dict[str, Any]:
    kind = _OPENAI_TYPES.get(refusal.status, "invalid_request_error")
    error = {
        "message": str(refusal),
        "type": "insufficient_quota" if refusal.code == "SetLimitExceeded" else kind,
        "param": refusal.param or None,
        "code": _OPENAI_CODES.get(refusal.code, refusal.code),
    }
    return {"error": error}


def _newapi(refusal: RefusalError, request_id: str) -> tuple[int, dict[str, Any]]:
    text = f"{refusal} (request id: {request_id})"
    if refusal.code in _BY_MIDDLEWARE:
        error = {"message": text, "type": "new_api_error", "code": refusal.code}
        return refusal.status, {"error": error}
    status, code = _NEWAPI_CODES.get(refusal.code, (refusal.status, refusal.code))
    return status, {"code": code, "message": text, "data": None}
