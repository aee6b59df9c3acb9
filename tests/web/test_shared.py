"""Values that open pages share: computed once at a time, for a while, and not without end."""

import sys
from threading import Barrier, Thread

import pytest

from tasks.web import shared
from tasks.web.shared import Shared


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock whose only item is the time."""
    now = [100.0]
    monkeypatch.setattr(shared.time, "monotonic", lambda: now[0])
    return now


def test_a_value_is_used_for_its_seconds_and_then_computed_anew(clock: list[float]) -> None:
    values, numbers = Shared[int](1.0), iter(range(9))
    assert [values.get("a", lambda: next(numbers)) for _ in range(3)] == [0, 0, 0]
    clock[0] += 0.99
    assert values.get("a", lambda: next(numbers)) == 0
    clock[0] += 0.02
    assert values.get("a", lambda: next(numbers)) == 1
    assert values.get("b", lambda: next(numbers)) == 2


def test_a_value_is_as_old_as_the_beginning_of_its_computation(clock: list[float]) -> None:
    values = Shared[str](1.0)

    def slow() -> str:
        clock[0] += 0.6
        return "slow"

    assert values.get("a", slow) == "slow"
    clock[0] += 0.5
    assert values.get("a", lambda: "new") == "new"


def test_sixteen_threads_that_ask_the_same_compute_it_once() -> None:
    values, together = Shared[int](60.0), Barrier(16)
    computed: list[int] = []
    answers: list[int] = []

    def compute() -> int:
        computed.append(1)
        sys.setswitchinterval(1e-6)
        return sum(range(50_000)) and 7

    def ask() -> None:
        together.wait()
        answers.append(values.get("a", compute))

    threads = [Thread(target=ask) for _ in range(16)]
    usual = sys.getswitchinterval()
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
    assert (answers, len(computed)) == ([7] * 16, 1)


def test_a_computation_that_fails_leaves_no_value() -> None:
    values = Shared[int](60.0)

    def fail() -> int:
        raise OSError

    with pytest.raises(OSError):
        values.get("a", fail)
    assert values.get("a", lambda: 1) == 1


def test_of_several_values_the_missing_ones_are_computed_together(clock: list[float]) -> None:
    values = Shared[int](1.0)
    asked: list[list[int]] = []

    def compute(keys: list[int]) -> dict[int, int]:
        asked.append(keys)
        return {key: key * 10 for key in keys if key != 3}

    assert values.get_each([1, 2], compute) == [10, 20]
    assert values.get_each([2, 3, 4], compute) == [20, 40]
    assert values.get_each([1, 2, 4], compute) == [10, 20, 40]
    assert asked == [[1, 2], [3, 4]]
    clock[0] += 1
    assert values.get_each([], compute) == []
    assert values.get_each([1], compute) == [10]
    assert asked[2:] == [[1]]


def test_only_so_many_values_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MOST", 4)
    values = Shared[int](60.0)
    for number in range(50):
        assert values.get(number, lambda number=number: number) == number  # type: ignore[misc]
    assert len(values._entries) <= 4
    assert values.get(49, lambda: -1) == 49, "the latest is still there"


def test_a_store_of_its_own_size_keeps_as_many() -> None:
    values = Shared[int](60.0, most=4)
    for number in range(50):
        assert values.get(number, lambda number=number: number) == number  # type: ignore[misc]
    assert len(values._entries) <= 4
