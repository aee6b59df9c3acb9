"""Whether an answer went out: the web server tells, once it has handed over the last byte."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

#: The entry of a WSGI environment with the calls to make after the answer was sent. The web
#: server adds it; without it nothing is known of what becomes of an answer.
AFTER_ANSWER = "dailies.after_answer"


def after_answer(request: HttpRequest, call: Callable[[], object]) -> None:
    """Have this called once the answer was sent to a client that was still there."""
    calls = request.META.get(AFTER_ANSWER)
    if calls is not None:
        calls.append(call)
