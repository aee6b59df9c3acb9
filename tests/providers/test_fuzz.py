"""No answer, however broken, raises anything but ProviderError or invents an end."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tasks.providers import Answer, ProviderError, RemoteTask, provider
from tasks.providers.words import WORDS
from tasks.status import FINAL, Status
from tests.providers.samples import BASE_URL, NAMES, answer, asked_id, body, sample_answer

SLUGS = ("volcengine", "newapi", "yescale")
ASKED = "cgt-20260228182426-r4rg2"
OTHER = "task_9vKQmPiMmEABiuT2mSyJ6VSCYkgqLmdd"
LINK = "https://x.volces.com/a.mp4?X-Tos-Date=20260228T102510Z&X-Tos-Expires=86400"

quick = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WEIRD_WORDS = (*WORDS, "SUCCESS", "FAILURE", "IN_PROGRESS", "UNKNOWN", "Succeeded ", "", "done")
TEXTS = (
    ASKED,
    OTHER,
    LINK,
    "http://localhost:3000/v1/videos/x/content",
    "http://[::1",
    "任务超时（1440分钟）",
    "100%",
    "\0",
    "\ud800",
    "9" * 5000,
    '{"error":{"code":"X","message":"m. Request id: 0217"}}',
    "2026-02-28T10:24:26Z",
    "A cat --rs 480p --dur 5 --seed x",
    "true",
)
NAMES_OF_FIELDS = (
    *("id", "task_id", "status", "data", "error", "code", "message", "content", "text", "type"),
    *("video_url", "result_url", "fail_reason", "url", "metadata", "object", "properties"),
    *("input", "request", "usage", "tool_usage", "web_search", "total_tokens", "tools", "seed"),
    *("created_at", "updated_at", "submit_time", "start_time", "finish_time", "completed_at"),
    *("duration", "frames", "progress", "quota", "draft", "items", "total", "model"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((0, -1, 10**11, 2**63, 10**400, 1772274266)),
    st.floats(),
    st.sampled_from(TEXTS),
    st.sampled_from(WEIRD_WORDS),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=20),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(NAMES_OF_FIELDS), inner, max_size=8),
    ),
    max_leaves=25,
)
NAMES_WITH_A_RULE = ("status", "id", "task_id", "object")
SMALL = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(NAMES_OF_FIELDS), SCALARS, max_size=3),
)
# Bodies that are nearly tasks, so that the reading gets far.
TASKS = st.fixed_dictionaries(
    {"status": st.one_of(st.sampled_from(WEIRD_WORDS), SMALL)},
    optional={
        "id": st.one_of(st.sampled_from((ASKED, OTHER, "")), SMALL),
        "task_id": st.one_of(st.sampled_from((ASKED, OTHER, "")), SMALL),
        "object": st.sampled_from(("video", None)),
        **{name: SMALL for name in NAMES_OF_FIELDS if name not in NAMES_WITH_A_RULE},
    },
)
ENVELOPES = st.builds(
    lambda outer, inner: {"code": "success", "message": "", "data": {**outer, "data": inner}},
    TASKS,
    st.one_of(TASKS, JSON),
)


def dumped(value: Any) -> bytes:
    """JSON as a careless provider would write it: NaN, lone surrogates and all."""
    return json.dumps(value).encode()


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every name and value in a JSON value."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield str(name), inner
        yield from walk(inner)


def final_words(content: Any) -> set[Status]:
    """Every end that any status in the body speaks of, read without the dialects' code."""
    words = {
        value.strip().lower()
        for name, value in walk(content)
        if name == "status" and isinstance(value, str)
    }
    ends = {WORDS[word] for word in words if word in WORDS} & FINAL
    timed_out = any(isinstance(v, str) and v.startswith("任务超时") for _, v in walk(content))
    return ends | ({Status.EXPIRED} if timed_out and Status.FAILED in ends else set())


def said_ids(content: Any) -> set[str]:
    """Every id in the body, as text."""
    return {str(value) for name, value in walk(content) if name in ("id", "task_id")}


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, also as the name of a field."""
    if isinstance(value, str):
        yield value
    for name, inner in walk(value):
        yield name
        if isinstance(inner, str):
            yield inner


def check_storable(task: RemoteTask) -> None:
    """A database takes every field of it, and JSON the raw answer."""
    json.dumps(task.raw, allow_nan=False)
    fields = [getattr(task, name) for name in RemoteTask.__dataclass_fields__]
    for text in [*texts(task.raw), *texts([*fields, list(task.tools)])]:
        assert "\0" not in text
        text.encode()
        assert len(text) <= 8192
    for number in fields:
        if isinstance(number, int):
            assert -(2**63) < number < 2**63


def check(given_answer: Answer, remote_id: str, content: Any = None) -> None:
    """Ask every dialect to read it, as one task and as a list."""
    for slug in SLUGS:
        dialect = provider(slug).dialect
        try:
            task = dialect.read_task(given_answer, remote_id=remote_id, base_url=BASE_URL)
        except ProviderError as error:
            assert str(error).isprintable()
        else:
            check_storable(task)
            content = json.loads(given_answer.body, strict=False) if content is None else content
            assert task.id == remote_id
            assert remote_id in said_ids(content)
            assert task.status not in FINAL or task.status in final_words(content)
            assert given_answer.status_code in range(200, 300)
        try:
            tasks = dialect.read_list(given_answer, base_url=BASE_URL)
        except ProviderError:
            continue
        for task in tasks:
            check_storable(task)
            assert task.status not in FINAL or task.status in final_words(task.raw)


@quick
@given(content=JSON)
def test_any_json_is_read_or_refused(content: Any) -> None:
    check(answer(dumped(content)), ASKED, content)


@quick
@given(content=st.one_of(TASKS, ENVELOPES), remote_id=st.sampled_from((ASKED, OTHER)))
@example(content={"status": "succeeded", "id": OTHER}, remote_id=ASKED)
@example(content={"status": "succeeded", "id": [ASKED]}, remote_id=ASKED)
def test_anything_like_a_task_is_read_or_refused(content: Any, remote_id: str) -> None:
    check(answer(dumped(content)), remote_id, content)


@quick
@given(items=st.lists(st.one_of(TASKS, ENVELOPES, JSON), max_size=4))
def test_any_list_is_read_or_refused(items: list[Any]) -> None:
    check(answer(dumped({"total": len(items), "items": items})), ASKED)


@quick
@given(data=st.data(), name=st.sampled_from([name for name in NAMES if "/error-" not in name]))
def test_a_sample_with_anything_replaced_is_read_or_refused(data: st.DataObject, name: str) -> None:
    sample = body(name)
    remote_id = asked_id(sample)
    for _ in range(data.draw(st.integers(1, 3))):
        replace_somewhere(sample, data)
    check(answer(dumped(sample)), remote_id, copy.deepcopy(sample))


def replace_somewhere(content: Any, data: st.DataObject) -> None:
    """Put something strange at one place of a JSON value."""
    holders = [content, *(v for _, v in walk(content) if isinstance(v, (dict, list)) and v)]
    holder = data.draw(st.sampled_from(holders))
    names = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if not names:
        return
    place = data.draw(st.sampled_from(names))
    if isinstance(holder, dict) and data.draw(st.booleans()):
        del holder[place]
    else:
        holder[place] = data.draw(JSON)


@quick
@given(raw=st.binary(max_size=300), status_code=st.integers(100, 599))
def test_any_bytes_are_refused(raw: bytes, status_code: int) -> None:
    check(answer(raw, status_code), ASKED)


@quick
@given(
    name=st.sampled_from(NAMES), start=st.integers(0, 2000), junk=st.binary(min_size=1, max_size=4)
)
def test_a_sample_with_damaged_bytes_is_read_or_refused(name: str, start: int, junk: bytes) -> None:
    whole = sample_answer(name)
    start %= len(whole.body)
    damaged = whole.body[:start] + junk + whole.body[start + len(junk) :]
    for raw in (damaged, whole.body[:start]):
        for slug in SLUGS:
            dialect = provider(slug).dialect
            try:
                task = dialect.read_task(
                    answer(raw, whole.status_code), remote_id=ASKED, base_url=BASE_URL
                )
            except ProviderError:
                continue
            check_storable(task)
            assert ASKED.encode() in raw


@quick
@given(content=JSON, status_code=st.integers(300, 599), wish=st.text(max_size=40))
def test_no_bad_status_is_ever_a_task(content: Any, status_code: int, wish: str) -> None:
    headers = {"retry-after": wish, "date": wish, "x-request-id": wish, "location": wish}
    for slug in SLUGS:
        with pytest.raises(ProviderError) as caught:
            provider(slug).dialect.read_task(
                answer(dumped(content), status_code, headers), remote_id=ASKED, base_url=BASE_URL
            )
        assert caught.value.retry_after is None or 0 <= caught.value.retry_after <= 86400
        assert caught.value.request_id.isprintable()


@quick
@given(remote_id=st.text(st.characters(codec=None, exclude_categories=()), max_size=130))
@example(remote_id="cgt-\ud800")
def test_any_id_has_a_path_and_an_opinion(remote_id: str) -> None:
    for slug in SLUGS:
        dialect = provider(slug).dialect
        assert dialect.task_path(remote_id).isascii()
        assert dialect.complaint(remote_id) is None or remote_id != ASKED
        dialect.list_path((remote_id,))


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_read_or_refused_by_every_dialect(name: str) -> None:
    whole = sample_answer(name)
    check(whole, asked_id(body(name)))
