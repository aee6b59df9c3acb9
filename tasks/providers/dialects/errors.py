"""Translation of an answer without a task into a ProviderError.

It decides which trouble the answer means, and whether asking again can help. Codes of Ark:
volcengine.com/docs/82379/1299023, matched by the part before the first dot, because new suffixes
keep appearing. Codes of new-api: relay_task.go and its middleware.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from tasks.providers.answers import Answer, ProviderError, Trouble
from tasks.providers.dialects import reading
from tasks.providers.dialects.reading import LONG, Json, text
from tasks.providers.redact import one_line

_LONGEST_WAIT = 86_400.0  # a day: a provider's mistake must not stop a task for ever
_LONGEST_QUOTA = 32 * 86_400.0  # a plan's quota is counted by hours, weeks or months
#: "It will reset at 2026-12-03 23:59:59 +0800 CST." Ark's own zone where none is written.
_RESET = re.compile(
    r"reset(?:s)? at (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)

_AGAIN = False
_PERMANENT = True

_CODES: dict[str, tuple[Trouble, bool]] = {
    "AuthenticationError": (Trouble.UNAUTHORIZED, _PERMANENT),
    "InvalidAccountStatus": (Trouble.UNAUTHORIZED, _PERMANENT),
    "AccessDenied": (Trouble.FORBIDDEN, _PERMANENT),
    "access_denied": (Trouble.FORBIDDEN, _PERMANENT),
    "AccountOverdueError": (Trouble.OVERDUE, _PERMANENT),
    "OperationDenied.ServiceOverdue": (Trouble.OVERDUE, _PERMANENT),
    "SetLimitExceeded": (Trouble.OVERDUE, _PERMANENT),
    "insufficient_user_quota": (Trouble.OVERDUE, _PERMANENT),
    "pre_consume_token_quota_failed": (Trouble.OVERDUE, _PERMANENT),
    "ModelNotOpen": (Trouble.MODEL_NOT_OPEN, _PERMANENT),
    "InvalidEndpointOrModel": (Trouble.MODEL_NOT_OPEN, _PERMANENT),
    "UnsupportedModel": (Trouble.MODEL_NOT_OPEN, _PERMANENT),
    "OperationDenied.ServiceNotOpen": (Trouble.MODEL_NOT_OPEN, _PERMANENT),
    # Not permanent: new-api answers a create before it has stored the task.
    "ResourceNotFound": (Trouble.NOT_FOUND, _AGAIN),
    "NotFound": (Trouble.NOT_FOUND, _AGAIN),
    "task_not_exist": (Trouble.NOT_FOUND, _AGAIN),
    "task_not_found": (Trouble.NOT_FOUND, _AGAIN),
    "AccountQuotaExceeded": (Trouble.QUOTA_USED_UP, _AGAIN),
    "RateLimitExceeded": (Trouble.RATE_LIMITED, _AGAIN),
    "QuotaExceeded": (Trouble.RATE_LIMITED, _AGAIN),  # except for a free trial
    "InflightBatchsizeExceeded": (Trouble.RATE_LIMITED, _AGAIN),
    "RequestBurstTooFast": (Trouble.RATE_LIMITED, _AGAIN),
    "ServerOverloaded": (Trouble.RATE_LIMITED, _AGAIN),
    "InvalidEndpoint.ClosedEndpoint": (Trouble.BAD_REQUEST, _AGAIN),
    "OperationDenied": (Trouble.BAD_REQUEST, _PERMANENT),
    "InvalidAction": (Trouble.BAD_REQUEST, _PERMANENT),
    "InvalidResolutionParameter": (Trouble.BAD_REQUEST, _PERMANENT),
    "LastFrameNotSupported": (Trouble.BAD_REQUEST, _PERMANENT),
    "RefImageNotSupported": (Trouble.BAD_REQUEST, _PERMANENT),
    "ModelParameterNotSupported": (Trouble.BAD_REQUEST, _PERMANENT),
    "MediaInvalid": (Trouble.BAD_REQUEST, _PERMANENT),
    "PromptEmpty": (Trouble.BAD_REQUEST, _PERMANENT),
    "content_filter": (Trouble.BAD_REQUEST, _PERMANENT),
    "InternalServiceError": (Trouble.SERVER, _AGAIN),
    "not_implemented": (Trouble.UNSUPPORTED, _PERMANENT),
}
_STATUSES: dict[int, tuple[Trouble, bool]] = {
    401: (Trouble.UNAUTHORIZED, _PERMANENT),
    402: (Trouble.OVERDUE, _PERMANENT),
    403: (Trouble.FORBIDDEN, _PERMANENT),
    404: (Trouble.BAD_ADDRESS, _PERMANENT),  # an unknown task has a code or message of its own
    405: (Trouble.BAD_ADDRESS, _PERMANENT),
    408: (Trouble.TIMEOUT, _AGAIN),
    409: (Trouble.BAD_REQUEST, _AGAIN),
    425: (Trouble.BAD_REQUEST, _AGAIN),
    429: (Trouble.RATE_LIMITED, _AGAIN),
}
_SENTENCES = {
    Trouble.UNAUTHORIZED: "The key was refused: it is wrong, or its quota or lifetime has run out",
    Trouble.FORBIDDEN: "The provider forbids this to the key",
    Trouble.OVERDUE: "The account owes money or its quota is used up",
    Trouble.MODEL_NOT_OPEN: "The model is not open to this account",
    Trouble.NOT_FOUND: "The provider does not know this task",
    Trouble.RATE_LIMITED: "The provider asks for fewer requests",
    Trouble.QUOTA_USED_UP: "The quota of the account's plan is used up",
    Trouble.BAD_REQUEST: "The provider refused the request",
    Trouble.BAD_ADDRESS: "The base URL is probably wrong",
    Trouble.SERVER: "The provider has an error of its own",
    Trouble.TIMEOUT: "The provider gave up waiting",
    Trouble.MALFORMED: "The answer is JSON, but not a task",
    Trouble.UNSUPPORTED: "This provider cannot do that",
}


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """The code and the message of a provider's error."""

    code: str = ""
    message: str = ""

    @property
    def request_id(self) -> str:
        """The request id that Ark and new-api write at the end of their messages."""
        return reading.request_id(self.message)


NO_DETAILS = ErrorDetails()


def error_details(body: Json) -> ErrorDetails:
    """Read the error object of a body: {"error": {…}} as of Ark and OpenAI, or {"error": "…"}."""
    error = body.get("error")
    if isinstance(error, str) and error:
        return _unpack(ErrorDetails("", error[:LONG]))
    if isinstance(error, dict) and error:
        code = text(error.get("code")) or text(error.get("type"))
        return _unpack(ErrorDetails(code, text(error.get("message"), LONG)))
    return NO_DETAILS


def details_in_text(message: str) -> ErrorDetails:
    """Read the error in a gateway's fail_reason, which has no code of its own."""
    return _unpack(ErrorDetails("", message))


def _unpack(details: ErrorDetails) -> ErrorDetails:
    """Read a message that is itself JSON: new-api passes on its upstream's refusal like this."""
    if not details.message.startswith("{"):
        return details
    inner = reading.parse_object(details.message.encode("utf-8", "replace"))
    error = reading.nested(inner, "error")
    message = text(error.get("message"), LONG)
    return ErrorDetails(text(error.get("code")) or details.code, message) if message else details


def body_of(answer: Answer) -> Json:
    """Return the JSON object of a good answer; raise ProviderError for every other answer."""
    if not 200 <= answer.status_code < 300:
        refuse(answer, reading.parse_object(answer.body))
    if not answer.body.strip():
        _raise(answer, Trouble.EMPTY, "The provider answered with an empty body")
    try:
        body = reading.parse(answer.body)
    except RecursionError:
        _raise(answer, Trouble.MALFORMED, "The answer is nested too deeply")
    except ValueError:
        # Neither is permanent: a provider's maintenance page comes with status 200 as well.
        start = answer.body[:512].lstrip().lower()
        is_html = "html" in answer.headers.get("content-type", "").lower()
        if is_html or start.startswith((b"<!doctype html", b"<html", b"<head")):
            sentence = "A web page came where JSON was expected: the base URL is probably wrong"
            _raise(answer, Trouble.BAD_ADDRESS, sentence)
        _raise(answer, Trouble.NOT_JSON, "The answer is not JSON")
    if not isinstance(body, dict):
        _raise(answer, Trouble.MALFORMED, "The answer is JSON, but not an object")
    return body


def is_known_code(code: object) -> bool:
    """Whether this is the code of a refusal, whatever else the body holds."""
    return isinstance(code, str) and code in _CODES


def is_about_running_task(error: ProviderError) -> bool:
    """Whether a DELETE was refused because its task runs already: HTTP 409 at Ark."""
    words = str(error).lower()
    return error.code.startswith("InvalidAction.RunningTask") or (
        "cannot delete task" in words and "currently running" in words
    )


def quota_reset(message: str) -> datetime | None:
    """Return when a plan's quota is full again, by the message of AccountQuotaExceeded."""
    found = _RESET.search(message)
    if found is None:
        return None
    day, time, zone = found.groups()
    try:
        return datetime.fromisoformat(f"{day}T{time}{zone or '+0800'}")
    except ValueError:
        return None


def refuse(answer: Answer, body: Json) -> NoReturn:
    """Raise the ProviderError that an answer without a task means."""
    details = error_details(body)
    if details is NO_DETAILS:  # new-api's own errors are flat
        message = next((body[name] for name in ("message", "msg", "detail") if body.get(name)), "")
        details = _unpack(ErrorDetails(text(body.get("code")), text(message, LONG)))
    is_redirect = 300 <= answer.status_code < 400
    if is_redirect:
        target = answer.headers.get("location", "").partition("?")[0]
        details = ErrorDetails(details.code, target)
    trouble, permanent = _judge(answer, body, details)
    sentence = _SENTENCES[trouble]
    if is_redirect:
        sentence = "The base URL is probably wrong: it redirects"
    _raise(answer, trouble, sentence, details=details, permanent=permanent)


def _judge(answer: Answer, body: Json, details: ErrorDetails) -> tuple[Trouble, bool]:
    """Return the trouble that an answer means, and whether it is permanent."""
    # 1. The status, which some gateways write into a 200: {"code": 429}.
    status, code, message = answer.status_code, details.code, details.message.lower()
    if status < 300 and code.isdecimal() and len(code) == 3:
        status = int(code)
    # 2. Messages that say more than their code. Only a free trial's QuotaExceeded is permanent:
    # its other two meanings pass by themselves.
    if "invalid url (" in message:
        return Trouble.BAD_ADDRESS, _PERMANENT
    is_trial = any(word in message for word in ("trial", "free quota", "免费", "试用"))
    if code.startswith("QuotaExceeded") and is_trial:
        return Trouble.OVERDUE, _PERMANENT
    # 3. The code. A gateway may pass on the message of a used-up quota without it.
    if known := _by_code(code):
        return known
    if "usage quota" in message and quota_reset(message):
        return Trouble.QUOTA_USED_UP, _AGAIN
    # 4. The message where there is no known code.
    is_about_task = any(word in message for word in ("task", "resource", "任务"))
    is_missing = any(w in message for w in ("not found", "not exist", "not_exist", "不存在"))
    if 400 <= status < 500 and is_about_task and is_missing:
        return Trouble.NOT_FOUND, _AGAIN
    # 5. The status.
    if status in (403, 404) and not body:
        # The page of a firewall or web server, perhaps only during the provider's deployment.
        return _STATUSES[status][0], _AGAIN
    return _by_status(status)


def _by_code(code: str) -> tuple[Trouble, bool] | None:
    if not code:
        return None
    first, _, rest = code.partition(".")
    known = _CODES.get(f"{first}.{rest.partition('.')[0]}") or _CODES.get(first)
    if not known and first.endswith("RateLimitExceeded"):
        return _CODES["RateLimitExceeded"]
    return known


def _by_status(status: int) -> tuple[Trouble, bool]:
    if status in _STATUSES:
        return _STATUSES[status]
    if 200 <= status < 300:
        return Trouble.MALFORMED, _AGAIN
    if 300 <= status < 400:
        return Trouble.BAD_ADDRESS, _PERMANENT
    if 400 <= status < 500:
        return Trouble.BAD_REQUEST, _PERMANENT
    return Trouble.SERVER, _AGAIN


def _raise(
    answer: Answer,
    trouble: Trouble,
    sentence: str,
    *,
    details: ErrorDetails = NO_DETAILS,
    permanent: bool = False,
) -> NoReturn:
    headers = answer.headers
    code = one_line(details.code)[: reading.SHORT]
    status = f"HTTP {answer.status_code} {code}".strip()
    has_message = details.message and details.message != details.code
    message = f": {details.message}" if has_message else ""
    header_id = headers.get("x-request-id") or headers.get("x-oneapi-request-id") or ""
    until_reset = _until_reset(trouble, details.message, headers)
    raise ProviderError(
        one_line(f"{sentence} ({status}){message}"),
        trouble=trouble,
        permanent=permanent,
        retry_after=_retry_after(headers) if until_reset is None else until_reset,
        status_code=answer.status_code,
        code=code,
        request_id=details.request_id or one_line(header_id)[:128],
        host_time=host_time(headers),
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, a day at most; None where the header is absent or unreadable.

    A date is taken relative to the answer's own Date, as this module has no clock.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        start, end = _http_date(headers.get("date", "")), _http_date(value)
        if start is None or end is None:
            return None
        seconds = (end - start).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else None


def _until_reset(trouble: Trouble, message: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds to a quota's reset by the answer's own Date; None without both times."""
    reset, now = quota_reset(message), host_time(headers)
    if trouble != Trouble.QUOTA_USED_UP or reset is None or now is None:
        return None
    return min(max((reset - now).total_seconds(), 0.0), _LONGEST_QUOTA)


def host_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the time of an answer by the clock of whoever sent it (its Date header)."""
    return _http_date(headers.get("date", ""))


def _http_date(value: str) -> datetime | None:
    try:
        stamp = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return stamp if stamp.tzinfo else None
