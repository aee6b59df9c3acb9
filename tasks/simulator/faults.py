"""Faults on purpose: which, for whom, how often, and what they do to an answer."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

from tasks.simulator.messages import Reply, Request, as_html

KINDS = (
    "429",
    "500",
    "503",
    "html",
    "empty",
    "truncated",
    "drip",
    "wrong-id",
    "lost-create",
    "dropped-create",
)
OPERATIONS = ("create", "get", "list", "delete", "media")

_IN_KEY = re.compile(
    r"fault-(?P<kind>" + "|".join(KINDS) + r")"
    r"(?:-retry-after-(?P<retry_after>\d+))?"
    r"(?:-on-(?P<on>" + "|".join(OPERATIONS) + r"))?"
    r"(?:-(?P<share>\d+)pct)?(?:-|$)"
)
DRIP_SECONDS = 0.2  # between two bytes

PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><center>\
<h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong. `share` in per cent of the requests it could meet."""

    kind: str
    retry_after: int | None = None
    on: str = ""  # one operation only; "" = every one it makes sense for
    share: int = 100

    def meets(self, operation: str) -> bool:
        """Whether this operation can go wrong in this way."""
        if self.kind in ("lost-create", "dropped-create"):
            return operation == "create"
        if self.kind == "wrong-id":
            return operation == "get"
        return operation == (self.on or operation)


def parse_fault(text: str) -> Fault:
    """Read `429;retry-after=7;share=20;on=get`; ValueError says what is wrong with it."""
    kind, *options = [part.strip() for part in text.split(";")]
    pairs = dict(option.partition("=")[::2] for option in options if option)
    return make_fault({"fault": kind, **{k.replace("-", "_"): v for k, v in pairs.items()}})


def make_fault(data: Mapping[str, Any]) -> Fault:
    """Read {"fault": "429", "retry_after": 7, "share": 20, "on": "get"}."""
    kind, on = str(data.get("fault", "")), str(data.get("on") or "")
    if kind not in KINDS:
        raise ValueError(f"fault must be one of {', '.join(KINDS)}, not {kind!r}")
    if on and on not in OPERATIONS:
        raise ValueError(f"on must be one of {', '.join(OPERATIONS)}, not {on!r}")
    after = data.get("retry_after")
    share = int(data.get("share") or 100)
    return Fault(kind=kind, on=on, share=share, retry_after=None if after is None else int(after))


def fault_in_key(key: str) -> Fault | None:
    """The fault that a key asks for by its name: sim-fault-429-retry-after-7-20pct."""
    found = _IN_KEY.search(key)
    if not found:
        return None
    options = {name: found[name] for name in ("retry_after", "on", "share")}
    return make_fault({"fault": found["kind"], **options})


class Faults:
    """Faults switched on at run time, and the even spread of those that come in shares."""

    def __init__(self) -> None:
        self._of_key: dict[str, Fault] = {}
        self._met: dict[str, int] = {}
        self._lock = threading.Lock()

    def switch_on(self, key: str, fault: Fault) -> None:
        self._of_key[key] = fault

    def switch_off(self, key: str) -> None:
        self._of_key.pop(key, None)

    def as_json(self) -> dict[str, Any]:
        return {key: fault.__dict__ for key, fault in self._of_key.items()}

    def due(self, request: Request, key: str, operation: str) -> Fault | None:
        """The fault of this very request, if any: its own first, then its key's."""
        fault = self._of_request(request) or self._of_key.get(key) or fault_in_key(key)
        if fault is None or not fault.meets(operation) or not self._turn(key, fault):
            return None
        return fault

    def _of_request(self, request: Request) -> Fault | None:
        text = request.headers.get("x-sim-fault", "")
        if not text and "sim_fault=" in request.query:
            text = parse_qs(request.query)["sim_fault"][0]
        return parse_fault(text) if text else None

    def _turn(self, key: str, fault: Fault) -> bool:
        """True for `share` of every hundred requests, evenly spread: 20 → each fifth."""
        with self._lock:
            before = self._met.get(key, 0)
            self._met[key] = before + 1
        return (before + 1) * fault.share // 100 > before * fault.share // 100


def retry_header(fault: Fault) -> tuple[tuple[str, str], ...]:
    return () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)


def spoil(reply: Reply, fault: Fault) -> Reply:
    """The good answer, turned bad."""
    if fault.kind == "html":
        return as_html(PAGE)
    if fault.kind == "empty":
        return replace(reply, status=200, body=b"")
    if fault.kind == "truncated":
        return replace(reply, body=reply.body[: len(reply.body) * 2 // 3])
    if fault.kind == "drip":
        return replace(reply, chunks=drip)
    return replace(reply, hang_up=fault.kind == "lost-create")


def drip(body: bytes) -> Iterator[bytes]:
    """One byte after the other, slowly."""
    for place in range(len(body)):
        yield body[place : place + 1]
        time.sleep(DRIP_SECONDS)


def break_off(body: bytes) -> Iterable[bytes]:
    """Two thirds of what the headers promised."""
    return (body[: len(body) * 2 // 3],)
