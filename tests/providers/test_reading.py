"""Functions that read untrusted JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tasks.providers.dialects import reading
from tests.providers.samples import at


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (5.0, 5),
        ("5", 5),
        (" 5.0 ", 5),
        ("50%", 50),
        ("-1", -1),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (True, None),
        ("", None),
        ("five", None),
        ("1_000", None),
        ("1e400", None),
        ("NaN", None),
        (float("inf"), None),
        ("9" * 5000, None),
        ([5], None),
        (None, None),
    ],
)
def test_whole_numbers_are_read_from_every_usual_form(value: object, number: int | None) -> None:
    assert reading.integer(value) == number


def test_small_numbers_fit_an_ordinary_column() -> None:
    assert reading.small_integer(2**31 - 1) == 2**31 - 1
    assert reading.small_integer(2**31) is None
    assert reading.small_integer(-(2**31) - 1) is None


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (True, True),
        ("True", True),
        (1, True),
        ("false", False),
        (0, False),
        ("yes", None),
        ({}, None),
    ],
)
def test_flags_are_read_from_words_and_numbers(value: object, meaning: bool | None) -> None:
    assert reading.flag(value) is meaning


@pytest.mark.parametrize(
    "value",
    [
        1772274266,
        1772274266.0,
        "1772274266",
        1772274266000,
        "1772274266000",
        1772274266000000,
        "2026-02-28T10:24:26Z",
        "2026-02-28T18:24:26+08:00",
        "2026-02-28 10:24:26",
    ],
)
def test_times_are_read_from_every_usual_form(value: object) -> None:
    assert reading.moment(value) == at(1772274266)


@pytest.mark.parametrize(
    "value",
    [
        0,
        "0",
        -5,
        None,
        True,
        "",
        "soon",
        10**30,
        float("inf"),
        float("nan"),
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "10000-01-01",
        {},
        [1772274266],
    ],
)
def test_zero_and_nonsense_are_no_times(value: object) -> None:
    assert reading.moment(value) is None


def test_the_largest_number_is_still_a_time() -> None:
    assert isinstance(reading.moment(2**63 - 1), datetime)
    assert reading.moment(2**63 - 1).tzinfo is UTC  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "value",
    [
        "ftp://x.example/a.mp4",
        "javascript:alert(1)",
        "//x.example/a.mp4",
        "https://",
        "https:///path/a",
        "https://x.example/a b.mp4",
        "https://x.example/\n",
        "https://x.example/" + "a" * 5000,
        "The request failed",
        7,
        None,
    ],
)
def test_only_a_web_address_is_a_link(value: object) -> None:
    assert reading.url(value) == ""


def test_a_link_is_kept_byte_for_byte() -> None:
    link = "https://x.volces.com/a%2Fb.mp4?X-Tos-Credential=AK%2F2026%2Ftos&b=&a=1#f"
    assert reading.url(link) is link


def test_numbers_that_no_column_stores_become_text() -> None:
    body = b'{"a": NaN, "b": -Infinity, "c": 1e400, "d": ' + b"9" * 5000 + b"}"
    value = reading.parse(body)
    assert value == {"a": "NaN", "b": "-Infinity", "c": "1e400", "d": "9" * 5000}
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize("evil", ["a\\u0000b", "a\\ud800b", "a\\uDC00b", "a\0b"])
def test_nul_and_lone_surrogates_are_taken_out(evil: str) -> None:
    value = reading.parse(f'{{"{evil}": "{evil}"}}'.encode())
    (key,) = value
    for text in (key, value[key]):
        assert "\0" not in text
        text.encode()  # a lone surrogate would raise
        assert text[0] == "a"
        assert text[-1] == "b"


def test_a_pair_of_surrogates_is_one_letter() -> None:
    assert reading.parse(b'"\\ud83d\\ude00"') == "😀"


def test_broken_utf8_and_a_byte_order_mark_are_tolerated() -> None:
    assert reading.parse(b'\xef\xbb\xbf{"a": "\xff\xed\xa0\x80"}')["a"].encode()


def test_long_texts_are_shortened() -> None:
    value = reading.parse(json.dumps({"a": "x" * 10_000_000}).encode())
    assert len(value["a"]) == 8192
    assert len(reading.text("x" * 9000)) == 200


def test_deep_nesting_is_cut() -> None:
    value = reading.parse(b'{"data":' * 500 + b"1" + b"}" * 500)
    assert json.dumps(value).count("{") == 64


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("It failed. Request id: 0217842797", "0217842797"),
        ("Invalid token (request id: 2026abcd)", "2026abcd"),
        ("Request ID：0217842797", "0217842797"),
        ("request_id=abc-def", "abc-def"),
        ("Bad request identity", ""),
        ("", ""),
    ],
)
def test_request_ids_are_found_in_messages(message: str, found: str) -> None:
    assert reading.request_id(message) == found
