"""Programs with kept connections that ask at given times, whether the last answer is there or not.

Seconds are counted from the moment at which a request was due: a server that stalls is charged for
all who had to wait meanwhile.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """A request of one program; `due` is in seconds from the start."""

    kind: str
    client: int
    due: float
    request: bytes


@dataclass(frozen=True)
class Answered:
    """An answer's seconds from when it was due; `lag` of them passed before it was sent."""

    seconds: float
    lag: float
    body: bytes


def request(method: str, path: str, token: str = "", body: bytes = b"", *heads: str) -> bytes:
    """The bytes of an HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *heads]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Content-Type: application/json\r\nContent-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def spread(clients: int, rate: float, seconds: float) -> Iterator[tuple[int, float]]:
    """Yield (client, second) of so many requests a second, in order.

    Each client asks by a clock of its own that was started at random, as programs do that know
    nothing of each other.
    """
    every = clients / rate
    times = []
    for client in range(clients):
        due = random.uniform(0, every)
        while due < seconds:
            times.append((due, client))
            due += every
    for due, client in sorted(times):
        yield client, due


class Program:
    """A program with a kept connection; as any client, it opens another one when that was closed.

    The server closes connections that have been idle for long.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask_in_turn(
        self, asked: list[Asked], start: float, answers: dict[str, list[Answered]]
    ) -> None:
        """Ask all of this, each when it is due after the start or as soon as the last one is."""
        for one in sorted(asked, key=lambda one: one.due):
            due = start + one.due
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            lag = max(0.0, time.perf_counter() - due)
            body = await self._ask(one.request)
            answers[one.kind].append(Answered(time.perf_counter() - due, lag, body))
        self._writer.close()

    async def _ask(self, request: bytes) -> bytes:
        if self._reader.at_eof():
            self._writer.close()
            await self.open()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await self._reader.readexactly(int(length[1]) if length else 0)
        assert head.startswith(b"HTTP/1.1 200"), head + body
        return body


async def ask_all(port: int, asked: list[Asked]) -> dict[str, list[Answered]]:
    """Ask all of this, each client over a connection of its own; the answers by their kind."""
    each: dict[int, list[Asked]] = defaultdict(list)
    for one in asked:
        each[one.client].append(one)
    answers: dict[str, list[Answered]] = defaultdict(list)
    programs = {client: Program(port) for client in each}
    for program in programs.values():
        await program.open()
    start = time.perf_counter() + 0.5
    await asyncio.gather(
        *(programs[client].ask_in_turn(own, start, answers) for client, own in each.items())
    )
    return answers
