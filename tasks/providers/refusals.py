"""What an answer means that holds no file: the link is dead, not alive yet, or somebody refuses."""

from __future__ import annotations

import re
from typing import NoReturn

from tasks.providers import reading
from tasks.providers.base import Answer, ProviderError, Trouble
from tasks.providers.trouble import fault_in, host_time, refuse

#: What makes a link a key as well.
_QUERY = re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*")


def refuse_file(answer: Answer, *, is_gateways: bool) -> NoReturn:
    """Raise ProviderError.

    Only the gateway's own words are told, for others may repeat the link that they refuse.
    """
    body = _json(answer.body)
    _refuse_absence(answer, body, is_gateways=is_gateways)
    try:
        refuse(answer, body if is_gateways else reading.NOTHING)
    except ProviderError as error:
        error.args = (_QUERY.sub("?…", str(error)),)
        raise


def _refuse_absence(answer: Answer, body: reading.Json, *, is_gateways: bool) -> None:
    if _is_not_ready(answer, fault_in(body).code or str(body.get("code") or "")):
        sentence = "The provider has not got the file ready yet."
        raise _lacking(answer, sentence, Trouble.NOT_READY)
    if _is_dead(answer, is_gateways=is_gateways):
        sentence = "The link is dead, or not alive yet."
        raise _lacking(answer, sentence, Trouble.LINK_DEAD, permanent=_is_for_good(answer))
    if not 400 <= answer.status_code < 600:
        raise _lacking(answer, "This is not a file.", Trouble.MALFORMED)


def _is_not_ready(answer: Answer, code: str) -> bool:
    """new-api: 400 "Task is not completed yet", 409 artifact_not_ready; others: video_not_ready."""
    return code.endswith("not_ready") or b"is not completed yet" in answer.body


def _is_dead(answer: Answer, *, is_gateways: bool) -> bool:
    if answer.status_code == 403:
        return not is_gateways  # which forbids something to the key
    # new-api's own proxy: "Upstream service returned status 403" is an expired link.
    is_upstream = answer.status_code == 502 and b"returned status 40" in answer.body
    return answer.status_code in (404, 410) or is_upstream


def _is_for_good(answer: Answer) -> bool:
    return answer.status_code == 410 or b"xpired" in answer.body


def _lacking(
    answer: Answer, sentence: str, trouble: Trouble, *, permanent: bool = False
) -> ProviderError:
    return ProviderError(
        f"{sentence} (HTTP {answer.status_code})",
        trouble=trouble,
        permanent=permanent,
        status_code=answer.status_code,
        host_time=host_time(answer.headers),
    )


def _json(body: bytes) -> reading.Json:
    try:
        value = reading.parse(body)
    except (ValueError, RecursionError):
        return reading.NOTHING
    return value if isinstance(value, dict) else reading.NOTHING
