"""The answer "there is no such task" of providers that have no code for it. Pure.

OpenRouter, WaveSpeed and Atlas Cloud answer 404 with JSON. A path that they do not have at all is a
web page, which stays a wrong address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tasks.providers.answers import Answer, ProviderError, Trouble
from tasks.providers.dialects.reading import parse_object
from tasks.providers.redact import one_line


@contextmanager
def unknown_by_404(answer: Answer) -> Iterator[None]:
    """Turn the error of a 404 in JSON into NOT_FOUND, after which the task is asked about again."""
    try:
        yield
    except ProviderError as error:
        if error.status_code != 404 or not parse_object(answer.body):
            raise
        words = str(error).partition(" (HTTP ")[2]
        raise ProviderError(
            one_line(f"The provider does not know this task (HTTP {words}"),
            trouble=Trouble.NOT_FOUND,
            retry_after=error.retry_after,
            status_code=404,
            code=error.code,
            request_id=error.request_id,
            host_time=error.host_time,
        ) from None
