"""Translation of an answer that holds no file: the link is dead, not ready yet, or refused."""

from __future__ import annotations

import re
from typing import NoReturn

from tasks.providers.answers import Answer, ProviderError, Trouble
from tasks.providers.dialects import reading
from tasks.providers.dialects.errors import error_details, host_time, refuse

#: The query of a link, which may give access to the file.
_QUERY = re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*")


def refuse_file(answer: Answer, *, is_gateways: bool) -> NoReturn:
    """Raise the ProviderError that an answer without a file means.

    Only a gateway's own message is repeated: others may quote the link that they refuse.
    """
    body = reading.parse_object(answer.body)
    # new-api answers 400 "Task is not completed yet" or 409 artifact_not_ready, others answer
    # video_not_ready.
    code = error_details(body).code or str(body.get("code") or "")
    if code.endswith("not_ready") or b"is not completed yet" in answer.body:
        sentence = "The provider has not got the file ready yet."
        raise _no_file(answer, sentence, Trouble.NOT_READY)
    # A gateway's 403 is about the key, not about the link. "Upstream service returned status 403"
    # of new-api's own proxy is an expired link.
    dead = (404, 410) if is_gateways else (403, 404, 410)
    is_upstream = answer.status_code == 502 and b"returned status 40" in answer.body
    if answer.status_code in dead or is_upstream:
        is_permanent = answer.status_code == 410 or b"xpired" in answer.body
        sentence = "The link is dead, or not alive yet."
        raise _no_file(answer, sentence, Trouble.LINK_DEAD, permanent=is_permanent)
    if not 400 <= answer.status_code < 600:
        raise _no_file(answer, "This is not a file.", Trouble.MALFORMED)
    try:
        refuse(answer, body if is_gateways else reading.NOTHING)
    except ProviderError as error:
        error.args = (_QUERY.sub("?…", str(error)),)
        raise


def _no_file(
    answer: Answer, sentence: str, trouble: Trouble, *, permanent: bool = False
) -> ProviderError:
    return ProviderError(
        f"{sentence} (HTTP {answer.status_code})",
        trouble=trouble,
        permanent=permanent,
        status_code=answer.status_code,
        host_time=host_time(answer.headers),
    )
