"""Hosts and name servers that say nothing, and whom they delay."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterable

import pytest

from tasks.providers import Trouble
from tasks.providers.transport.downloads import Limits
from tasks.providers.transport.guard import Allowed
from tasks.providers.transport.net import GuardedBackend, system_resolve
from tests.providers.asking import (
    OK,
    Way,
    download,
    leading_to,
    not_asked,
    poll,
    refusal,
    suppressed,
    ways,
)
from tests.providers.hosts import Host, never, serving


@ways
def test_a_stall_in_tls_ends_at_the_deadline(way: Way) -> None:
    """The server takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        allowed = Allowed.parse([f"127.0.0.1:{port}"])
        generation = {"deadline": 0.3} if way is poll else {"limits": Limits(deadline=0.3)}
        error = refusal(way, f"https://127.0.0.1:{port}/", not_asked, allowed=allowed, **generation)
    assert error.trouble == Trouble.TIMEOUT


def test_the_time_to_connect_ends_before_the_deadline_of_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        limits = Limits(connect=0.2)
        allowed = Allowed.parse([f"127.0.0.1:{port}"])
        url = f"https://127.0.0.1:{port}/"
        error = refusal(download, url, not_asked, allowed=allowed, limits=limits)
    assert error.trouble == Trouble.TIMEOUT


def test_a_name_server_that_says_nothing_delays_no_other_host() -> None:
    """More silent look-ups than the loop's own pool of threads has places."""
    speak = threading.Event()

    def resolve(host: str, port: int) -> Iterable[str]:
        if host.startswith("slow"):
            speak.wait(20)
        return ["127.0.0.1"]

    async def ask() -> None:
        async with serving(OK) as host, asyncio.TaskGroup() as group:
            slow = [
                group.create_task(suppressed(poll(host.at(f"slow{n}.test"), resolve)))
                for n in range(50)
            ]
            await asyncio.sleep(0.05)
            answered = await poll(host.at("fast.test"), resolve, allowed=host.allowed)
            assert answered.status_code == 200 and not any(task.done() for task in slow)
            speak.set()

    asyncio.run(ask())


def test_a_loop_that_ends_while_a_name_server_thinks_leaves_no_complaint(
    caplog: pytest.LogCaptureFixture,
) -> None:
    speak = threading.Event()

    def resolve(host: str, port: int) -> Iterable[str]:
        speak.wait(20)
        return ["127.0.0.1"]

    before = set(threading.enumerate())
    asyncio.run(suppressed(poll("http://gateway.test", resolve, deadline=0.1)))
    speak.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
    assert not caplog.records


def test_connections_begun_together_share_one_look_up() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Iterable[str]:
        asked.append(host)
        time.sleep(0.05)
        return ["127.0.0.1"]

    async def ask() -> None:
        async with serving(OK) as host:
            backend = GuardedBackend(host.allowed, resolve)
            streams = await asyncio.gather(
                *(backend.connect_tcp("gateway.test", host.port) for _ in range(10))
            )
            for stream in streams:
                await stream.aclose()
            await (await backend.connect_tcp("gateway.test", host.port)).aclose()

    asyncio.run(ask())
    assert asked == ["gateway.test"] * 2


@ways
def test_a_name_server_that_fails_is_a_connection_trouble(way: Way) -> None:
    def fails(host: str, port: int) -> Iterable[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert refusal(way, "https://nobody.example", fails).trouble == Trouble.CONNECTION
    assert refusal(way, "https://nobody.example", leading_to()).trouble == Trouble.CONNECTION


def test_a_name_server_that_says_nothing_ends_a_download_in_time() -> None:
    speak = threading.Event()

    def resolve(host: str, port: int) -> Iterable[str]:
        speak.wait(20)
        return ["127.0.0.1"]

    began = time.monotonic()
    error = refusal(download, "https://slow.example/", resolve, limits=Limits(connect=0.2))
    speak.set()
    assert error.trouble == Trouble.TIMEOUT and time.monotonic() - began < 10


def test_the_system_knows_its_own_name_and_refuses_a_label_without_end() -> None:
    assert "127.0.0.1" in system_resolve("localhost", 80)
    error = refusal(download, f"https://{'a' * 64}.example", system_resolve)
    assert error.trouble == Trouble.CONNECTION
    error = refusal(poll, f"https://{'a' * 64}.example", system_resolve)
    assert error.trouble == Trouble.CONNECTION


@ways
def test_the_next_address_is_tried_where_the_first_does_not_answer(way: Way) -> None:
    async def ask() -> Host:
        async with serving(OK) as host:
            allowed = Allowed.parse([f"127.0.0.0/8:{host.port}"])
            # Nobody listens on the first.
            addresses = leading_to("127.9.9.9", "127.0.0.1")
            await way(host.at("gateway.test"), addresses, allowed=allowed)
        return host

    assert len(asyncio.run(ask()).asked) == 1


def test_one_that_stalls_does_not_delay_another() -> None:
    async def ask() -> None:
        async with serving(never) as stalling, serving(OK) as well:
            stalled = [
                asyncio.create_task(suppressed(poll(stalling.url, allowed=stalling.allowed)))
                for _ in range(20)
            ]
            await asyncio.gather(*(poll(well.url, allowed=well.allowed) for _ in range(20)))
            assert not any(task.done() for task in stalled)
            for task in stalled:
                task.cancel()
            await asyncio.gather(*stalled, return_exceptions=True)

    asyncio.run(ask())
