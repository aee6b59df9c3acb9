"""Requests and replies as the dialects see them, without a socket."""

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
    """One request; its path is already cut below the preset's prefix."""

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
        """Return the key after `Bearer`, or ""."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme == "Bearer" else ""

    def data(self) -> object:
        """Read the JSON or multipart form body; ValueError where it is neither."""
        content_type = self.headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            return _read_form(content_type, self.body)
        return json.loads(self.body or b"null")


def _read_form(content_type: str, body: bytes) -> dict[str, Any]:
    """Read the text fields of a multipart form; a file becomes a data: URL without content."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
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
    """One answer; `chunks` sends the body in slow or missing pieces, as a fault."""

    status: int = 200
    body: bytes = b""
    headers: Headers = (("Content-Type", "application/json"),)
    chunks: Callable[[bytes], Iterable[bytes]] | None = None
    hang_up: bool = False  # close the connection without an answer


def as_json(data: object, status: int = 200, *headers: tuple[str, str]) -> Reply:
    """Build a JSON answer."""
    return _json_reply(_compact(data), status, headers)


def as_go_json(data: object, status: int = 200, *headers: tuple[str, str]) -> Reply:
    """Build a JSON answer as Go writes it, with & < > escaped."""
    text = _compact(data)
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return _json_reply(text, status, headers)


def _compact(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _json_reply(text: str, status: int, headers: Headers) -> Reply:
    return Reply(
        status=status,
        body=text.encode(errors="replace"),
        headers=(("Content-Type", "application/json; charset=utf-8"), *headers),
    )


def as_html(page: str, status: int = 200) -> Reply:
    """Build a web page."""
    return Reply(
        status=status,
        body=page.encode(),
        headers=(("Content-Type", "text/html; charset=utf-8"),),
    )
