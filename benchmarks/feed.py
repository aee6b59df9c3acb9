"""The live feed beside a view that does nothing, and with 500 browsers that ask each 2 s."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from statistics import median

from django.contrib.auth.models import User

from benchmarks import accounts
from benchmarks.browsers import Load, ask_as_fast_as_possible, browse, live_address
from benchmarks.figures import Figure, p95
from benchmarks.processes import cpu_seconds, free_port, module, running
from tasks.management.supervision import Child, manage
from tasks.web.live_feed import QUICK

LEAST_RATIO, MOST_CPU, LONGEST = 0.8, 0.25, 0.010
NOTHING = "/benchmarks/nothing/"


@dataclass(frozen=True)
class Size:
    rounds: int = 7
    seconds: float = 4.0
    browsers: int = 500
    browsing: float = 30.0
    tasks: int = 200


SMALL = Size(rounds=1, seconds=0.3, browsers=5, browsing=3.0, tasks=5)


@dataclass(frozen=True)
class Site:
    """A running web server, and a signed-in browser's cookie."""

    url: str
    cookie: str
    web: Child


def measure(size: Size = Size()) -> Iterator[Figure]:
    port, provider_port = free_port(), free_port()
    account = accounts.credential(
        "gateway", "native", f"http://127.0.0.1:{provider_port}", requests_per_second=100
    )
    accounts.running_tasks(account, size.tasks, spread=3)
    cookie = accounts.session_cookie(User.objects.create_superuser("somebody"))
    web = manage("web", "--unsupervised", "--port", port)
    with ExitStack() as stack:
        child = stack.enter_context(running("web", web, port=port))
        site = Site(f"http://127.0.0.1:{port}", cookie, child)
        yield _against_nothing(site, size)
        stack.enter_context(_provider(provider_port))
        stack.enter_context(running("work", manage("work")))
        time.sleep(min(8.0, size.browsing))  # the first answers are news
        yield from _with_browsers(site, size)


def _provider(port: int) -> AbstractContextManager[Child]:
    # Its tasks stay as they are, so the feed is quiet while the sweep works.
    return running(
        "provider",
        module("benchmarks.fast_provider", "--port", port, "--changed", 0, "--latency", 0.1),
        port=port,
    )


def _against_nothing(site: Site, size: Size) -> Figure:
    address = live_address(site.url, site.cookie)
    pairs = [
        (rate(site, address, size.seconds), rate(site, NOTHING, size.seconds))
        for _ in range(size.rounds)
    ]
    ratio = median(live / nothing for live, nothing in pairs)
    return Figure(
        name="quiet live requests a second (204), session and login",
        measured=f"{median(live for live, _ in pairs):,.0f}/s",
        baseline=f"a view that does nothing: {median(nothing for _, nothing in pairs):,.0f}/s",
        ratio=ratio,
        goal=f"≥ {LEAST_RATIO}",
        met=ratio >= LEAST_RATIO,
    )


def rate(site: Site, address: str, seconds: float) -> float:
    """Answers a second, asked for by 16 connections without a pause."""
    if not shutil.which("wrk"):
        return asyncio.run(ask_as_fast_as_possible(site.url + address, site.cookie, seconds))
    lasting = f"-d{max(1, round(seconds))}s"
    told = subprocess.run(
        ["wrk", "-t1", "-c16", lasting, "-H", f"Cookie: {site.cookie}", site.url + address],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Non-2xx" not in told, told
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert found, told
    return float(found[1])


def _with_browsers(site: Site, size: Size) -> Iterator[Figure]:
    idle, _ = _browsing(site, NOTHING, size)
    cpu, load = _browsing(site, live_address(site.url, site.cookie), size)
    nothing = f"a view that does nothing: {idle:.0%}"
    yield Figure(
        name=f"web's share of a core, {size.browsers} browsers each {QUICK} s, sweep running "
        f"({load.unchanged:.0%} unchanged)",
        measured=f"{cpu:.0%}",
        baseline=nothing,
        ratio=cpu / max(idle, 0.001),
        goal=f"≤ {MOST_CPU:.0%}",
        met=cpu <= MOST_CPU,
    )
    yield _promptness(load, size)


def _promptness(load: Load, size: Size) -> Figure:
    found = p95(load.seconds)
    return Figure(
        name=f"answer to {size.browsers} browsers each {QUICK} s, p95, sweep running",
        measured=f"{found * 1000:.1f} ms",
        baseline=f"median: {median(load.seconds) * 1000:.1f} ms",
        ratio=found / median(load.seconds),
        goal=f"< {LONGEST * 1000:.0f} ms",
        met=found < LONGEST,
    )


def _browsing(site: Site, address: str, size: Size) -> tuple[float, Load]:
    """The web processes' share of a core, and the answers to the browsers."""
    starts = [random.uniform(0, QUICK) for _ in range(size.browsers)]
    before, began = cpu_seconds(site.web.group), time.monotonic()
    load = asyncio.run(
        browse(site.url + address, site.cookie, starts, every=QUICK, seconds=size.browsing)
    )
    return (cpu_seconds(site.web.group) - before) / (time.monotonic() - began), load
