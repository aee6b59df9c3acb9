"""A number in an address is a row's id, or it is nothing."""

import pytest

from tasks.providers.numbers import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("17", 17), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", " 1", "1_0", "²", "٣", "9" * 19, "a"])
def test_everything_else_is_none(text: str) -> None:
    assert whole_number(text) is None
