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


async def ask_all(port: int, asked: list[Asked], clients: int) -> dict[str, list[Answered]]:
    """Ask all of this from so many programs; the answers by their kind."""
    each: dict[int, list[Asked]] = defaultdict(list)
    for one in asked:
        each[one.client].append(one)
    answers: dict[str, list[Answered]] = defaultdict(list)
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]
    start = time.perf_counter() + 0.5
    await asyncio.gather(
        *(
            _ask(*connections[client], sorted(own, key=lambda one: one.due), start, answers)
            for client, own in each.items()
        )
    )
    for _reader, writer in connections:
        writer.close()
    return answers


async def _ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    asked: list[Asked],
    start: float,
    answers: dict[str, list[Answered]],
) -> None:
    for one in asked:
        due = start + one.due
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sent = time.perf_counter()
        writer.write(one.request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        assert head.startswith(b"HTTP/1.1 200"), head + body
        answered = Answered(time.perf_counter() - due, max(0.0, sent - due), body)
        answers[one.kind].append(answered)
