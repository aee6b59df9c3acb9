"""Memory that all files share: enough for each, and never more than there is."""

from __future__ import annotations

from tasks.archive.rooms import EACH, FILES, MOST, Rooms


def test_the_first_files_have_what_keeps_them_quick_and_everybody_has_one() -> None:
    rooms = Rooms()
    taken = [rooms.take() for _ in range(FILES)]
    assert len(taken[0]) == EACH
    assert min(map(len, taken)) >= 1
    assert sum(map(len, taken)) <= MOST


def test_what_is_given_back_serves_the_next() -> None:
    rooms = Rooms()
    first = rooms.take()
    addresses = {id(room.obj) for room in first}
    rooms.give_back(first)
    for _ in range(50):
        again = rooms.take()
        assert {id(room.obj) for room in again} == addresses
        rooms.give_back(again)
