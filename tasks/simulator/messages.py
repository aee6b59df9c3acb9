"""What a dialect is given and what it gives back; nothing here knows a socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request, its path already cut below the preset's prefix."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    origin: str = ""  # http://host:port as the client wrote it
    now: float = 0
    request_id: str = ""

    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    def bearer(self) -> str:
        """The key after `Bearer`, or ""."""
        word, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() if word == "Bearer" else ""

    def data(self) -> object:
        """The JSON or form body; ValueError when it is neither."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            return _form(kind, self.body)
        return json.loads(self.body or b"null")


def _form(kind: str, body: bytes) -> dict[str, Any]:
    """Text fields of a multipart form; a file becomes a data: URL of no content."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
    )
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        text = part.get_payload(decode=True) or b""
        is_file = part.get_filename() is not None
        fields[str(name)] = "data:image/jpeg;base64," if is_file else text.decode()  # type: ignore[union-attr]
    return fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer. `chunks` replaces the body when it is dripped or broken off on purpose."""

    status: int = 200
    body: bytes = b""
    headers: Headers = (("Content-Type", "application/json"),)
    chunks: Callable[[bytes], Iterable[bytes]] | None = None
    hang_up: bool = False  # close the connection without a word


def as_json(data: object, status: int = 200, *headers: tuple[str, str]) -> Reply:
    """A JSON answer."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Reply(
        status=status,
        body=text.encode(errors="replace"),
        headers=(("Content-Type", "application/json; charset=utf-8"), *headers),
    )


def as_go_json(data: object, status: int = 200, *headers: tuple[str, str]) -> Reply:
    """JSON as Go writes it: & < > escaped."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Reply(
        status=status,
        body=text.encode(errors="replace"),
        headers=(("Content-Type", "application/json; charset=utf-8"), *headers),
    )


def as_html(page: str, status: int = 200) -> Reply:
    """A web page."""
    return Reply(
        status=status,
        body=page.encode(),
        headers=(("Content-Type", "text/html; charset=utf-8"),),
    )
