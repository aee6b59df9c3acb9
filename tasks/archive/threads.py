"""Blocking work beside the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Args = ParamSpec("Args")
Result = TypeVar("Result")


async def in_thread(work: Callable[Args, Result], *args: Args.args, **more: Args.kwargs) -> Result:
    """asyncio.to_thread, but a cancellation waits until the thread is done.

    A thread cannot be cancelled: left alone it would write into a file that others read by then.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **more))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at, or asyncio complains
        raise
