"""A line to a file's host: one connection to a judged address, on which every wait has an end.

It blocks, for a download has a thread of its own: the bytes go from the kernel into the reader's
own buffer, and no piece is handed from thread to thread.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import httpx

from tasks.providers import net
from tasks.providers.guard import Address, Allowed, literal

LOOK = 0.25  # seconds between two looks whether anybody still waits for the file
Result = TypeVar("Result")


class Dropped(Exception):
    """Nobody waits for this file any more."""


class Patience:
    """Seconds for all of a download, and for each step of it; raises TimeoutError at their end,
    and Dropped soon after `dropped` was set.
    """

    def __init__(self, seconds: float, dropped: threading.Event) -> None:
        self._dropped = dropped
        self._ends_at = self._step_ends_at = time.monotonic() + seconds

    def begin_step(self, seconds: float) -> None:
        self._step_ends_at = min(self._ends_at, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that the step may still take."""
        if self._dropped.is_set():
            raise Dropped
        left = self._step_ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def wait(self, attempt: Callable[[float], Result]) -> Result:
        """What an attempt gives that may be repeated when its seconds are over."""
        while True:
            seconds = min(self.left(), LOOK)
            with suppress(TimeoutError):
                return attempt(seconds)


class Line:
    """Of a download; raises OSError, and what its patience does."""

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        self._socket, self._patience = connection, patience

    def send(self, data: bytes) -> None:
        self._socket.settimeout(self._patience.left())
        self._socket.sendall(data)

    def receive_into(self, view: memoryview) -> int:
        """How many bytes came; 0 when the host sends no more."""
        return self._patience.wait(lambda seconds: self._receive(view, seconds))

    def _receive(self, view: memoryview, seconds: float) -> int:
        if self._socket.gettimeout() != seconds:  # each setting asks the kernel
            self._socket.settimeout(seconds)
        return self._socket.recv_into(view)

    def close(self) -> None:
        self._socket.close()


def dial(url: httpx.URL, allowed: Allowed, resolve: net.Resolve, patience: Patience) -> Line:
    """A line to the host of this address, through TLS where it says so; raises ProviderError."""
    net.check_url(url)
    port = url.port or {"http": 80}.get(url.scheme, 443)
    host = url.raw_host.decode("ascii")
    connection = _first_of(_addresses(host, port, allowed, resolve, patience), port, patience)
    try:
        if url.scheme == "https":
            connection = _secured(connection, host, patience)
    except BaseException:
        connection.close()
        raise
    return Line(connection, patience)


def _addresses(
    host: str, port: int, allowed: Allowed, resolve: net.Resolve, patience: Patience
) -> list[Address]:
    if literal(host):
        return net.judged(host, port, [host], allowed)
    lookup = net.look_up(resolve, host, port)
    try:
        found = patience.wait(lookup.result)
    except (TimeoutError, Dropped):
        raise
    except Exception:
        found = ()
    if not found:
        raise net.no_connection()
    return net.judged(host, port, found, allowed)


def _first_of(addresses: list[Address], port: int, patience: Patience) -> socket.socket:
    """The first that answers; each has its share of the time, or one could use up all."""
    share = patience.left() / len(addresses)
    for address in addresses[:-1]:
        with suppress(OSError):
            return _connected(address, port, min(share, patience.left()))
    try:
        return _connected(addresses[-1], port, min(share, patience.left()))
    except TimeoutError:
        raise
    except OSError:
        raise net.no_connection() from None


def _connected(address: Address, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((str(address), port))
    except BaseException:
        connection.close()
        raise
    return connection


def _secured(connection: socket.socket, host: str, patience: Patience) -> ssl.SSLSocket:
    connection.settimeout(patience.left())  # of the whole handshake
    context = net.certificates()
    context.set_alpn_protocols(["http/1.1"])
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLError:
        raise net.no_tls() from None
