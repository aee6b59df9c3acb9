"""Where saved files lie, and their bytes, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.core.files.storage import Storage, storages

from tasks.serving.ranges import Span

#: In bytes. In blocks of 128 kB a clip of 20 MB took a seventh longer, in blocks of 1 MB no less.
BLOCK = 256 * 1024


def videos() -> Storage:
    return storages["videos"]


def is_local(storage: Storage) -> bool:
    """Whether its files have a path on this machine; else they are fetched from where they lie."""
    try:
        storage.path("any")
    except NotImplementedError:
        return False
    return True


def origins() -> set[str]:
    """Where a page must be allowed to play from and show images of, beyond our own origin."""
    storage = videos()
    return set() if is_local(storage) else {_origin(storage)}


@lru_cache(maxsize=4)  # signing a link takes a millisecond, and every page asks for this
def _origin(storage: Storage) -> str:
    parts = urlsplit(storage.url("any"))
    return f"{parts.scheme}://{parts.netloc}"


class Blocks:
    """A span of an open file. Closes the file at its end, or when nobody reads on."""

    def __init__(self, file: Any, span: Span) -> None:
        file.seek(span.start)
        self._file, self._left = file, span.length

    def __iter__(self) -> Blocks:
        return self

    def __next__(self) -> bytes:
        block: bytes = self._file.read(min(BLOCK, self._left))
        if not block:
            self.close()
            raise StopIteration
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()


def bytes_of(storage: Storage, name: str) -> Iterator[bytes]:
    """All of a file, opened when the first block is wanted.

    django-storages' files fetch everything into memory first; the object's own body does not.
    """
    file = storage.open(name)
    remote = getattr(file, "obj", None)
    with closing(file if remote is None else remote.get()["Body"]) as body:
        while block := body.read(BLOCK):
            yield block
