"""Reasons why a request is refused or a task fails, in Ark's words.

Codes: volcengine.com/docs/82379/1299023. Every message ends with the request id.
"""

from __future__ import annotations

#: HTTP status → Ark's `error.type`.
TYPES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}

_SENSITIVE = "The request failed because the {} may contain sensitive information."
_COPYRIGHT = "The request failed because the {} may be related to copyright restrictions."
_PERSON = "The request failed because the {} may contain real person."

_SUBJECTS = {
    "InputText": "input text",
    "InputImage": "input image",
    "InputVideo": "input video",
    "InputAudio": "input audio",
    "OutputVideo": "output video",
    "OutputAudio": "output audio",
    "OutputImage": "output image",
}

_MESSAGES = {
    "AuthenticationError": "The API key or AK/SK in the request is missing or invalid.",
    "AccountOverdueError": "The request failed because your account has an overdue balance.",
    "AccountRateLimitExceeded": "The request failed because the rate limit of your account "
    "for this API has been exceeded.",
    "InternalServiceError": "The service encountered an unexpected internal error.",
    "ServerOverloaded": "The service is currently unable to handle additional requests "
    "due to server overload.",
    "ResourceNotFound": "The specified resource is not found.",
    "QuotaExceeded": "The request has exceeded the quota of queued tasks.",
    "OperationDenied.InvalidState": "The operation is denied: a task in this state cannot "
    "be cancelled or deleted.",
}


def message(code: str) -> str:
    """Return the sentence that goes with an error code, without a request id."""
    subject = next((text for prefix, text in _SUBJECTS.items() if code.startswith(prefix)), "")
    if not subject:
        return _MESSAGES.get(code, f"The request failed: {code}.")
    if code.endswith(".PolicyViolation"):
        return _COPYRIGHT.format(subject)
    if code.endswith(".PrivacyInformation"):
        return _PERSON.format(subject)
    return _SENSITIVE.format(subject)


class RefusalError(Exception):
    """A request that Ark answers with an error; `param` names the field at fault."""

    def __init__(self, status: int, code: str, text: str = "", *, param: str = "") -> None:
        super().__init__(text or message(code))
        self.status = status
        self.code = code
        self.param = param

    def body(self, request_id: str) -> dict[str, object]:
        """Build the JSON that Ark sends."""
        return {
            "error": {
                "code": self.code,
                "message": f"{self} Request id: {request_id}",
                "param": self.param,
                "type": TYPES.get(self.status, "BadRequest"),
            }
        }


def missing(param: str) -> RefusalError:
    """Build the refusal of a body without a required field."""
    return RefusalError(
        400,
        "MissingParameter",
        f"The request failed because it is missing `{param}` parameter.",
        param=param,
    )


def invalid(param: str, reason: str = "the specified value is not valid") -> RefusalError:
    """Build the refusal of a value that this model does not accept."""
    return RefusalError(
        400,
        "InvalidParameter",
        f"The parameter `{param}` specified in the request is not valid: {reason}.",
        param=param,
    )


def unsupported(param: str) -> RefusalError:
    """Build the refusal of a field that no page describes."""
    return RefusalError(
        400,
        "InvalidParameter.UnsupportedParameter",
        f"The parameter `{param}` specified in the request is not supported.",
        param=param,
    )


def no_such_model(name: str) -> RefusalError:
    """Build the refusal of an unknown model, or of somebody else's endpoint."""
    return RefusalError(
        404,
        "InvalidEndpointOrModel.NotFound",
        f"The model or endpoint {name} does not exist or you do not have access to it.",
    )


def model_not_open(name: str) -> RefusalError:
    """Build the refusal of a model that this account has not activated."""
    return RefusalError(
        404,
        "ModelNotOpen",
        f"Your account has not activated the model {name}. Please activate the model service "
        "in the Ark Console.",
    )
