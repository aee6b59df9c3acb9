"""From an answer that is no task to a ProviderError: what is wrong, and whether to ask again.

Codes of Ark: volcengine.com/docs/82379/1299023, matched by what stands before the first dot,
because the suffixes multiply. Codes of new-api: relay_task.go and its middleware.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from tasks.providers import reading
from tasks.providers.base import Answer, ProviderError, Trouble
from tasks.providers.reading import LONG, Json, text
from tasks.providers.redact import one_line

_LONGEST_WAIT = 86_400.0  # a day; a provider's typing error shall not stop a task for ever

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
    "RateLimitExceeded": (Trouble.RATE_LIMITED, _AGAIN),
    "QuotaExceeded": (Trouble.RATE_LIMITED, _AGAIN),  # unless it is the free trial's
    "InflightBatchsizeExceeded": (Trouble.RATE_LIMITED, _AGAIN),
    "RequestBurstTooFast": (Trouble.RATE_LIMITED, _AGAIN),
    "ServerOverloaded": (Trouble.RATE_LIMITED, _AGAIN),
    "InvalidEndpoint.ClosedEndpoint": (Trouble.BAD_REQUEST, _AGAIN),
    "OperationDenied": (Trouble.BAD_REQUEST, _PERMANENT),
    "InternalServiceError": (Trouble.SERVER, _AGAIN),
    "not_implemented": (Trouble.UNSUPPORTED, _PERMANENT),
}
_STATUSES: dict[int, tuple[Trouble, bool]] = {
    401: (Trouble.UNAUTHORIZED, _PERMANENT),
    402: (Trouble.OVERDUE, _PERMANENT),
    403: (Trouble.FORBIDDEN, _PERMANENT),
    404: (Trouble.BAD_ADDRESS, _PERMANENT),  # an unknown task says so in words or by code
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
    Trouble.BAD_REQUEST: "The provider refused the request",
    Trouble.BAD_ADDRESS: "The base URL is probably wrong",
    Trouble.SERVER: "The provider has an error of its own",
    Trouble.TIMEOUT: "The provider gave up waiting",
    Trouble.MALFORMED: "The answer is JSON, but not a task",
    Trouble.UNSUPPORTED: "This provider cannot do that",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The provider's own words for what is wrong."""

    code: str = ""
    message: str = ""

    @property
    def request_id(self) -> str:
        """The request id that Ark and new-api write at the end of their messages."""
        return reading.request_id(self.message)


NO_FAULT = Fault()


def fault_in(body: Json) -> Fault:
    """The error object of a body: Ark's and OpenAI's {"error": {…}}, or new-api's flat one."""
    error = body.get("error")
    if isinstance(error, str) and error:
        return _unpack(Fault("", error[:LONG]))
    if isinstance(error, dict) and error:
        code = text(error.get("code")) or text(error.get("type"))
        return _unpack(Fault(code, text(error.get("message"), LONG)))
    return NO_FAULT


def _flat_fault(body: Json) -> Fault:
    message = next((body[name] for name in ("message", "msg", "detail") if body.get(name)), "")
    return _unpack(Fault(text(body.get("code")), text(message, LONG)))


def _unpack(fault: Fault) -> Fault:
    """new-api hands on the upstream's refusal as a message that is itself JSON."""
    if not fault.message.startswith("{"):
        return fault
    try:
        inner = reading.parse(fault.message.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return fault
    error = reading.part(inner, "error") if isinstance(inner, dict) else reading.NOTHING
    message = text(error.get("message"), LONG)
    return Fault(text(error.get("code")) or fault.code, message) if message else fault


def fault_in_words(message: str) -> Fault:
    """The same for a gateway's fail_reason, which has no code of its own."""
    return _unpack(Fault("", message))


def body_of(answer: Answer) -> Json:
    """The JSON object of a good answer; every other answer is raised as its trouble."""
    if not 200 <= answer.status_code < 300:
        refuse(answer, _json_or_nothing(answer.body))
    if not answer.body.strip():
        _raise(answer, Trouble.EMPTY, "The provider answered with an empty body")
    try:
        body = reading.parse(answer.body)
    except RecursionError:
        _raise(answer, Trouble.MALFORMED, "The answer is nested too deeply")
    except ValueError:
        _refuse_text(answer)
    if not isinstance(body, dict):
        _raise(answer, Trouble.MALFORMED, "The answer is JSON, but not an object")
    return body


def _json_or_nothing(body: bytes) -> Json:
    try:
        value = reading.parse(body)
    except (ValueError, RecursionError):
        return reading.NOTHING
    return value if isinstance(value, dict) else reading.NOTHING


def _refuse_text(answer: Answer) -> NoReturn:
    """A web page means the base URL leads to a web site; anything else is merely not JSON.

    Neither is permanent: a provider's maintenance page comes with 200 as well.
    """
    if _is_web_page(answer):
        sentence = "A web page came where JSON was expected: the base URL is probably wrong"
        _raise(answer, Trouble.BAD_ADDRESS, sentence)
    _raise(answer, Trouble.NOT_JSON, "The answer is not JSON")


def _is_web_page(answer: Answer) -> bool:
    start = answer.body[:512].lstrip().lower()
    is_html = "html" in answer.headers.get("content-type", "").lower()
    return is_html or start.startswith((b"<!doctype html", b"<html", b"<head"))


def is_known_code(code: object) -> bool:
    """Whether this is a refusal's code, whatever else stands beside it."""
    return isinstance(code, str) and code in _CODES


def refuse(answer: Answer, body: Json) -> NoReturn:
    """Raise what an answer without a task means."""
    fault = fault_in(body)
    if fault is NO_FAULT:
        fault = _flat_fault(body)
    if 300 <= answer.status_code < 400:
        fault = Fault(fault.code, answer.headers.get("location", "").partition("?")[0])
    trouble, permanent = _judge(answer, body, fault)
    _raise(answer, trouble, _sentence(answer, trouble), fault=fault, permanent=permanent)


def _judge(answer: Answer, body: Json, fault: Fault) -> tuple[Trouble, bool]:
    said = fault.message.lower()
    status = _status(answer, fault)
    if "invalid url (" in said:
        return Trouble.BAD_ADDRESS, _PERMANENT
    if _is_free_trial(fault.code, said):
        return Trouble.OVERDUE, _PERMANENT
    known = _by_code(fault.code)
    if known:
        return known
    if 400 <= status < 500 and _says_no_such_task(said):
        return Trouble.NOT_FOUND, _AGAIN
    if status in (403, 404) and not body:
        # A firewall's or web server's page, perhaps only while the provider deploys.
        return _STATUSES[status][0], _AGAIN
    return _by_status(status)


def _status(answer: Answer, fault: Fault) -> int:
    """HTTP's status, or the one that some gateways write into a 200: {"code": 429}."""
    if answer.status_code < 300 and fault.code.isdecimal() and len(fault.code) == 3:
        return int(fault.code)
    return answer.status_code


def _is_free_trial(code: str, said: str) -> bool:
    """One of QuotaExceeded's three meanings; the others pass by themselves."""
    return code.startswith("QuotaExceeded") and any(
        word in said for word in ("trial", "free quota", "免费", "试用")
    )


def _by_code(code: str) -> tuple[Trouble, bool] | None:
    if not code:
        return None
    first, _, rest = code.partition(".")
    known = _CODES.get(f"{first}.{rest.partition('.')[0]}") or _CODES.get(first)
    if not known and first.endswith("RateLimitExceeded"):
        return _CODES["RateLimitExceeded"]
    return known


def _says_no_such_task(said: str) -> bool:
    about_task = "task" in said or "resource" in said or "任务" in said
    return about_task and any(
        words in said for words in ("not found", "not exist", "not_exist", "不存在")
    )


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


def _sentence(answer: Answer, trouble: Trouble) -> str:
    if 300 <= answer.status_code < 400:
        return "The base URL is probably wrong: it redirects"
    return _SENTENCES[trouble]


def _raise(
    answer: Answer,
    trouble: Trouble,
    sentence: str,
    *,
    fault: Fault = NO_FAULT,
    permanent: bool = False,
) -> NoReturn:
    code = one_line(fault.code)[: reading.SHORT]
    place = f"HTTP {answer.status_code} {code}".strip()
    said = f": {fault.message}" if fault.message and fault.message != fault.code else ""
    raise ProviderError(
        one_line(f"{sentence} ({place}){said}"),
        trouble=trouble,
        permanent=permanent,
        retry_after=_retry_after(answer.headers),
        status_code=answer.status_code,
        code=code,
        request_id=fault.request_id or _header_request_id(answer.headers),
        host_time=host_time(answer.headers),
    )


def _header_request_id(headers: Mapping[str, str]) -> str:
    found = headers.get("x-request-id") or headers.get("x-oneapi-request-id") or ""
    return one_line(found)[:128]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait; a date is taken relative to the answer's own Date, as we have no clock."""
    wish = headers.get("retry-after", "").strip()
    if not wish:
        return None
    try:
        seconds = float(wish)
    except ValueError:
        seconds = _seconds_between(headers.get("date", ""), wish)
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else None


def host_time(headers: Mapping[str, str]) -> datetime | None:
    """When the answer was made, by the clock of who made it."""
    return _http_date(headers.get("date", ""))


def _seconds_between(start: str, end: str) -> float:
    first, last = _http_date(start), _http_date(end)
    return (last - first).total_seconds() if first and last else math.nan


def _http_date(value: str) -> datetime | None:
    try:
        stamp = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return stamp if stamp.tzinfo else None
