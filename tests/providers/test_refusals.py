"""Answers without a file: dead links, files that are not ready, refusals."""

from __future__ import annotations

import asyncio

import pytest

from tasks.providers import Trouble
from tasks.providers.transport.downloads import Limits
from tests.providers.fetching import KEY, trouble
from tests.providers.hosts import Asked, answer, replying, told

EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>"
UPSTREAM = "Upstream service returned status 403"


@pytest.mark.parametrize(
    ("reply", "gateway", "kind", "permanent"),
    [
        (answer(403), False, Trouble.LINK_DEAD, False),
        (answer(403, EXPIRED), False, Trouble.LINK_DEAD, True),
        (answer(404), False, Trouble.LINK_DEAD, False),
        (answer(410), False, Trouble.LINK_DEAD, True),
        (told(404, "Task not found"), True, Trouble.LINK_DEAD, False),
        (told(502, UPSTREAM), True, Trouble.LINK_DEAD, False),
        (told(502, "Bad gateway"), True, Trouble.SERVER, False),
        (told(400, "Task is not completed yet, current status: x"), True, Trouble.NOT_READY, False),
        (told(404, "x", "video_not_ready"), True, Trouble.NOT_READY, False),
        (told(409, "x", "artifact_not_ready"), True, Trouble.NOT_READY, False),
        (told(403, "x"), True, Trouble.FORBIDDEN, True),
        (told(401, f"Invalid token {KEY}"), True, Trouble.UNAUTHORIZED, True),
        (answer(401), False, Trouble.UNAUTHORIZED, True),
        (answer(429), False, Trouble.RATE_LIMITED, False),
        (answer(500), False, Trouble.SERVER, False),
        (answer(503, b"<Error><Code>SlowDown</Code></Error>"), False, Trouble.SERVER, False),
        (answer(400, b"x" * 1_000_000), False, Trouble.BAD_REQUEST, True),
    ],
)
def test_a_refusal_is_named(reply: bytes, gateway: bool, kind: Trouble, permanent: bool) -> None:
    error = trouble(replying(reply), gateway=gateway)
    assert (error.trouble, error.permanent) == (kind, permanent)
    assert error.status_code and str(error.status_code) in str(error)


def test_retry_after_is_respected() -> None:
    assert trouble(replying(answer(503, retry_after=17))).retry_after == 17


@pytest.mark.parametrize("gateway", [True, False])
def test_a_link_that_a_refusal_quotes_is_not_in_our_message(gateway: bool) -> None:
    async def repeat(asked: Asked, writer: asyncio.StreamWriter) -> None:
        path = asked.path.replace("&", "\\u0026")
        writer.write(told(500, f"No upstream for {path} with {KEY}"))

    error = trouble(repeat, gateway=gateway)
    assert error.trouble == Trouble.SERVER
    assert ("No upstream" in str(error)) == gateway


def test_a_refusal_whose_body_never_ends_is_read_all_the_same() -> None:
    reply = answer(404, b"<Err", content_length=100)
    error = trouble(replying(reply), limits=Limits(silence=0.2))
    assert error.trouble == Trouble.LINK_DEAD
