"""The providers we know, their paths and their ids."""

from __future__ import annotations

import pytest

from tasks.providers import PROVIDERS, Complaint, provider

CGT = "cgt-20260228182426-r4rg2"
TASK = "task_JaURYzdMLazxxxxxxxPvwEWnyHSDlS"
SLUGS = [known.slug for known in PROVIDERS]


def test_the_slugs_are_what_rows_in_databases_say() -> None:
    assert SLUGS == [
        "volcengine",
        "byteplus",
        "powertokens",
        "dataeyes",
        "tokenhot",
        "yescale",
        "native",
        "newapi",
    ]


def test_an_unknown_slug_is_answered_with_a_sentence() -> None:
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
        ("native", "/contents/generations/tasks/x"),
        ("newapi", "/v1/video/generations/x"),
    ],
)
def test_each_provider_is_asked_at_its_documented_address(slug: str, url: str) -> None:
    known = provider(slug)
    assert known.base_url + known.dialect.task_path("x") == url


@pytest.mark.parametrize("known", PROVIDERS, ids=SLUGS)
def test_a_provider_lists_exactly_if_it_says_so(known: object) -> None:
    slug = known.slug  # type: ignore[attr-defined]
    assert (provider(slug).dialect.list_path((CGT,)) is not None) == provider(slug).can_list


@pytest.mark.parametrize("slug", SLUGS)
def test_a_probe_has_the_form_of_a_providers_ids(slug: str) -> None:
    dialect = provider(slug).dialect
    assert dialect.complaint(dialect.probe_id) is None


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
        ("volcengine", None, Complaint.GATEWAY, Complaint.MALFORMED),
        ("byteplus", None, Complaint.GATEWAY, Complaint.MALFORMED),
        ("powertokens", None, Complaint.GATEWAY, Complaint.MALFORMED),
        ("dataeyes", None, None, Complaint.MALFORMED),
        ("tokenhot", Complaint.NATIVE, None, Complaint.MALFORMED),
        ("yescale", None, Complaint.GATEWAY, None),
        ("native", None, Complaint.GATEWAY, None),
        ("newapi", None, None, None),
    ],
)
def test_an_id_of_another_family_is_pointed_out(
    slug: str, cgt: Complaint | None, task: Complaint | None, other: Complaint | None
) -> None:
    complaint = provider(slug).dialect.complaint
    assert (complaint(CGT), complaint(TASK), complaint("video-123")) == (cgt, task, other)


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
def test_what_is_no_id_is_refused(slug: str, remote_id: str) -> None:
    assert provider(slug).dialect.complaint(remote_id) is Complaint.MALFORMED


def test_the_limits_are_the_documented_ones() -> None:
    ark = provider("volcengine")
    assert (ark.gets_per_second, ark.lists_per_second, ark.list_size) == (20, 1, 150)
    assert {provider(slug).fastest_check for slug in ("dataeyes", "tokenhot", "newapi")} == {15}
