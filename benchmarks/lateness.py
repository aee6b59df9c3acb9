"""Lateness of polls: 2,000 live tasks, each polled every 5 s, at a provider that takes 100 ms."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from benchmarks import accounts
from benchmarks.figures import Figure, p95
from benchmarks.processes import free_port, module, running
from tasks import jobs
from tasks.providers.transport.client import CONNECTIONS

MOST_LATE = 0.5  # seconds
INTERVAL, LATENCY = 5.0, 0.1


@dataclass(frozen=True)
class Size:
    credentials: int = 10  # one asks 100 times a second at most, with its ten connections
    tasks_each: int = 200
    warm_up: float = 15.0
    seconds: float = 45.0
    bare_seconds: float = 20.0


SMALL = Size(credentials=2, tasks_each=3, warm_up=0.0, seconds=2.0, bare_seconds=0.5)


def measure(size: Size = Size()) -> Iterator[Figure]:
    port = free_port()
    provider = module("benchmarks.fast_provider", "--port", port, "--latency", LATENCY)
    with running("provider", provider, port=port):
        base_url = f"http://127.0.0.1:{port}"
        bare = p95(asyncio.run(_bare(size, base_url)))
        for number in range(size.credentials):
            account = accounts.credential(
                f"gateway {number}",
                "native",
                base_url,
                check_seconds=INTERVAL,
                requests_per_second=CONNECTIONS / LATENCY,
            )
            accounts.running_tasks(account, size.tasks_each, spread=INTERVAL)
        notes = _watched(size)
    for what, words in (("claimed", "claimed"), ("asked", "on the wire")):
        yield _figure(words, [note["late"] for note in notes if note["what"] == what], bare, size)


def _figure(words: str, late: list[float], bare: float, size: Size) -> Figure:
    number = size.credentials * size.tasks_each
    found = p95(late)
    return Figure(
        name=f"lateness p95 until {words}, {number:,} live tasks each {INTERVAL:.0f} s, "
        f"provider {LATENCY * 1000:.0f} ms ({len(late) / size.seconds:.0f} looks/s)",
        measured=f"{found:.2f} s",
        baseline=f"bare asyncio and httpx: {bare:.3f} s",
        ratio=found / bare,
        goal=f"< {MOST_LATE} s",
        met=found < MOST_LATE,
    )


def _watched(size: Size) -> list[dict[str, Any]]:
    """Notes of the cluster after it was warm, sweeps' ends and beginnings included."""
    file = Path(settings.DATA_DIR, "lateness.jsonl")
    jobs.ensure_sweep()
    with running("cluster", module("benchmarks.cluster", file)):
        while not file.exists():
            time.sleep(0.05)
        time.sleep(size.warm_up)
        began = time.time() if size.warm_up else 0.0
        time.sleep(size.seconds)
        ended = time.time()
    notes = [json.loads(line) for line in file.read_text().splitlines()]
    return [note for note in notes if began <= note["at"] < ended]


async def _bare(size: Size, base_url: str) -> list[float]:
    """Seconds that as many bare timers are late, which ask as often and throw the answers away."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    clients = [httpx.AsyncClient(base_url=base_url, limits=limits) for _ in range(size.credentials)]
    end = time.monotonic() + size.bare_seconds
    late: list[float] = []
    timers = [
        _poll(client, f"bare-{number}-{n}", end, late)
        for number, client in enumerate(clients)
        for n in range(size.tasks_each)
    ]
    await asyncio.gather(*timers)
    for client in clients:
        await client.aclose()
    return late


async def _poll(client: httpx.AsyncClient, remote_id: str, end: float, late: list[float]) -> None:
    due = time.monotonic() + random.uniform(0, min(INTERVAL, end - time.monotonic()))
    while due < end:
        await asyncio.sleep(due - time.monotonic())
        late.append(time.monotonic() - due)
        due += INTERVAL * random.uniform(0.9, 1.1)
        await client.get(f"/contents/generations/tasks/{remote_id}")
