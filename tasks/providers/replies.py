"""One question over a line and its answer: the head through h11, and the body past it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import h11
import httpx

from tasks.providers.base import ProviderError, Trouble
from tasks.providers.heads import length_in
from tasks.providers.lines import Line
from tasks.providers.net import MOST_HEADERS

LONGEST_HEAD = 100 * 1024  # bytes
PIECE = 64 * 1024  # bytes that h11 is given at once


class Reply:
    """status   as it came
    headers  names in lower case
    asked    the headers of the question

    Whatever the host does wrong raises ProviderError, what the line does wrong its own errors.
    """

    def __init__(self, line: Line, url: httpx.URL, headers: Mapping[str, str]) -> None:
        self.asked = headers
        self._line, self._talk = line, _Talk(line)
        self._talk.ask(url, headers)
        head = self._talk.head()
        self.status: int = head.status_code
        self.headers = {n.decode("ascii"): v.decode("latin-1") for n, v in head.headers}
        self._rest = memoryview(b"")  # of the body, come and not read
        self._left: int | None = None  # bytes of the body that the line still owes
        if self.status in (200, 206) and (length := length_in(self.headers)) is not None:
            self._rest = memoryview(self._talk.behind_the_head())[:length]
            self._left = length - len(self._rest)

    def read_into(self, view: memoryview) -> int:
        """How many bytes of the body came; 0 at its end, also where it came too early."""
        if not self._rest and self._left is not None:
            return self._receive(view[: self._left])
        if not self._rest:
            self._rest = memoryview(self._talk.piece())
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def _receive(self, view: memoryview) -> int:
        """Past h11, whose copies cost a third of a file's processor time."""
        size = self._line.receive_into(view) if view else 0
        self._left = (self._left or 0) - size
        return size

    def close(self) -> None:
        self._line.close()


class _Talk:
    """h11's part in it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        self._room = memoryview(bytearray(PIECE))

    def ask(self, url: httpx.URL, headers: Mapping[str, str]) -> None:
        named = [("Host", url.netloc.decode("ascii")), *headers.items(), ("Connection", "close")]
        with _understood():
            request = h11.Request(method="GET", target=url.raw_path, headers=named)
            asked = self._http.send(request) or b""
            asked += self._http.send(h11.EndOfMessage()) or b""
        self._line.send(asked)

    def head(self) -> h11.Response:
        while isinstance(event := self._event(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response):
            raise _broken()
        if len(event.headers) > MOST_HEADERS:
            raise ProviderError("The answer has too many headers.", trouble=Trouble.TOO_LARGE)
        return event

    def behind_the_head(self) -> bytes:
        """What has come of the body already."""
        return self._http.trailing_data[0]

    def piece(self) -> bytes:
        """Of a body whose length is not known; b"" at its end."""
        event = self._event()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    def _event(self) -> Any:
        with _understood():
            while (event := self._http.next_event()) is h11.NEED_DATA:
                size = self._line.receive_into(self._room)
                self._http.receive_data(bytes(self._room[:size]))
        return event


@contextmanager
def _understood() -> Iterator[None]:
    """h11's own words may hold the link or the key."""
    try:
        yield
    except h11.ProtocolError:
        raise _broken() from None


def _broken() -> ProviderError:
    return ProviderError("The connection broke.", trouble=Trouble.CONNECTION)
