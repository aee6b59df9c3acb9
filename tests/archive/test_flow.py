"""From a host's pieces, however they come, onto the disk, byte by byte the same."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from tasks.archive import flow, rooms
from tasks.archive import part as part_module
from tasks.archive.flow import Flow
from tasks.archive.part import BLOCK, Part
from tasks.archive.rooms import Rooms

PIECE = 2 * BLOCK
BODY = random.Random(3).randbytes(7 * PIECE)


class Stream:
    """As tasks.providers.downloads has it: a body, so many bytes at a time."""

    def __init__(self, body: bytes, at_once: int) -> None:
        self.rest, self.at_once = memoryview(body), at_once

    def read_into(self, view: memoryview) -> int:
        size = min(len(view), len(self.rest), self.at_once)
        view[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch, own_folder: Path) -> None:
    monkeypatch.setattr(rooms, "PIECE", PIECE)
    monkeypatch.setattr(flow, "rooms", Rooms())  # others have other sizes


@pytest.fixture
def part(tmp_path: Path) -> Part:
    return Part(tmp_path / "1.part")


def bring(part: Part, body: bytes, at_once: int = PIECE, start: int = 0) -> None:
    part.path.write_bytes(body[:start])
    part.begin(start)
    stream: Any = Stream(body[start:], at_once)
    with Flow(part) as under_way:
        under_way.take(stream)
    part.close()


def assert_is(part: Part, body: bytes) -> None:
    assert part.path.read_bytes() == body
    assert (part.size, part.digest) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("start", [0, 1, BLOCK, BLOCK + 5, PIECE - 1, PIECE, 3 * PIECE + 7])
def test_it_begins_and_ends_anywhere(start: int, part: Part) -> None:
    for beyond in (1, BLOCK - 1, BLOCK, BLOCK + 1, PIECE, PIECE + 1, 3 * PIECE):
        body = BODY[: start + beyond]
        bring(part, body, start=start)
        assert_is(part, body)


@pytest.mark.parametrize("at_once", [7, 1000, BLOCK, PIECE - 1, 10 * PIECE])
def test_it_comes_in_pieces_of_any_size(at_once: int, part: Part) -> None:
    bring(part, BODY[:-3], at_once)
    assert_is(part, BODY[:-3])


def test_an_empty_rest_is_nothing_wrong(part: Part) -> None:
    bring(part, BODY, start=len(BODY))
    assert_is(part, BODY)


def test_a_disk_that_takes_no_whole_blocks_gets_them_in_the_usual_way(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_module, "_straight", lambda path: None)
    bring(part, BODY[:-3])
    assert_is(part, BODY[:-3])


def test_a_disk_that_wants_larger_blocks_than_ours_gets_them_in_the_usual_way(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To this one ours are too small: the kernel itself refuses what begins at an odd byte."""
    monkeypatch.setattr(part_module, "BLOCK", 1)
    bring(part, BODY[:-3], at_once=999, start=5)
    assert_is(part, BODY[:-3])


def test_however_often_what_came_is_written_it_is_written_once(part: Part) -> None:
    """By the thread that syncs, at any moment, also while whole pieces wait for their turn."""
    part.begin(0)
    ended = threading.Event()
    with Flow(part) as under_way:

        def flush() -> None:
            while not ended.is_set():
                under_way.flush()

        impatient = threading.Thread(target=flush)
        impatient.start()
        stream: Any = Stream(BODY * 20, 3000)
        under_way.take(stream)
        ended.set()
        impatient.join()
    assert part.path.read_bytes() == BODY * 20
    part.close()


def test_what_came_before_a_host_fell_silent_is_on_the_disk(part: Part) -> None:
    class Breaks(Stream):
        def read_into(self, view: memoryview) -> int:
            if size := super().read_into(view):
                return size
            raise ConnectionError

    part.begin(0)
    broken: Any = Breaks(BODY[: PIECE + 100], 1000)
    with pytest.raises(ConnectionError), Flow(part) as under_way:
        under_way.take(broken)
    assert part.sync() == PIECE + 100
    assert part.path.read_bytes() == BODY[: PIECE + 100]
    part.close()


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="only Linux has it")
def test_whole_blocks_do_not_pass_through_the_kernels_memory(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    part.path.touch()
    if part_module._straight(part.path) is None:
        pytest.skip("this file system has no such way")
    usual: list[int] = []
    known = Part._write_some

    def write_some(self: Part, rest: memoryview) -> int:
        usual.append(len(rest))
        return known(self, rest)

    monkeypatch.setattr(Part, "_write_some", write_some)
    bring(part, BODY + b"end")
    assert usual == [3]


def test_a_fault_of_the_disk_stops_it(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pwrite", broken)
    with pytest.raises(OSError, match="Input/output"):
        bring(part, BODY)
    part.close()
