"""Run a judge's steps, and tell as JSON what went wrong in each.

Every judge takes the same options, for providers that differ from Ark where they say so:

--patience SECONDS   at most until a task has ended; --pause SECONDS between two questions
--at-once STEPS      begun before earlier ones have ended
--refused-later      what the provider behind refuses is a task that failed, not an error
--without STEP …     left out

Keys are named as the simulator's. JUDGE_KEYS, a JSON object in the environment, has those to
send in their place.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

KEYS: dict[str, str] = json.loads(os.environ.get("JUDGE_KEYS", "{}"))
UNTIL_ASKED = "sim:queue=0 sim:run=0"  # a prompt of what is over as soon as it is asked for
#: A black picture of 400 by 400 pixels.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAZAAAAGQAQAAAACoxAthAAAAKklEQVR42u3BMQEAAADCoPVP7W8GoAAAAAAAAAAAAAAA"
    "AAAAAAAAAACAN0+wAAGUQRhcAAAAAElFTkSuQmCC"
)

Step = Callable[[], Any]


def options(*names: str) -> argparse.Namespace:
    """Read the command line: a judge's own arguments by these names, and the options of all."""
    parser = argparse.ArgumentParser()
    for name in names:
        parser.add_argument(name)
    parser.add_argument("--patience", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0.05)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--refused-later", action="store_true")
    parser.add_argument("--without", nargs="+", default=[], metavar="STEP")
    return parser.parse_args()


def key(name: str = "sim-judge") -> str:
    """Return the key to send in the place of one of the simulator's."""
    return KEYS.get(name, name)


def chosen(steps: Sequence[Callable[..., Any]], given: argparse.Namespace) -> list[Any]:
    """Return the steps that are not left out; KeyError for one that does not exist."""
    by_name = {step.__name__: step for step in steps}
    for name in given.without:
        del by_name[name]
    return list(by_name.values())


def report(steps: Sequence[Step], given: argparse.Namespace) -> None:
    """Print {name of the step: what went wrong}, with "" for a step that passed."""
    wanted = chosen(steps, given)
    with ThreadPoolExecutor(given.at_once) as pool:
        outcomes = list(pool.map(_outcome, wanted))
    print(json.dumps({step.__name__: why for step, why in zip(wanted, outcomes, strict=True)}))


def _outcome(step: Step) -> str:
    try:
        step()
    except Exception:
        return traceback.format_exc()
    return ""


def refusal(kind: type[Exception], call: Callable[[], Any]) -> Any:
    """Return the error of this kind that the call must raise."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected, not {answer!r}")


def until(is_done: Callable[[Any], bool], ask: Callable[[], Any], given: argparse.Namespace) -> Any:
    """Ask until the answer satisfies, as a client without a method of its own must."""
    deadline = time.monotonic() + given.patience
    while not is_done(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(given.pause)
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
