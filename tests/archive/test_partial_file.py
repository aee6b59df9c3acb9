"""An unfinished file: byte by byte what came, and honest about what is on the disk."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from typing import Any

import pytest

from tasks.archive import partial_file
from tasks.archive.partial_file import PartialFile

BODY = random.Random(3).randbytes(50_000)


@pytest.fixture
def file(tmp_path: Path) -> PartialFile:
    return PartialFile(tmp_path / "1.part")


def receive(file: PartialFile, body: bytes, *, start: int = 0, at_once: int = 4096) -> None:
    """Receive a whole body, whose first `start` bytes are there already."""
    with file:
        file.begin(start)
        for at in range(start, len(body), at_once):
            file.write(body[at : at + at_once])
        file.sync()


def assert_is(file: PartialFile, body: bytes) -> None:
    assert file.path.read_bytes() == body
    assert (file.size, file.digest) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("at_once", [7, 1000, 4096, 4097, 10**6])
def test_a_file_may_come_in_pieces_of_any_size(at_once: int, file: PartialFile) -> None:
    receive(file, BODY, at_once=at_once)
    assert_is(file, BODY)


@pytest.mark.parametrize("start", [0, 1, 4096, 4101, len(BODY)])
def test_the_first_bytes_are_kept_and_the_rest_is_cut_off(start: int, file: PartialFile) -> None:
    file.path.write_bytes(BODY[:start] + b"rubbish")
    receive(file, BODY, start=start)
    assert_is(file, BODY)


def test_a_kernel_that_takes_a_part_of_a_piece_is_given_the_rest(file: PartialFile) -> None:
    class Reluctant:
        def __init__(self, file: Any) -> None:
            self.file = file

        def write(self, piece: memoryview) -> int:
            return int(self.file.write(piece[:100]))

    with file:
        file.begin(0)
        known, file._file = file._file, Reluctant(file._file)  # type: ignore[assignment]
        file.write(BODY)
        file._file = known
    assert_is(file, BODY)


def test_written_bytes_are_synced_after_so_many_bytes_or_seconds(
    file: PartialFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_file, "SYNC_BYTES", 1000)
    with file:
        file.begin(0)
        file.sync()
        file.write(BODY[:999])
        assert not file.needs_sync
        file.write(BODY[999:1000])
        assert file.needs_sync and file.sync() == 1000 and not file.needs_sync
        monkeypatch.setattr(partial_file, "SYNC_SECONDS", 0.0)
        assert file.needs_sync


def test_a_whole_file_is_on_the_disk_before_it_has_its_name(
    file: PartialFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[object] = []
    known, replace = os.fsync, Path.replace

    def fsync(number: int) -> None:
        order.append(os.fstat(number).st_ino)
        known(number)

    def renamed(self: Path, target: Path) -> Path:
        order.append("renamed")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renamed)
    with file:
        file.begin(0)
        file.write(BODY)
        file.finish(file.path.with_suffix(".whole"))
    whole = file.path.with_suffix(".whole")
    assert order == [whole.stat().st_ino, "renamed", whole.parent.stat().st_ino]
    assert whole.read_bytes() == BODY


def test_a_disk_error_is_raised_again_for_everybody_who_asks(
    file: PartialFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel tells it once, and says to the next that all is well."""
    faults = [OSError(5, "Input/output error")]

    def fsync(number: int) -> None:
        if faults:
            raise faults.pop()

    monkeypatch.setattr(os, "fsync", fsync)
    with file:
        file.begin(0)
        file.write(BODY)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output"):
                file.sync()
