"""Bodies of creates: files inside them go to the disk, the rest is read as JSON."""

from __future__ import annotations

import json
import tracemalloc
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from random import Random
from typing import Any

import pytest

from tasks.providers.dialects.ark_errors import RefusalError
from tasks.web.api import bodies
from tasks.web.api.bodies import Body, read_body

MEGABYTE = 1024 * 1024


@pytest.fixture(params=[1, 7, 64 * 1024])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have bodies read in blocks of this many bytes."""
    monkeypatch.setattr(bodies, "BLOCK", request.param)


@pytest.fixture
def keep() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(text: str | bytes, keep: ExitStack) -> Body:
    return read_body(BytesIO(text.encode() if isinstance(text, str) else text), keep)


def uri(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"model": "a", "content": [{"type": "text", "text": 'A "quoted" word \\ and 船\n'}]},
        {"text": "data: the film", "other": "data:text/plain,hello", "last": "data:file:0"},
        ["", "\\", '"', 'end\\"', 1.5, True],
    ],
)
def test_a_body_without_files_is_read_as_json_is(data: Any, keep: ExitStack) -> None:
    found = read(json.dumps(data), keep)
    assert (found.data, found.files) == (data, [])


@pytest.mark.usefixtures("block")
def test_a_file_within_a_body_is_decoded_and_named(keep: ExitStack) -> None:
    contents = [b"", b"a", b"ab", b"abc", Random(1).randbytes(5_000)]
    body = {"first": "x", "urls": [uri(each) for each in contents], "last": "y"}
    found = read(json.dumps(body), keep)
    names = [f"data:file:{number}" for number in range(len(contents))]
    assert found.data == {"first": "x", "urls": names, "last": "y"}
    files = [found.file_in(name) for name in names]
    assert [each.file.read() for each in files if each] == contents
    assert [each.size for each in files if each] == [len(each) for each in contents]


@pytest.mark.usefixtures("block")
def test_escapes_within_a_data_uri_are_read(keep: ExitStack) -> None:
    content = bytes(range(256))
    escaped = uri(content).replace("/", "\\/").replace("+", "\\u002B").replace("=", "\\u003d")
    [file] = read(f'{{"url": "{escaped}"}}', keep).files
    assert (file.file.read(), file.kind) == (content, "image/png")


@pytest.mark.parametrize(
    "text", ['{"a": "', '{"a"', "not json", '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 100_000]
)
def test_what_is_no_json_is_refused(text: str, keep: ExitStack) -> None:
    with pytest.raises(RefusalError) as refused:
        read(text, keep)
    assert (refused.value.status, refused.value.param) == (400, "body")


@pytest.mark.parametrize("text", ["*", "a", "AAAA=AAA", "AA\\n==", "AA\\ud800"])
def test_what_is_no_base64_is_refused(text: str, keep: ExitStack) -> None:
    with pytest.raises(RefusalError) as refused:
        read(f'{{"url": "data:image/png;base64,{text}"}}', keep)
    assert refused.value.code == "InvalidImageURL.InvalidFormat"


def test_a_url_that_names_no_file_of_the_body_finds_none(keep: ExitStack) -> None:
    found = read('["data:file:0"]', keep)
    assert found.file_in("data:file:0") is None
    assert found.file_in("https://example.com/a.png") is None


def test_a_long_body_without_files_is_refused_early(keep: ExitStack) -> None:
    with pytest.raises(RefusalError) as refused:
        read(b'"' + b"x" * 2 * MEGABYTE + b'"', keep)
    assert refused.value.status == 413


@pytest.mark.exhaustive
def test_a_body_of_64_megabytes_is_read_in_flat_memory(keep: ExitStack) -> None:
    picture = b64encode(bytes(12 * MEGABYTE))
    stream = BytesIO(b'{"urls": [' + b", ".join([b'"data:image/png;base64,%s"' % picture] * 4))
    stream.seek(0, 2)
    stream.write(b"]}")
    stream.seek(0)
    tracemalloc.start()
    try:
        found = read_body(stream, keep)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [file.size for file in found.files] == [12 * MEGABYTE] * 4
    assert peak < 2 * MEGABYTE
