"""Polls a second through the whole path, beside bare httpx that asks the same server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import httpx
from django.db import connection

from benchmarks import accounts
from benchmarks.figures import Figure
from benchmarks.processes import free_port, module, running
from tasks.providers.transport.client import CONNECTIONS
from tasks.tracking import refresh

CORE = 0  # the provider has the next one to itself
LEAST_RATIO, MOST_STATEMENTS = 0.8, 0.01


@dataclass(frozen=True)
class Size:
    tasks: int = 4_000
    rounds: int = 7
    seconds: float = 4.0


SMALL = Size(tasks=20, rounds=1, seconds=0.2)


def measure(size: Size = Size()) -> Iterator[Figure]:
    yield from _compared("unchanged answers byte-identical", size)
    yield from _compared("every answer differs in bytes", size, "--restless")


def _compared(what: str, size: Size, *options: str) -> Iterator[Figure]:
    port = free_port()
    command = module("benchmarks.fast_provider", "--port", port, "--core", CORE + 1, *options)
    with running("provider", command, port=port):
        yield from _rounds(what, size, f"http://127.0.0.1:{port}")
    accounts.forget_tasks()


def _rounds(what: str, size: Size, base_url: str) -> Iterator[Figure]:
    account = accounts.credential(
        what, "native", base_url, requests_per_second=1e6, check_seconds=0.5
    )
    accounts.running_tasks(account, size.tasks)
    pools = max((1, 2, 5), key=lambda pools: _bare(base_url, size.seconds / 3, pools))
    refresh.sweep(size.seconds)  # every task's first answer is news
    bare: list[float] = []
    ours: list[Sweep] = []
    for _ in range(size.rounds):
        bare.append(_bare(base_url, size.seconds, pools))
        ours.append(_sweep(size.seconds))
    yield _speed(what, ours, bare, pools)
    yield _statements(what, median(sweep.statements for sweep in ours))


@dataclass(frozen=True)
class Sweep:
    rate: float  # polls a second, from its start to its end
    statements: float  # a poll
    news: float  # the share of the polls that changed a row


def _sweep(seconds: float) -> Sweep:
    counter = _Counter()
    began = time.perf_counter()
    with connection.execute_wrapper(counter):
        tally = refresh.sweep(seconds)
    assert tally is not None, "another sweep holds the lease"
    took, asked = time.perf_counter() - began, max(1, tally.asked)
    return Sweep(asked / took, counter.statements / asked, tally.written / asked)


def _speed(what: str, ours: list[Sweep], bare: list[float], pools: int) -> Figure:
    ratio = median(sweep.rate / its for sweep, its in zip(ours, bare, strict=True))
    news = median(sweep.news for sweep in ours)
    return Figure(
        name=f"polls a second, {what}, {news:.0%} news",
        measured=f"{median(sweep.rate for sweep in ours):,.0f}/s",
        baseline=f"bare httpx, {pools} × {CONNECTIONS} connections: {median(bare):,.0f}/s",
        ratio=ratio,
        goal=f"≥ {LEAST_RATIO}",
        met=ratio >= LEAST_RATIO,
    )


def _statements(what: str, statements: float) -> Figure:
    return Figure(
        name=f"SQL statements a poll, {what}",
        measured=f"{statements:.4f}",
        baseline="one poll",
        ratio=statements,
        goal=f"≤ {MOST_STATEMENTS}",
        met=statements <= MOST_STATEMENTS,
    )


class _Counter:
    def __init__(self) -> None:
        self.statements = 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.statements += 1
        return execute(sql, params, many, context)


def _bare(base_url: str, seconds: float, pools: int) -> float:
    return asyncio.run(_bare_rate(base_url, seconds, pools))


async def _bare_rate(base_url: str, seconds: float, pools: int) -> float:
    # Its tasks are others than ours, so that it does not use up their changes.
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    clients = [httpx.AsyncClient(base_url=base_url, limits=limits) for _ in range(pools)]
    end = time.perf_counter() + seconds
    began = time.perf_counter()
    asking = [
        _ask_until(end, client, f"cgt-20261120130000-{pool}{hand}")
        for pool, client in enumerate(clients)
        for hand in range(CONNECTIONS)
    ]
    answers = sum(await asyncio.gather(*asking))
    took = time.perf_counter() - began
    for client in clients:
        await client.aclose()
    return answers / took


async def _ask_until(end: float, client: httpx.AsyncClient, remote_id: str) -> int:
    answers = 0
    while time.perf_counter() < end:
        response = await client.get(f"/contents/generations/tasks/{remote_id}")
        answers += response.status_code == 200
    return answers
