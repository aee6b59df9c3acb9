"""Why a request is refused or a task fails, in Ark's words.

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
    """The sentence that goes with a code, without its request id."""
    for prefix, subject in _SUBJECTS.items():
        if code.startswith(prefix):
            return _moderation(code).format(subject)
    return _MESSAGES.get(code, f"The request failed: {code}.")


def _moderation(code: str) -> str:
    if code.endswith(".PolicyViolation"):
        return _COPYRIGHT
    return _PERSON if code.endswith(".PrivacyInformation") else _SENSITIVE


class Refusal(Exception):
    """A request that Ark answers with an error; `param` names the field at fault."""

    def __init__(self, status: int, code: str, text: str = "", *, param: str = "") -> None:
        super().__init__(text or message(code))
        self.status = status
        self.code = code
        self.param = param

    def body(self, request_id: str) -> dict[str, object]:
        """The JSON that Ark sends."""
        return {
            "error": {
                "code": self.code,
                "message": f"{self} Request id: {request_id}",
                "param": self.param,
                "type": TYPES.get(self.status, "BadRequest"),
            }
        }


def missing(param: str) -> Refusal:
    """A required field that is not there."""
    return Refusal(
        400,
        "MissingParameter",
        f"The request failed because it is missing `{param}` parameter.",
        param=param,
    )


def invalid(param: str, reason: str = "the specified value is not valid") -> Refusal:
    """A field whose value this model does not take."""
    return Refusal(
        400,
        "InvalidParameter",
        f"The parameter `{param}` specified in the request is not valid: {reason}.",
        param=param,
    )


def unsupported(param: str) -> Refusal:
    """A field that no page describes."""
    return Refusal(
        400,
        "InvalidParameter.UnsupportedParameter",
        f"The parameter `{param}` specified in the request is not supported.",
        param=param,
    )


def no_such_model(name: str) -> Refusal:
    """A model nobody knows, or an endpoint of somebody else."""
    return Refusal(
        404,
        "InvalidEndpointOrModel.NotFound",
        f"The model or endpoint {name} does not exist or you do not have access to it.",
    )


def model_not_open(name: str) -> Refusal:
    """A model that this account has not activated."""
    return Refusal(
        404,
        "ModelNotOpen",
        f"Your account has not activated the model {name}. Please activate the model service "
        "in the Ark Console.",
    )
