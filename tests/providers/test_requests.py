"""Requests to each provider, field by field, judged by its page and a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

from tasks.providers import Provider, provider
from tasks.providers.catalog.models import Model, find_model
from tasks.providers.catalog.request import ALL_FIELDS, GenerationRequest, MediaRole, Medium, Mode
from tasks.providers.catalog.rules import Rule, violations
from tasks.providers.dialects.creating import CreateRequest, read_created
from tasks.providers.registry import PROVIDERS
from tasks.providers.transport.client import Client
from tasks.providers.transport.guard import Allowed
from tasks.simulator.records import Record
from tasks.simulator.server import Simulator
from tasks.web.compose.form import ComposeForm
from tests.providers.generations import any_generation
from tests.providers.requests_table import (
    ATLASCLOUD,
    NOT_ON_FORM,
    NOT_SENT,
    ON_FORM,
    OPENROUTER,
    REQUESTS,
    SCALARS,
    SCORE,
    SENT,
    STILL,
    TAKE,
    TOOLS,
    WAVESPEED,
    WORDS,
    table_of,
)

IDS = ("cgt-20261120120000-aaaaa", "cgt-20261120120000-bbbbb")
LIBRARY = {"image_url": STILL, "video_url": TAKE, "audio_url": SCORE}


def build_generation(field: str, service: Provider) -> GenerationRequest:
    """Build the table's request for a field, with this provider's own name of the model."""
    name, fields = REQUESTS[field]
    model = find_model(name)
    assert model
    parts = [MediaRole(part) for part in fields.get("parts", ())]
    media = tuple(Medium(part=part, url=LIBRARY[part.content_type]) for part in parts)
    settings = {name: value for name, value in fields.items() if name != "parts"}
    return GenerationRequest(model=name_at(service, model), prompt=WORDS, media=media, **settings)


def name_at(service: Provider, model: Model) -> str:
    """Return the provider's own name; where it does not sell the model, one in its manner."""
    names = {sold.name: name for name, sold in service.models_by_name().items()}
    prefix = "bytedance/" if service.models else ""
    return names.get(model.name) or prefix + model.name


def asked(generation: GenerationRequest, service: Provider) -> CreateRequest:
    assert generation.catalogued
    return service.dialect.create_request(generation, generation.catalogued)


def at(place: str, body: Any) -> Any:
    for step in place.split("."):
        body = body[int(step)] if step.isdigit() else body[step]
    return body


def exactly(value: object) -> str:
    """Encode a value with its type: 1 is not true, and "5" is not 5."""
    return json.dumps(value, sort_keys=True)


def pairs(*, sent: bool) -> list[Any]:
    table: Any = SENT if sent else NOT_SENT
    return [
        pytest.param(service, field, id=f"{service.slug}-{field}")
        for service in PROVIDERS
        for field in table[table_of(service)]
    ]


@pytest.mark.parametrize(("service", "field"), pairs(sent=True))
def test_a_field_is_sent_where_its_provider_expects_it(service: Provider, field: str) -> None:
    generation, (place, value) = build_generation(field, service), SENT[table_of(service)][field]
    assert generation.catalogued
    assert violations(generation, generation.catalogued, service.dialect) == ()
    body = asked(generation, service).body
    assert exactly(at(place, body)) == exactly(value)
    sent_to = str(body.get("model", asked(generation, service).path))
    assert generation.model in sent_to


@pytest.mark.parametrize(("service", "field"), pairs(sent=False))
def test_a_field_that_a_provider_has_no_place_for_is_a_violation(
    service: Provider, field: str
) -> None:
    generation = build_generation(field, service)
    assert generation.catalogued
    found = {each.field for each in violations(generation, generation.catalogued, service.dialect)}
    assert field in found
    assert field not in service.dialect.forwarded_fields


@pytest.mark.parametrize("dialect", SENT)
def test_the_table_has_every_field_of_a_request(dialect: str) -> None:
    assert SENT[dialect].keys() | NOT_SENT[dialect].keys() == REQUESTS.keys()
    assert not SENT[dialect].keys() & NOT_SENT[dialect].keys()
    assert REQUESTS.keys() - {"prompt"} == ALL_FIELDS


def test_the_form_has_every_field_or_a_reason_not_to() -> None:
    offered = ComposeForm.base_fields.keys()
    names = {field: ON_FORM.get(field, field) for field in REQUESTS}
    assert {field for field, name in names.items() if name not in offered} == NOT_ON_FORM.keys()


@pytest.mark.parametrize("mode", [Mode.REFERENCE, Mode.EDIT, Mode.EXTEND])
def test_the_mode_is_sent_to_providers_that_have_a_field_for_it(mode: Mode) -> None:
    """Gateways drop the field: there 2.5 detects the mode itself, as 2.0 does everywhere."""
    film = Medium(part=MediaRole.REFERENCE_VIDEO, url=TAKE)
    generation = GenerationRequest(
        model="doubao-seedance-2-5-260628", mode=mode, prompt=WORDS, media=(film,)
    )
    assert asked(generation, provider("volcengine")).body["omni_reference_task_type"] == str(mode)
    older = asked(
        GenerationRequest(model="doubao-seedance-2-0-260128", mode=mode), provider("volcengine")
    )
    assert "omni_reference_task_type" not in older.body
    assert "omni_reference_task_type" not in str(asked(generation, provider("newapi")).body)


KNOWN = {
    "native": {
        *SCALARS,
        *("model", "content", "tools", "output_format", "omni_reference_task_type"),
    },
    "newapi": {"model", "prompt", "images", "metadata"},
    "yescale": {"model", "content"},
    "openrouter": {"model", "prompt", *(place.split(".")[0] for place, _ in OPENROUTER.values())},
    "wavespeed": {place for place, _ in WAVESPEED.values()},
    "atlascloud": {"model", *(place for place, _ in ATLASCLOUD.values())},
}
KNOWN["anyfast"] = KNOWN["native"]
ONE_OF_EACH = ["volcengine", "newapi", "yescale"]
ONE_OF_EACH += ["openrouter", "wavespeed", "atlascloud", "anyfast"]


@pytest.mark.parametrize("slug", ONE_OF_EACH)
@given(any_generation)
@settings(max_examples=25, deadline=None)
def test_nothing_is_sent_that_no_page_describes(slug: str, generation: GenerationRequest) -> None:
    service = provider(slug)
    body = asked(generation, service).body
    assert body.keys() <= KNOWN[table_of(service)]
    assert set(body.get("metadata", ())) <= {*SCALARS, "content", "tools", "output_format"}


# Judged by a server


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def ask(sim: Simulator, service: Provider, requests: list[CreateRequest]) -> list[Record]:
    """Send requests over real HTTP, as a job would; return what the simulator then has."""

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
    if field in set(MediaRole):
        items = [each for each in order.content if each.get("role", "first_frame") == field]
        return next(each[each["type"]]["url"] for each in items if each["type"] != "text")
    return {"prompt": order.prompt, "web_search": order.tools}.get(field, getattr(order, field, 0))


@pytest.mark.parametrize("slug", [*ONE_OF_EACH, "powertokens", "tokenhot"])
def test_every_field_arrives_with_its_value(slug: str, sim: Simulator) -> None:
    """One provider of each dialect, and PowerTokens with its own rules; a browser tests all."""
    service = provider(slug)
    fields = list(SENT[table_of(service)])
    requests = [build_generation(field, service) for field in fields]
    records = ask(sim, service, [asked(generation, service) for generation in requests])
    values = {field: arrived(field, each) for field, each in zip(fields, records, strict=True)}
    urls: dict[str, Any] = {part: LIBRARY[part.content_type] for part in MediaRole}
    expected = {**urls, **SCALARS, "prompt": WORDS, "web_search": TOOLS, "output_format": "mov"}
    expected["draft_task_id"] = REQUESTS["draft_task_id"][1]["draft_task_id"]
    assert exactly(values) == exactly({field: expected[field] for field in fields})
    assert {each.order.asked_model for each in records} == {
        generation.model for generation in requests
    }


def test_powertokens_accepts_media_for_models_since_2_0_from_its_library_only() -> None:
    service = provider("powertokens")
    for name, expected in (
        ("dreamina-seedance-2-0-260128", [Rule.ONLY_ASSETS]),
        ("seedance-1-5-pro-251215", []),
    ):
        still = Medium(part=MediaRole.FIRST_FRAME, url="https://images.example.com/still.jpg")
        generation = GenerationRequest(
            model=name, mode=Mode.FIRST_FRAME, prompt=WORDS, media=(still,)
        )
        assert generation.catalogued
        found = violations(generation, generation.catalogued, service.dialect)
        assert [each.rule for each in found] == expected


# Lists and cancels; the official SDK judges them in tests/judges/test_official_requests.py


@pytest.mark.parametrize("service", PROVIDERS, ids=lambda service: service.slug)
def test_an_operation_that_a_provider_lacks_has_no_path(service: Provider) -> None:
    dialect = service.dialect
    assert (dialect.list_path(IDS) is not None) == service.can_list_by_id
    assert (dialect.page_request(1, size=200) is not None) == service.can_list
    assert (dialect.cancel_path(IDS[0]) is not None) == service.can_cancel


# The key


@pytest.mark.parametrize("scheme", ["Bearer", "Key"])
def test_the_key_follows_the_providers_own_word(scheme: str) -> None:
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    async def ask() -> None:
        transport = httpx.MockTransport(answer)
        client = Client("https://x.example", "sk-1", scheme=scheme, transport=transport)
        async with client:
            await client.get("/tasks")

    asyncio.run(ask())
    assert seen[0].headers["authorization"] == f"{scheme} sk-1"
