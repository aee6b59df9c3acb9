"""The storage of saved files, and their bytes, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.core.files.storage import Storage, storages

from tasks.web.files.ranges import ByteRange

#: Bytes. Each block that a reader is not yet ready for wakes the web server's loop once more: a
#: closed range of 60 MB cost 85 ms of a core in blocks of 256 kB, and 57 ms in these.
BLOCK = 1024 * 1024


def videos() -> Storage:
    return storages["videos"]


def is_local(storage: Storage) -> bool:
    """Whether its files have a path on this machine; else browsers are redirected to them."""
    try:
        storage.path("any")
    except NotImplementedError:
        return False
    return True


def origins() -> set[str]:
    """The origins, beyond our own, of videos and images that a page must be allowed to load."""
    storage = videos()
    return set() if is_local(storage) else {_origin(storage)}


@lru_cache(maxsize=4)  # signing a link takes a millisecond, and every page asks for this
def _origin(storage: Storage) -> str:
    parts = urlsplit(storage.url("any"))
    return f"{parts.scheme}://{parts.netloc}"


class Blocks:
    """A range of an open file as blocks; the file is closed at its end or by `close`."""

    def __init__(self, file: Any, wanted: ByteRange) -> None:
        file.seek(wanted.start)
        self._file, self._left = file, wanted.length

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
    """All bytes of a file in blocks; it is opened when the first block is read.

    A file of django-storages loads everything into memory first; the object's own body does not.
    """
    file = storage.open(name)
    remote = getattr(file, "obj", None)
    with closing(file if remote is None else remote.get()["Body"]) as body:
        while block := body.read(BLOCK):
            yield block
