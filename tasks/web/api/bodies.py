"""Bodies of creates, read in flat memory: files inside them go to the disk, the rest is small.

A body of Ark's may have 64 MB, nearly all of it pictures and sound as `data:` strings. As one
JSON document it would take four times as much memory. So it is read in blocks, every `data:`
string is decoded into a temporary file on the way, and `data:file:N` stands in its place.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any

from tasks.providers.dialects.ark_errors import RefusalError, invalid
from tasks.providers.numbers import whole_number

BLOCK = 64 * 1024  # bytes read at a time
LONGEST_REST = 1_000_000  # bytes of a body besides its files
LONGEST_HEAD = 200  # bytes of a data URI before its comma
MOST_FILES = 60  # more than any model takes
FILE = "data:file:"

_STRING_BEGINS = re.compile(rb'"')
_STRING_ENDS = re.compile(rb'["\\]')
_DATA = b"data:"
#: The beginning of a data URI; some encoders write its slash as \\/ or \\u002F.
_FILE_BEGINS = re.compile(
    rb"data:[\w.+-]*(?:\\?/|\\u002[fF])?[\w.+-]*(?:;[\w=.-]+)*;base64,", re.IGNORECASE
)


@dataclass(frozen=True)
class InlineFile:
    """A file that came within a body; `kind` is the content type that its sender gave."""

    kind: str
    file: IO[bytes]
    size: int
    sha256: str


@dataclass
class Body:
    """A JSON body without its files, which are named `data:file:0`, `data:file:1` …"""

    data: Any
    files: list[InlineFile] = field(default_factory=list)

    def file_in(self, url: str) -> InlineFile | None:
        """Return the file that a URL in the body names, or None if it names none."""
        number = whole_number(url.removeprefix(FILE)) if url.startswith(FILE) else None
        return self.files[number] if number is not None and number < len(self.files) else None

    def digest(self, *more: str) -> str:
        """The hash of all that it asks for, the content of its files included, and of `more`."""
        asked = [self.data, *(each.sha256 for each in self.files), *more]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def read_body(stream: IO[bytes], keep: ExitStack) -> Body:
    """Read a JSON body from a stream; its files are closed with `keep`. Raises RefusalError."""
    reader = _Reader(stream, keep)
    rest = b"".join(reader.rest())
    try:
        data = json.loads(rest or b"null")
        if "\\u0000" in json.dumps(data):
            raise ValueError("no database can keep this")
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("body", "the request body is not valid JSON") from None
    return Body(data, reader.files)


class _Reader:
    """One pass over a body; holds a block of it, and what is not of files."""

    def __init__(self, stream: IO[bytes], keep: ExitStack) -> None:
        self._stream, self._keep = stream, keep
        self._block, self._at = b"", 0
        self.files: list[InlineFile] = []

    def rest(self) -> Iterator[bytes]:
        """Yield the body without its files."""
        size = 0
        for piece in self._pieces():
            size += len(piece)
            if size > LONGEST_REST:
                text = "The request body is too large besides its pictures and sounds."
                raise RefusalError(413, "InvalidParameter", text, param="body")
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        while True:
            outside, found = self._until(_STRING_BEGINS)
            yield outside
            if not found:
                if not self._fill():
                    return
                continue
            yield b'"'
            if self._peek(len(_DATA)) == _DATA and _FILE_BEGINS.match(self._peek(LONGEST_HEAD)):
                yield f"{FILE}{len(self.files)}".encode()
                self.files.append(self._file())
                yield b'"'
            else:
                yield from self._string()

    def _string(self) -> Iterator[bytes]:
        """Yield a string that is no file, its closing quote included."""
        while True:
            piece, end = self._until(_STRING_ENDS)
            yield piece
            if end == b"\\":
                yield end + self._take(1)
            elif end:
                yield end
                return
            elif not self._fill():
                return

    def _file(self) -> InlineFile:
        """Decode a `data:` string into a temporary file; its closing quote is consumed."""
        if len(self.files) >= MOST_FILES:
            raise invalid("content", f"at most {MOST_FILES} files are supported")
        file = self._keep.enter_context(TemporaryFile())  # noqa: SIM115 (closed with the others)
        head, carry, size, sha256 = b"", b"", 0, hashlib.sha256()
        for piece in self._unescaped():
            if b"," not in head:
                head += piece
                if b"," not in head:
                    continue
                head, _comma, piece = head.partition(b",")
                head += b","
            carry += piece
            whole = len(carry) // 4 * 4
            content = _decoded(carry[:whole])
            sha256.update(content)
            size += file.write(content)
            carry = carry[whole:]
        content = _decoded(carry + b"=" * (-len(carry) % 4))
        sha256.update(content)
        size += file.write(content)
        file.seek(0)
        kind = head.removeprefix(_DATA).partition(b";")[0].decode("ascii", "replace")
        return InlineFile(kind=kind.lower(), file=file, size=size, sha256=sha256.hexdigest())

    def _unescaped(self) -> Iterator[bytes]:
        r"""Yield what a string says: some encoders write / as \/ and + as \u002B."""
        while True:
            piece, end = self._until(_STRING_ENDS)
            yield piece
            if end == b"\\":
                escape = self._take(1)
                escape += self._take(4) if escape == b"u" else b""
                try:
                    yield json.loads(b'"\\' + escape + b'"').encode()
                except ValueError:  # a broken escape, or half of a pair
                    raise _not_base64() from None
            elif end:
                return
            elif not self._fill():
                raise invalid("body", "the request body is not valid JSON")

    # The block

    def _until(self, sign: re.Pattern[bytes]) -> tuple[bytes, bytes]:
        """Take all before a sign in this block, and the sign; b"" for the sign at its end."""
        if self._at >= len(self._block) and not self._fill():
            return b"", b""
        match = sign.search(self._block, self._at)
        if match is None:
            taken, self._at = self._block[self._at :], len(self._block)
            return taken, b""
        taken, self._at = self._block[self._at : match.start()], match.end()
        return taken, match[0]

    def _peek(self, number: int) -> bytes:
        while len(self._block) - self._at < number and self._fill():
            pass
        return self._block[self._at : self._at + number]

    def _take(self, number: int) -> bytes:
        taken = self._peek(number)
        self._at += len(taken)
        return taken

    def _fill(self) -> bool:
        """Read the next block behind what is left of this one; whether there was any."""
        more = self._stream.read(BLOCK)
        self._block, self._at = self._block[self._at :] + more, 0
        return bool(more)


def _decoded(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except binascii.Error:
        raise _not_base64() from None


def _not_base64() -> RefusalError:
    text = "A data URI in content is not valid: data:TYPE;base64,CONTENT is expected."
    return RefusalError(400, "InvalidImageURL.InvalidFormat", text, param="content")
