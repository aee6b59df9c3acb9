"""What each provider is asked, field by field, judged by its page, Ark's own SDK, and a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from volcenginesdkarkruntime import Ark

from tasks.making.fields import MakeFields
from tasks.providers import Provider, provider
from tasks.providers.catalog import find_model, vendor_name
from tasks.providers.client import Client
from tasks.providers.creating import CreateRequest, read_created
from tasks.providers.guard import Allowed
from tasks.providers.registry import PROVIDERS
from tasks.providers.rules import Why, objections
from tasks.providers.wish import EVERYTHING, Medium, Mode, Part, Wish
from tasks.simulator.records import Record
from tasks.simulator.server import Simulator
from tests.providers.requests_table import (
    NOT_ON_FORM,
    NOT_SENT,
    ON_FORM,
    SCALARS,
    SCORE,
    SENT,
    STILL,
    TAKE,
    TOOLS,
    WISHES,
    WORDS,
)
from tests.providers.wishes import any_wish

IDS = ("cgt-20261120120000-aaaaa", "cgt-20261120120000-bbbbb")
LIBRARY = {"image_url": STILL, "video_url": TAKE, "audio_url": SCORE}


def wished(field: str, service: Provider) -> Wish:
    """The wish of the table, by this provider's own name of the model."""
    name, fields = WISHES[field]
    model = find_model(name)
    assert model
    parts = [Part(part) for part in fields.get("parts", ())]
    media = tuple(Medium(part=part, url=LIBRARY[part.content_type]) for part in parts)
    said = {name: value for name, value in fields.items() if name != "parts"}
    return Wish(model=vendor_name(model, service.vendor), prompt=WORDS, media=media, **said)


def asked(wish: Wish, service: Provider) -> CreateRequest:
    assert wish.catalogued
    return service.dialect.create_request(wish, wish.catalogued)


def at(place: str, body: Any) -> Any:
    for step in place.split("."):
        body = body[int(step)] if step.isdigit() else body[step]
    return body


def exactly(value: object) -> str:
    """Types and all: 1 is not true, and "5" is not 5."""
    return json.dumps(value, sort_keys=True)


def pairs(*, sent: bool) -> list[Any]:
    table: Any = SENT if sent else NOT_SENT
    return [
        pytest.param(service, field, id=f"{service.slug}-{field}")
        for service in PROVIDERS
        for field in table[service.dialect.name]
    ]


@pytest.mark.parametrize(("service", "field"), pairs(sent=True))
def test_a_field_stands_where_its_provider_looks_for_it(service: Provider, field: str) -> None:
    wish, (place, value) = wished(field, service), SENT[service.dialect.name][field]
    assert wish.catalogued
    assert objections(wish, wish.catalogued, service.dialect) == ()
    body = asked(wish, service).body
    assert exactly(at(place, body)) == exactly(value)
    assert body["model"] == wish.model


@pytest.mark.parametrize(("service", "field"), pairs(sent=False))
def test_what_a_provider_has_no_place_for_is_objected_to(service: Provider, field: str) -> None:
    wish = wished(field, service)
    assert wish.catalogued
    found = {each.field for each in objections(wish, wish.catalogued, service.dialect)}
    assert field in found
    assert field not in service.dialect.hands_on


@pytest.mark.parametrize("dialect", SENT)
def test_the_table_knows_every_field_of_a_wish(dialect: str) -> None:
    assert SENT[dialect].keys() | NOT_SENT[dialect].keys() == WISHES.keys()
    assert not SENT[dialect].keys() & NOT_SENT[dialect].keys()
    assert WISHES.keys() - {"prompt"} == EVERYTHING


def test_the_form_has_every_field_or_a_reason_not_to() -> None:
    offered = MakeFields.base_fields.keys()
    names = {field: ON_FORM.get(field, field) for field in WISHES}
    assert {field for field, name in names.items() if name not in offered} == NOT_ON_FORM.keys()


def test_the_official_sdk_has_no_field_that_the_table_has_not() -> None:
    """It sends null for every field that is not given."""
    request = told_by_the_sdk(lambda tasks: tasks.create(model="ep-1", content=[]))
    places = {place.partition(".")[0] for place, _ in SENT["native"].values()}
    assert json.loads(request.content).keys() == places | {"model", "omni_reference_task_type"}


@pytest.mark.parametrize("mode", [Mode.REFERENCE, Mode.EDIT, Mode.EXTEND])
def test_the_way_is_said_to_whoever_has_a_word_for_it(mode: Mode) -> None:
    """Gateways drop that word: there 2.5 finds out by itself, as 2.0 does everywhere."""
    film = Medium(part=Part.REFERENCE_VIDEO, url=TAKE)
    wish = Wish(model="doubao-seedance-2-5-260628", mode=mode, prompt=WORDS, media=(film,))
    assert asked(wish, provider("volcengine")).body["omni_reference_task_type"] == str(mode)
    older = asked(Wish(model="doubao-seedance-2-0-260128", mode=mode), provider("volcengine"))
    assert "omni_reference_task_type" not in older.body
    assert "omni_reference_task_type" not in str(asked(wish, provider("newapi")).body)


KNOWN = {
    "native": {
        *SCALARS,
        *("model", "content", "tools", "output_format", "omni_reference_task_type"),
    },
    "newapi": {"model", "prompt", "images", "metadata"},
    "yescale": {"model", "content"},
}


@pytest.mark.parametrize("slug", ["volcengine", "newapi", "yescale"])
@given(any_wish)
@settings(max_examples=25, deadline=None)
def test_nothing_is_sent_that_no_page_describes(slug: str, wish: Wish) -> None:
    service = provider(slug)
    body = asked(wish, service).body
    assert body.keys() <= KNOWN[service.dialect.name]
    assert set(body.get("metadata", ())) <= {*SCALARS, "content", "tools", "output_format"}


# Judged by a server


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def ask(sim: Simulator, service: Provider, requests: list[CreateRequest]) -> list[Record]:
    """Over real HTTP, as a job would send them; what the other side then has."""

    async def send() -> list[str]:
        allowed = Allowed.parse(["127.0.0.1"])
        async with Client(sim.base_url(service.slug), "sim-table", allowed=allowed) as client:
            answers = [await client.act("POST", one.path, one.body) for one in requests]
        return [read_created(answer) for answer in answers]

    ids = asyncio.run(send())
    known = {record.public_id: record for record in sim.tasks}
    return [known[remote_id] for remote_id in ids]


def arrived(field: str, record: Record) -> object:
    order = record.order
    if field in set(Part):
        items = [each for each in order.content if each.get("role", "first_frame") == field]
        return next(each[each["type"]]["url"] for each in items if each["type"] != "text")
    return {"prompt": order.prompt, "web_search": order.tools}.get(field, getattr(order, field, 0))


@pytest.mark.parametrize("slug", ["volcengine", "powertokens", "tokenhot", "yescale"])
def test_every_field_arrives_with_what_was_wished_for(slug: str, sim: Simulator) -> None:
    """One of each dialect, and PowerTokens, which is choosy; a browser goes through all."""
    service = provider(slug)
    fields = list(SENT[service.dialect.name])
    wishes = [wished(field, service) for field in fields]
    records = ask(sim, service, [asked(wish, service) for wish in wishes])
    told = {field: arrived(field, each) for field, each in zip(fields, records, strict=True)}
    urls: dict[str, Any] = {part: LIBRARY[part.content_type] for part in Part}
    expected = {**urls, **SCALARS, "prompt": WORDS, "web_search": TOOLS, "output_format": "mov"}
    expected["draft_task_id"] = WISHES["draft_task_id"][1]["draft_task_id"]
    assert exactly(told) == exactly({field: expected[field] for field in fields})
    assert {each.order.asked_model for each in records} == {wish.model for wish in wishes}


def test_powertokens_takes_media_since_2_0_from_its_library_only() -> None:
    service = provider("powertokens")
    for name, expected in (
        ("dreamina-seedance-2-0-260128", [Why.ONLY_ASSETS]),
        ("seedance-1-5-pro-251215", []),
    ):
        still = Medium(part=Part.FIRST_FRAME, url="https://images.example.com/still.jpg")
        wish = Wish(model=name, mode=Mode.FIRST_FRAME, prompt=WORDS, media=(still,))
        assert wish.catalogued
        found = objections(wish, wish.catalogued, service.dialect)
        assert [each.why for each in found] == expected


# Lists and cancels


def told_by_the_sdk(call: Any) -> httpx.Request:
    """What volcengine-ark-runtime asks."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": IDS[0], "total": 0, "items": []})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with Ark(
        api_key="sk-of-the-tests", base_url="https://ark.example/api/v3", http_client=http
    ) as ark:
        call(ark.content_generation.tasks)
    return seen[0]


def ours(method: str, path: str | None) -> httpx.Request:
    assert path
    return httpx.Request(method, f"https://ark.example/api/v3{path}")


def parts(request: httpx.Request) -> tuple[str, str, list[tuple[str, str]]]:
    """The order of filters means nothing."""
    return request.method, request.url.path, sorted(request.url.params.multi_items())


LISTERS = [service for service in PROVIDERS if service.can_list]
CANCELLERS = [service for service in PROVIDERS if service.can_cancel]


@pytest.mark.parametrize("service", LISTERS, ids=lambda service: service.slug)
@pytest.mark.parametrize("tier", ["", "flex"])
def test_lists_are_asked_for_as_the_official_sdk_does(service: Provider, tier: str) -> None:
    named = service.dialect.list_path(IDS, service_tier=tier)
    page = service.dialect.page_path(3, size=200, service_tier=tier)
    by_sdk = told_by_the_sdk(
        lambda tasks: tasks.list(page_num=1, page_size=2, task_ids=list(IDS), service_tier=tier)
    )
    assert parts(ours("GET", named)) == parts(by_sdk)
    by_sdk = told_by_the_sdk(lambda tasks: tasks.list(page_num=3, page_size=200, service_tier=tier))
    assert parts(ours("GET", page)) == parts(by_sdk)


@pytest.mark.parametrize("service", CANCELLERS, ids=lambda service: service.slug)
def test_cancels_and_looks_are_asked_for_as_the_official_sdk_does(service: Provider) -> None:
    cancel, look = service.dialect.cancel_path(IDS[0]), service.dialect.task_path(IDS[0])
    by_sdk = told_by_the_sdk(lambda tasks: tasks.delete(task_id=IDS[0]))
    assert parts(ours("DELETE", cancel)) == parts(by_sdk)
    by_sdk = told_by_the_sdk(lambda tasks: tasks.get(task_id=IDS[0]))
    assert parts(ours("GET", look)) == parts(by_sdk)


@pytest.mark.parametrize("service", PROVIDERS, ids=lambda service: service.slug)
def test_what_a_provider_cannot_do_has_no_path(service: Provider) -> None:
    dialect = service.dialect
    assert (dialect.list_path(IDS) is not None) == service.can_list
    assert (dialect.page_path(1, size=200) is not None) == service.can_list
    assert (dialect.cancel_path(IDS[0]) is not None) == service.can_cancel
