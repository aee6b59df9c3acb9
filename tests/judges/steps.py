"""Run a judge's steps one after another, and tell as JSON what went wrong in each."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

PATIENCE = 60  # seconds; the simulator is told to take less than one


def report(steps: Iterable[Callable[[], Any]]) -> None:
    """Print {name of the step: what went wrong}, with "" for a step that passed."""
    found = {}
    for step in steps:
        try:
            step()
            found[step.__name__] = ""
        except Exception:
            found[step.__name__] = traceback.format_exc()
    print(json.dumps(found))


def refusal(kind: type[Exception], call: Callable[[], Any]) -> Any:
    """Return the error of this kind that the call must raise."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected, not {answer!r}")


def until(is_done: Callable[[Any], bool], ask: Callable[[], Any]) -> Any:
    """Ask until the answer satisfies, as a client without a method of its own must."""
    deadline = time.monotonic() + PATIENCE
    while not is_done(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer


def is_video(data: bytes) -> bool:
    """Whether these bytes begin as an MP4 does."""
    return data[4:8] == b"ftyp"


async def outcome_of(step: Awaitable[Any]) -> str:
    """Return what went wrong in an asynchronous step; "" where nothing did."""
    try:
        await step
    except Exception:
        return traceback.format_exc()
    return ""
