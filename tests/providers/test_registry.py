"""The known providers, their paths and their ids."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.providers import PROVIDERS, Provider, TaskIdIssue, provider
from tasks.providers.catalog.models import MODELS

CGT = "cgt-20260228182426-r4rg2"
TASK = "task_JaURYzdMLazxxxxxxxPvwEWnyHSDlS"
SLUGS = [known.slug for known in PROVIDERS]


def test_the_slugs_are_those_in_databases() -> None:
    assert SLUGS == [
        "volcengine",
        "byteplus",
        "powertokens",
        "dataeyes",
        "tokenhot",
        "yescale",
        "openrouter",
        "wavespeed",
        "atlascloud",
        "anyfast",
        "native",
        "newapi",
    ]


def test_an_unknown_slug_raises_an_error_with_a_sentence() -> None:
    with pytest.raises(KeyError, match="no provider 'nobody'; known are volcengine, byteplus"):
        provider("nobody")


@pytest.mark.parametrize(
    ("slug", "url"),
    [
        ("volcengine", "https://ark.cn-beijing.volces.com/api/v3/contents/generations/tasks/x"),
        ("byteplus", "https://ark.ap-southeast.bytepluses.com/api/v3/contents/generations/tasks/x"),
        ("powertokens", "https://api.powertokens.ai/byteplus/api/v3/contents/generations/tasks/x"),
        ("dataeyes", "https://api.dataeyes.ai/v1/video/generations/x"),
        ("tokenhot", "https://api.tokenhot.ai/v1/video/generations/x"),
        ("yescale", "/seedance/generations/x"),
        ("openrouter", "https://openrouter.ai/api/v1/videos/x"),
        ("wavespeed", "https://api.wavespeed.ai/api/v3/predictions/x"),
        ("atlascloud", "https://api.atlascloud.ai/api/v1/model/prediction/x"),
        ("anyfast", "https://www.anyfast.ai/v1/video/generations/x"),
        ("native", "/contents/generations/tasks/x"),
        ("newapi", "/v1/video/generations/x"),
    ],
)
def test_each_provider_is_asked_at_its_documented_address(slug: str, url: str) -> None:
    known = provider(slug)
    assert known.base_url + known.dialect.task_path("x") == url


@pytest.mark.parametrize("known", PROVIDERS, ids=SLUGS)
def test_a_provider_has_a_list_exactly_if_it_can_list(known: Provider) -> None:
    assert (known.dialect.page_request(1, size=50) is not None) == known.can_list
    assert known.can_list or not known.can_list_by_id


@pytest.mark.parametrize("known", PROVIDERS, ids=SLUGS)
def test_every_model_that_a_provider_sells_is_in_the_catalog(known: Provider) -> None:
    sold = known.models_by_name()
    offered = (model.name for model in MODELS if model.is_offered and known.vendor in model.vendors)
    assert {model.name for model in sold.values()} == set(known.models or offered)
    assert [MODELS.index(model) for model in sold.values()] == sorted(
        (MODELS.index(model) for model in sold.values()), reverse=True
    )


def test_links_live_for_a_day_unless_the_provider_says_otherwise() -> None:
    longer = {known.slug: known.link_life for known in PROVIDERS if known.link_life.days != 1}
    assert longer == {"wavespeed": timedelta(days=7)}


def test_every_known_provider_takes_its_key_as_a_bearer_token() -> None:
    assert {known.auth_scheme for known in PROVIDERS} == {"Bearer"}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_probe_has_the_form_of_a_providers_ids(slug: str) -> None:
    dialect = provider(slug).dialect
    assert dialect.id_issue(dialect.probe_id) is None


@pytest.mark.parametrize(
    ("remote_id", "segment"),
    [
        ("cgt-1", "cgt-1"),
        ("../../etc", "..%2F..%2Fetc"),
        ("..", "%2E%2E"),
        ("a?b#c", "a%3Fb%23c"),
        ("a\r\nb", "a%0D%0Ab"),
        ("\ud800", "%3F"),
    ],
)
@pytest.mark.parametrize("slug", SLUGS)
def test_an_id_is_one_path_segment(slug: str, remote_id: str, segment: str) -> None:
    assert provider(slug).dialect.task_path(remote_id).rpartition("/")[2] == segment


@pytest.mark.parametrize(
    ("slug", "cgt", "task", "other"),
    [
        ("volcengine", None, TaskIdIssue.GATEWAY, TaskIdIssue.MALFORMED),
        ("byteplus", None, TaskIdIssue.GATEWAY, TaskIdIssue.MALFORMED),
        ("powertokens", None, TaskIdIssue.GATEWAY, TaskIdIssue.MALFORMED),
        ("dataeyes", None, None, TaskIdIssue.MALFORMED),
        ("tokenhot", TaskIdIssue.NATIVE, None, TaskIdIssue.MALFORMED),
        ("yescale", None, TaskIdIssue.GATEWAY, None),
        ("openrouter", TaskIdIssue.NATIVE, TaskIdIssue.GATEWAY, None),
        ("wavespeed", TaskIdIssue.NATIVE, TaskIdIssue.GATEWAY, None),
        ("atlascloud", TaskIdIssue.NATIVE, TaskIdIssue.GATEWAY, None),
        ("anyfast", None, None, None),
        ("native", None, TaskIdIssue.GATEWAY, None),
        ("newapi", None, None, None),
    ],
)
def test_an_id_of_another_family_is_pointed_out(
    slug: str, cgt: TaskIdIssue | None, task: TaskIdIssue | None, other: TaskIdIssue | None
) -> None:
    id_issue = provider(slug).dialect.id_issue
    assert (id_issue(CGT), id_issue(TASK), id_issue("video-123")) == (cgt, task, other)


@pytest.mark.parametrize(
    "remote_id",
    [
        "",
        " ",
        f" {CGT}",
        f"{CGT}\n",
        "cgt-a b",
        "cgt-a/b",
        "https://api.example/v1/videos/cgt-1",
        "cgt-\x00",
        "cgt-１２",
        "cgt-" + "a" * 117,
        "..",
        "cgt-2026****-****",
    ],
)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_text_that_is_no_id_is_refused(slug: str, remote_id: str) -> None:
    assert provider(slug).dialect.id_issue(remote_id) is TaskIdIssue.MALFORMED


def test_the_limits_are_the_documented_ones() -> None:
    ark = provider("volcengine")
    assert (ark.gets_per_second, ark.lists_per_second, ark.list_size) == (20, 1, 150)
    assert {provider(slug).fastest_check for slug in ("dataeyes", "tokenhot", "newapi")} == {15}
