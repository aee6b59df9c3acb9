"""OpenRouter's jobs: two kinds of links, money in place of tokens, and a 404 in JSON."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble, provider
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.dialects.creating import read_created
from tasks.providers.status import Status
from tests.providers.samples import (
    answer,
    at,
    body,
    filled_fields,
    read,
    read_sample,
    sample_answer,
)

JOB = "gen-vid-1764288000-aBcDeFgHiJkLmNoPqRsT"
OURS = "https://openrouter.ai/api/v1"
DIALECT = provider("openrouter").dialect


def job(name: str, **fields: Any) -> Any:
    return read({**body(f"openrouter/{name}"), **fields}, slug="openrouter", base_url=OURS)


def test_a_finished_job_is_read_whole() -> None:
    task = read_sample("openrouter/completed", slug="openrouter", base_url=OURS)
    assert filled_fields(task) == {
        "id": JOB,
        "status": Status.SUCCEEDED,
        "status_word": "completed",
        "video_url": f"{OURS}/videos/{JOB}/content",
        "video_needs_key": True,
        "cost_micros": 500_000,
        "cost_currency": "USD",
    }


def test_a_copy_that_is_kept_there_is_preferred_for_its_link_needs_no_key() -> None:
    task = job("completed-stored")
    assert task.video_url == "https://storage.openrouter.ai/videos/0.mp4?token=abc"
    assert (task.video_needs_key, task.link_ends_at) == (False, at(1764374400))


@pytest.mark.parametrize("host", ["https://evil.example", "https://openrouter.ai.evil.example"])
def test_a_link_that_needs_the_key_leads_to_the_credentials_own_host(host: str) -> None:
    task = job("completed", unsigned_urls=[f"{host}/api/v1/videos/other/content?index=0"])
    assert task.video_url == f"{OURS}/videos/{JOB}/content"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", Status.QUEUED),
        ("in_progress", Status.RUNNING),
        ("failed", Status.FAILED),
        ("cancelled", Status.CANCELLED),
        ("expired", Status.EXPIRED),
    ],
)
def test_every_documented_status_is_known(word: str, status: Status) -> None:
    task = job("pending", status=word)
    assert (task.status, task.video_url) == (status, "")


def test_a_failure_has_its_reason() -> None:
    assert "sensitive information" in job("failed").error_message


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        ({"cost": 0.7623}, 762_300),
        ({"cost": "0.000001"}, 1),
        ({"cost": 0}, 0),
        ({"cost": None}, None),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": 1e300}, None),
        ({"cost": "NaN"}, None),
        ({"cost": [1]}, None),
        ([], None),
    ],
)
def test_money_is_read_with_its_currency_and_never_as_tokens(usage: Any, micros: Any) -> None:
    task = job("completed", usage=usage)
    assert task.cost_micros == micros
    assert task.cost_currency == ("" if micros is None else "USD")
    assert task.total_tokens is None and task.completion_tokens is None


def test_the_fee_for_a_key_of_ones_own_is_not_the_price_of_the_video() -> None:
    assert job("completed", usage={"cost": 0.01, "is_byok": True}).cost_micros is None


def test_a_404_in_json_means_that_there_is_no_such_job() -> None:
    with pytest.raises(ProviderError) as caught:
        DIALECT.read_task(
            sample_answer("openrouter/error-404-unknown-job"), remote_id=JOB, base_url=OURS
        )
    assert (caught.value.trouble, caught.value.permanent) == (Trouble.NOT_FOUND, False)
    assert "base URL" not in str(caught.value) and "job not found" in str(caught.value)


def test_a_404_that_is_a_web_page_is_a_wrong_address() -> None:
    page = answer(b"<!DOCTYPE html><html></html>", 404)
    with pytest.raises(ProviderError) as caught:
        DIALECT.read_task(page, remote_id=JOB, base_url=OURS)
    assert caught.value.trouble == Trouble.BAD_ADDRESS


def test_a_402_is_an_account_without_credits() -> None:
    with pytest.raises(ProviderError) as caught:
        DIALECT.read_task(
            sample_answer("openrouter/error-402-credits"), remote_id=JOB, base_url=OURS
        )
    assert (caught.value.trouble, caught.value.permanent) == (Trouble.OVERDUE, True)


def test_a_create_is_answered_202_with_the_jobs_id() -> None:
    assert read_created(answer(body("openrouter/pending"), 202)) == JOB


def test_what_is_left_to_the_model_is_left_out_and_4k_has_a_capital() -> None:
    model = find_model("seedance-2-0-260128")
    assert model
    request = GenerationRequest(
        model="bytedance/seedance-2.0", prompt="x", resolution="4k", ratio="adaptive", duration=-1
    )
    sent = DIALECT.create_request(request, model).body
    assert sent == {"model": "bytedance/seedance-2.0", "prompt": "x", "resolution": "4K"}
