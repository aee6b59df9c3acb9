"""Faults on request: which, for whom, how often, and what they do to an answer."""

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
    "409",
    "429",
    "500",
    "503",
    "quota",
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

ERROR_PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><center>\
<h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind of failure, and the requests that it hits."""

    kind: str
    retry_after: int | None = None
    on: str = ""  # one operation only; "" = every operation that the kind makes sense for
    share: int = 100  # per cent of those requests

    @property
    def is_refusal(self) -> bool:
        """Whether it takes the place of the answer, in the dialect's own words."""
        return self.kind.isdecimal() or self.kind == "quota"

    def applies_to(self, operation: str) -> bool:
        """Whether this operation can fail in this way."""
        if self.kind in ("lost-create", "dropped-create"):
            return operation == "create"
        if self.kind == "409":  # the task begins to run right before it is cancelled
            return operation == "delete"
        if (
            self.kind == "quota"
        ):  # of the account's plan; `retry_after` are the seconds to its reset
            return operation == (self.on or "create")
        if self.kind == "wrong-id":
            return operation == "get"
        return operation == (self.on or operation)


def parse_fault(text: str) -> Fault:
    """Read `429;retry-after=7;share=20;on=get`; ValueError says what is wrong with it."""
    kind, *options = [part.strip() for part in text.split(";")]
    pairs = dict(option.partition("=")[::2] for option in options if option)
    return make_fault({"fault": kind, **{k.replace("-", "_"): v for k, v in pairs.items()}})


def make_fault(data: Mapping[str, Any]) -> Fault:
    """Read {"fault": "429", "retry_after": 7, "share": 20, "on": "get"}.

    Raises ValueError or TypeError where a value is wrong.
    """
    kind, on = str(data.get("fault", "")), str(data.get("on") or "")
    if kind not in KINDS:
        raise ValueError(f"fault must be one of {', '.join(KINDS)}, not {kind!r}")
    if on and on not in OPERATIONS:
        raise ValueError(f"on must be one of {', '.join(OPERATIONS)}, not {on!r}")
    after = data.get("retry_after")
    share = int(data.get("share") or 100)
    return Fault(kind=kind, on=on, share=share, retry_after=None if after is None else int(after))


def fault_in_key(key: str) -> Fault | None:
    """Read the fault that the name of a key asks for: sim-fault-429-retry-after-7-20pct."""
    match = _IN_KEY.search(key)
    if not match:
        return None
    options = {name: match[name] for name in ("retry_after", "on", "share")}
    return make_fault({"fault": match["kind"], **options})


class Faults:
    """The faults switched on at run time, and the choice of the requests that fail."""

    def __init__(self) -> None:
        self._by_key: dict[str, Fault] = {}
        self._requests: dict[str, int] = {}  # by key, those that a fault applies to
        self._lock = threading.Lock()

    def switch_on(self, key: str, fault: Fault) -> None:
        self._by_key[key] = fault

    def switch_off(self, key: str) -> None:
        self._by_key.pop(key, None)

    def as_json(self) -> dict[str, Any]:
        return {key: fault.__dict__ for key, fault in self._by_key.items()}

    def choose(self, request: Request, key: str, operation: str) -> Fault | None:
        """Return the fault that this request gets, if any: its own first, then its key's.

        A fault with a share hits that many of every hundred requests, evenly spread: 20 hits
        each fifth. Raises ValueError where the request asks for an unknown fault.
        """
        text = request.headers.get("x-sim-fault", "")
        if not text and "sim_fault=" in request.query:
            text = parse_qs(request.query)["sim_fault"][0]
        fault = (parse_fault(text) if text else None) or self._by_key.get(key) or fault_in_key(key)
        if fault is None or not fault.applies_to(operation):
            return None
        with self._lock:
            before = self._requests.get(key, 0)
            self._requests[key] = before + 1
        is_hit = (before + 1) * fault.share // 100 > before * fault.share // 100
        return fault if is_hit else None


def retry_header(fault: Fault) -> tuple[tuple[str, str], ...]:
    return () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)


def spoil(reply: Reply, fault: Fault) -> Reply:
    """Turn a good answer into a bad one."""
    if fault.kind == "html":
        return as_html(ERROR_PAGE)
    if fault.kind == "empty":
        return replace(reply, status=200, body=b"")
    if fault.kind == "truncated":
        return replace(reply, body=reply.body[: len(reply.body) * 2 // 3])
    if fault.kind == "drip":
        return replace(reply, chunks=drip)
    return replace(reply, hang_up=fault.kind == "lost-create")


def drip(body: bytes) -> Iterator[bytes]:
    """Yield one byte at a time, DRIP_SECONDS apart."""
    for place in range(len(body)):
        yield body[place : place + 1]
        time.sleep(DRIP_SECONDS)


def break_off(body: bytes) -> Iterable[bytes]:
    """Return two thirds of what the headers promised."""
    return (body[: len(body) * 2 // 3],)
