"""Random answers: none raises anything but ProviderError, and none invents a final status."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tasks.providers import Answer, ProviderError, RemoteTask, provider
from tasks.providers.dialects.reading import parse_object
from tasks.providers.dialects.status_words import WORDS
from tasks.providers.status import FINAL, Status
from tests.providers.samples import BASE_URL, NAMES, answer, body, id_in, sample_answer

SLUGS = ("volcengine", "newapi", "yescale", "openrouter", "wavespeed", "atlascloud", "anyfast")
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
    f"https://inner.example/v1/videos/{OTHER}/content",
    "https://cdn.example/a.mp4",
    json.dumps({"id": ASKED, "status": "succeeded", "content": {"video_url": LINK}}),
    json.dumps([{"type": "video_url", "video_url": {"url": LINK}}]),
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
FIELD_NAMES = (
    *("id", "task_id", "status", "data", "error", "code", "message", "content", "text", "type"),
    *("video_url", "result_url", "fail_reason", "url", "metadata", "object", "properties"),
    *("input", "request", "usage", "tool_usage", "web_search", "total_tokens", "tools", "seed"),
    *("created_at", "updated_at", "submit_time", "start_time", "finish_time", "completed_at"),
    *("duration", "frames", "progress", "quota", "draft", "items", "total", "model"),
    *("result", "output", "outputs", "urls", "resultJson", "super_resolution", "state"),
    *("original_result_url", "role", "unsigned_urls", "expires_at", "cost", "is_byok", "timings"),
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
        st.dictionaries(st.sampled_from(FIELD_NAMES), inner, max_size=8),
    ),
    max_leaves=25,
)
NAMES_WITH_OWN_VALUES = ("status", "id", "task_id", "object")
SMALL = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(FIELD_NAMES), SCALARS, max_size=3),
)
# Bodies that resemble tasks, so that most of the code that reads them is reached.
TASKS = st.fixed_dictionaries(
    {"status": st.one_of(st.sampled_from(WEIRD_WORDS), SMALL)},
    optional={
        "id": st.one_of(st.sampled_from((ASKED, OTHER, "")), SMALL),
        "task_id": st.one_of(st.sampled_from((ASKED, OTHER, "")), SMALL),
        "object": st.sampled_from(("video", None)),
        **{name: SMALL for name in FIELD_NAMES if name not in NAMES_WITH_OWN_VALUES},
    },
)
ENVELOPES = st.builds(
    lambda outer, inner: {"code": "success", "message": "", "data": {**outer, "data": inner}},
    TASKS,
    st.one_of(TASKS, JSON),
)


def dumped(value: Any) -> bytes:
    """Write JSON as a careless provider would, with NaN and lone surrogates."""
    return json.dumps(value).encode()


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every name and value within a JSON value, and within JSON text in it."""
    if isinstance(value, str) and value.startswith("{"):
        value = parse_object(value.encode("utf-8", "replace"))
    if isinstance(value, list):
        value = dict(enumerate(value))
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield str(name), inner
        yield from walk(inner)


def final_words(content: Any) -> set[Status]:
    """Return every final status that the body names, read without the dialects' code."""
    words = {
        value.strip().lower()
        for name, value in walk(content)
        if name == "status" and isinstance(value, str)
    }
    ends = {WORDS[word] for word in words if word in WORDS} & FINAL
    timed_out = any(isinstance(v, str) and v.startswith("任务超时") for _, v in walk(content))
    return ends | ({Status.EXPIRED} if timed_out and Status.FAILED in ends else set())


def ids_in(content: Any) -> set[str]:
    """Return every id in the body, as text."""
    return {str(value) for name, value in walk(content) if name in ("id", "task_id")}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, names of fields included."""
    if isinstance(value, str):
        yield value
    for name, inner in walk(value):
        yield name
        if isinstance(inner, str):
            yield inner


def check_storable(task: RemoteTask) -> None:
    """Assert that a database can store every field, and JSON the raw answer."""
    json.dumps(task.raw, allow_nan=False)
    fields = [getattr(task, name) for name in RemoteTask.__dataclass_fields__]
    for text in [*texts(task.raw), *texts([*fields, list(task.tools)])]:
        assert "\0" not in text
        text.encode()
        assert len(text) <= 8192
    for text in texts([link.url for link in task.other_links]):
        text.encode()
    for number in fields:
        if isinstance(number, int):
            assert -(2**63) < number < 2**63


def links_of(task: RemoteTask) -> list[str]:
    """Return every link that would be asked for."""
    films = (task.video_url, *(link.url for link in task.other_links))
    return [link for link in (*films, task.last_frame_url, task.file_url) if link]


def check_links(task: RemoteTask) -> None:
    """Assert that each link stands in the answer or is the task's own stream, and none twice."""
    links, written = links_of(task), "\n".join(texts(task.raw))
    assert len(links) == len(set(links)) or task.last_frame_url or task.file_url
    assert bool(task.video_url) or not task.other_links
    assert not task.video_url or task.status is Status.SUCCEEDED
    for link in links:
        stream = re.search(r"/v1/videos/([^/?#]+)/content", link)
        assert not stream or stream[1] == ".." or unquote(stream[1]) == task.id
        is_at_our_host = link.startswith(f"{BASE_URL}/")
        assert is_at_our_host or link in written or link in written.replace("\\/", "/")
    for other in task.other_links:
        assert not other.needs_key or other.url.startswith(f"{BASE_URL}/")


def check(received: Answer, remote_id: str, content: Any = None) -> None:
    """Let every dialect read an answer as one task and as a list, and check what it reads."""
    for slug in SLUGS:
        dialect = provider(slug).dialect
        try:
            task = dialect.read_task(received, remote_id=remote_id, base_url=BASE_URL)
        except ProviderError as error:
            assert str(error).isprintable()
        else:
            check_storable(task)
            content = json.loads(received.body, strict=False) if content is None else content
            assert task.id == remote_id
            assert remote_id in ids_in(content)
            assert task.status not in FINAL or task.status in final_words(content)
            assert received.status_code in range(200, 300)
            check_links(task)
        try:
            tasks = dialect.read_list(received, base_url=BASE_URL)
        except ProviderError:
            continue
        for task in tasks:
            check_storable(task)
            assert task.status not in FINAL or task.status in final_words(task.raw)


@pytest.mark.exhaustive
@quick
@given(content=JSON)
def test_any_json_is_read_or_refused(content: Any) -> None:
    check(answer(dumped(content)), ASKED, content)


@pytest.mark.exhaustive
@quick
@given(content=st.one_of(TASKS, ENVELOPES), remote_id=st.sampled_from((ASKED, OTHER)))
@example(content={"status": "succeeded", "id": OTHER}, remote_id=ASKED)
@example(content={"status": "succeeded", "id": [ASKED]}, remote_id=ASKED)
def test_a_body_that_resembles_a_task_is_read_or_refused(content: Any, remote_id: str) -> None:
    check(answer(dumped(content)), remote_id, content)


@pytest.mark.exhaustive
@quick
@given(items=st.lists(st.one_of(TASKS, ENVELOPES, JSON), max_size=4))
def test_any_list_is_read_or_refused(items: list[Any]) -> None:
    check(answer(dumped({"total": len(items), "items": items})), ASKED)


@pytest.mark.exhaustive
@quick
@given(data=st.data(), name=st.sampled_from([name for name in NAMES if "/error-" not in name]))
def test_a_sample_with_anything_replaced_is_read_or_refused(data: st.DataObject, name: str) -> None:
    sample = body(name)
    remote_id = id_in(sample)
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


@pytest.mark.exhaustive
@quick
@given(content=JSON, status_code=st.integers(300, 599), header=st.text(max_size=40))
def test_an_answer_with_an_error_status_is_never_a_task(
    content: Any, status_code: int, header: str
) -> None:
    headers = {
        "retry-after": header,
        "date": header,
        "x-request-id": header,
        "location": header,
    }
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
def test_every_id_has_a_path_and_is_judged(remote_id: str) -> None:
    for slug in SLUGS:
        dialect = provider(slug).dialect
        assert dialect.task_path(remote_id).isascii()
        assert dialect.id_issue(remote_id) is None or remote_id != ASKED
        dialect.list_path((remote_id,))


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_read_or_refused_by_every_dialect(name: str) -> None:
    whole = sample_answer(name)
    check(whole, id_in(body(name)))


# Answers of other dialects, and of other tasks

TASK_SAMPLES = [name for name in NAMES if "/error-" not in name]
STRANGER = "cgt-20260301000000-other"
MANY = 600


@pytest.mark.parametrize("name", TASK_SAMPLES)
def test_no_answer_is_taken_for_that_of_another_task(name: str) -> None:
    received = sample_answer(name)
    for remote_id in {id_in(body(other)) for other in TASK_SAMPLES} - ids_in(body(name)):
        for slug in SLUGS:
            with pytest.raises(ProviderError):
                provider(slug).dialect.read_task(received, remote_id=remote_id, base_url=BASE_URL)


def as_if_of(content: Any, remote_id: str, host: str) -> Any:
    """Make a sample that of this task, with all its links at this host."""
    if isinstance(content, dict):
        return {
            name: remote_id
            if name in ("id", "task_id") and isinstance(value, str)
            else as_if_of(value, remote_id, host)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [as_if_of(item, remote_id, host) for item in content]
    if isinstance(content, str) and content.startswith("{"):
        return json.dumps(as_if_of(json.loads(content), remote_id, host))
    if isinstance(content, str) and content.startswith("http"):
        tail = content.partition("://")[2].partition("/")[2]
        return f"https://{host}.example/{re.sub('task_[A-Za-z0-9]+', remote_id, tail)}"
    return content


PLANTED = [*FIELD_NAMES, "video", "resultUrls", "param", "response", "artifacts"]


@pytest.mark.exhaustive
@settings(parent=quick, max_examples=MANY)
@given(name=st.sampled_from(TASK_SAMPLES), other=st.sampled_from(TASK_SAMPLES), data=st.data())
def test_a_foreign_task_within_an_answer_gives_it_neither_a_link_nor_an_ending(
    name: str, other: str, data: st.DataObject
) -> None:
    content = as_if_of(body(name), ASKED, "ours")
    ends = final_words(content)
    plant(as_if_of(body(other), STRANGER, "stranger"), content, data)
    for slug in SLUGS:
        dialect = provider(slug).dialect
        try:
            task = dialect.read_task(answer(dumped(content)), remote_id=ASKED, base_url=BASE_URL)
        except ProviderError:
            continue
        assert task.status not in FINAL or task.status in ends
        assert not any("stranger" in link for link in links_of(task))


def plant(foreign: Any, content: Any, data: st.DataObject) -> None:
    """Put a foreign answer, or the task in it, somewhere into another one."""
    inner = foreign.get("data")
    is_named = isinstance(inner, dict) and STRANGER in (inner.get("id"), inner.get("task_id"))
    if is_named and data.draw(st.booleans()):
        foreign = inner
    foreign = data.draw(st.sampled_from((foreign, [foreign], json.dumps(foreign))))
    holders = [content, *(v for _, v in walk(content) if isinstance(v, dict) and v)]
    holder = data.draw(st.sampled_from(holders))
    holder[data.draw(st.sampled_from([*holder, *PLANTED]))] = foreign
