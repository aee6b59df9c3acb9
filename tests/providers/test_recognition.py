"""Recognition of a provider that was not the one chosen: by its address, its answers, its keys."""

import pytest

from tasks.providers import PROVIDERS, Provider, provider
from tasks.providers.recognition import by_key, recognize
from tests.providers.samples import answer, sample_answer

UUID = "0f8b2c44-aaaa-4bbb-8ccc-1234567890ab"
ELSEWHERE = "https://api.example.com"


def recognized(chosen: str, **seen: object) -> str:
    found = recognize(provider(chosen), **{"base_url": ELSEWHERE} | seen)  # type: ignore[arg-type]
    return found.slug if found else ""


@pytest.mark.parametrize(
    ("chosen", "base_url", "slug"),
    [
        ("newapi", "https://ark.cn-beijing.volces.com/api/v3", "volcengine"),
        ("openrouter", "https://ark.ap-southeast.bytepluses.com", "byteplus"),
        ("native", "https://openrouter.ai/api/v1", "openrouter"),
        ("native", "https://ark.cn-beijing.volces.com/api/v3", ""),
        ("newapi", "https://api.dataeyes.ai", ""),
        ("newapi", ELSEWHERE, ""),
    ],
)
def test_an_address_speaks_for_its_provider(chosen: str, base_url: str, slug: str) -> None:
    assert recognized(chosen, base_url=base_url) == slug


@pytest.mark.parametrize(
    ("chosen", "name", "slug"),
    [
        ("newapi", "native/error-401-authentication", "native"),
        ("openrouter", "native/error-404-resource-not-found", "native"),
        ("volcengine", "newapi/error-401-invalid-token", "newapi"),
        ("native", "newapi/error-404-invalid-url", "newapi"),
        ("wavespeed", "newapi/error-400-task-not-exist", "newapi"),
        ("newapi", "openrouter/error-401-no-credentials", "openrouter"),
        ("yescale", "native/error-404-resource-not-found", ""),  # it hands on what Ark says
        ("volcengine", "wavespeed/error-401-invalid-key", ""),
        ("volcengine", "native/error-401-authentication", ""),
        ("dataeyes", "newapi/error-401-invalid-token", ""),
    ],
)
def test_the_shape_of_a_refusal_speaks_for_its_family(chosen: str, name: str, slug: str) -> None:
    assert recognized(chosen, answer=sample_answer(name)) == slug


def test_at_its_own_address_a_provider_answers_as_it_likes() -> None:
    answered = sample_answer("native/error-404-resource-not-found")
    assert recognized("dataeyes", base_url="https://api.dataeyes.ai", answer=answered) == ""
    assert recognized("dataeyes", answer=answered) == "native"


@pytest.mark.parametrize(
    ("chosen", "key", "slug"),
    [
        ("openrouter", UUID, "volcengine"),
        ("openrouter", f"ark-{UUID}-a1b2c", "volcengine"),
        ("volcengine", "sk-or-v1-0123456789", "openrouter"),
        ("newapi", "sk-or-v1-0123456789", "openrouter"),
        ("byteplus", "sk-0123456789", "newapi"),
        ("volcengine", UUID, ""),
        ("byteplus", UUID.upper(), ""),
        ("newapi", "sk-0123456789", ""),
        ("wavespeed", UUID, ""),
        ("volcengine", "something-else", ""),
        ("volcengine", "", ""),
    ],
)
def test_a_key_speaks_where_those_of_the_chosen_provider_look_otherwise(
    chosen: str, key: str, slug: str
) -> None:
    assert recognized(chosen, key=key) == slug


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{", b'{"error": 1}', b"[" * 100_000])
def test_what_is_no_refusal_speaks_for_nobody(body: bytes) -> None:
    assert recognized("volcengine", answer=answer(body, 404)) == ""


@pytest.mark.parametrize("each", [p for p in PROVIDERS if p.key_pattern], ids=lambda p: p.slug)
def test_no_provider_is_told_from_itself(each: Provider) -> None:
    key = {"native": UUID, "openrouter": "sk-or-v1-0", "newapi": "sk-0"}[each.dialect.name]
    found = by_key(key)
    assert found and found.dialect.name == each.dialect.name
    assert recognize(each, base_url=each.base_url or ELSEWHERE, key=key) is None
