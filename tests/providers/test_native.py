"""Answers in Ark's own form."""

from __future__ import annotations

import pytest

from tasks.providers import ProviderError, Trouble, provider
from tasks.providers.status import Status
from tests.providers.samples import BASE_URL, answer, at, body, filled_fields, read, read_sample

ARK = provider("volcengine").dialect


def test_a_success_of_1_5_pro_is_read_whole() -> None:
    task = read_sample("native/succeeded-1-5-pro", slug="volcengine")
    sample = body("native/succeeded-1-5-pro")
    assert filled_fields(task) == {
        "id": "cgt-20260228182426-r4rg2",
        "status": Status.SUCCEEDED,
        "status_word": "succeeded",
        "model": "doubao-seedance-1-5-pro-251215",
        "video_url": sample["content"]["video_url"],
        "link_ends_at": at(1772274310 + 86400),
        "created_at": at(1772274266),
        "updated_at": at(1772274310),
        "seed": 6912,
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
        "framespersecond": 24,
        "generate_audio": True,
        "service_tier": "default",
        "execution_expires_after": 172800,
        "completion_tokens": 108900,
        "total_tokens": 108900,
    }
    assert task.draft is False
    assert task.raw == sample


def test_powertokens_page_is_read_whole() -> None:
    task = read_sample("powertokens/succeeded", slug="powertokens")
    assert filled_fields(task) == {
        "id": "cgt-2026****-****",
        "status": Status.SUCCEEDED,
        "status_word": "succeeded",
        "model": "doubao-seedance-2-0-260128",
        "video_url": "https://ark-content-generation-cn-beijing.tos-cn-beijing.volces.com/xxx",
        "created_at": at(1779348818),
        "updated_at": at(1779348874),
        "seed": 78674,
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
        "framespersecond": 24,
        "generate_audio": True,
        "service_tier": "default",
        "execution_expires_after": 172800,
        "completion_tokens": 108900,
        "total_tokens": 108900,
        "priority": 0,
    }


def test_every_field_ark_documents_is_read() -> None:
    task = read_sample("native/succeeded-every-field")
    assert task.frames == 121
    assert task.duration is None
    assert task.ratio == "5:4"
    assert task.seed == 2**32 - 1
    assert task.tools == ("web_search",)
    assert task.web_searches == 2
    assert task.priority == 7
    assert task.output_format == "mov"
    assert task.safety_identifier == "user-0f3a"
    assert task.draft_task_id == "cgt-20260801090000-draft"
    assert task.revised_prompt == "A cat, filmed at dusk."
    assert task.last_frame_url.endswith("full.png?X-Tos-Date=20260717T091959Z&X-Tos-Expires=86400")
    assert task.file_url.endswith("full.glb")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("native/queued-flex", Status.QUEUED),
        ("native/running", Status.RUNNING),
        ("native/expired-flex", Status.EXPIRED),
        ("native/cancelled", Status.CANCELLED),
        ("native/failed-output-copyright", Status.FAILED),
    ],
)
def test_each_of_arks_words_is_known(name: str, status: Status) -> None:
    assert read_sample(name).status is status


def test_a_failed_task_has_code_message_and_request_id() -> None:
    task = read_sample("native/failed-output-copyright")
    assert task.error_code == "OutputVideoSensitiveContentDetected.PolicyViolation"
    assert task.error_message.startswith("The request failed because the output video may be")
    assert task.request_id == "02178427978698300000000000000000000ffffac1923a9fc42b8"
    assert task.video_url == ""


def test_a_queued_task_has_no_results_yet() -> None:
    task = read_sample("native/queued-flex")
    assert task.service_tier == "flex"
    assert task.error_code == task.video_url == task.resolution == ""
    assert task.seed is task.duration is task.total_tokens is task.generate_audio is None


@pytest.mark.parametrize("empty", [None, {}, ...])
@pytest.mark.parametrize("name", ["content", "usage", "error", "tools", "seed", "ratio"])
def test_null_absent_and_empty_mean_the_same(name: str, empty: object) -> None:
    sample = body("native/running")
    expected = filled_fields(read(sample))
    if empty is not ...:
        sample[name] = empty
    assert filled_fields(read(sample)) == expected


def test_an_unknown_status_word_is_kept_unchanged() -> None:
    task = read({**body("native/running"), "status": "Re-Rendering"})
    assert (task.status, task.status_word) == (Status.UNKNOWN, "Re-Rendering")


@pytest.mark.parametrize("word", [None, "", [], {}, True, "\n"])
def test_a_task_without_a_status_word_is_unknown(word: object) -> None:
    assert read({**body("native/running"), "status": word}).status is Status.UNKNOWN


def test_an_answer_about_another_task_is_refused() -> None:
    with pytest.raises(ProviderError) as caught:
        read(body("native/succeeded-1-5-pro"), "cgt-20260228182426-r4rg3")
    assert caught.value.trouble is Trouble.WRONG_TASK


@pytest.mark.parametrize("asked", ["CGT-20260228182426-R4RG2", " cgt-20260228182426-r4rg2", ""])
def test_ids_are_compared_exactly(asked: str) -> None:
    with pytest.raises(ProviderError) as caught:
        ARK.read_task(answer(body("native/succeeded-1-5-pro")), remote_id=asked, base_url=BASE_URL)
    assert caught.value.trouble is Trouble.WRONG_TASK


@pytest.mark.parametrize("name", [None, "", {}, [], True])
def test_a_success_without_an_id_is_not_believed(name: object) -> None:
    with pytest.raises(ProviderError) as caught:
        read({**body("native/succeeded-1-5-pro"), "id": name}, "cgt-20260228182426-r4rg2")
    assert caught.value.trouble is Trouble.MALFORMED


def test_numbers_as_text_and_flags_as_text_are_read() -> None:
    strange = {
        "duration": "5",
        "seed": "6912.0",
        "framespersecond": 24.0,
        "draft": "false",
        "generate_audio": 1,
        "created_at": "1772274266",
        "updated_at": 1772274310000,
        "usage": {"total_tokens": "108900"},
    }
    task = read({**body("native/succeeded-1-5-pro"), **strange})
    assert (task.duration, task.seed, task.framespersecond) == (5, 6912, 24)
    assert (task.draft, task.generate_audio) == (False, True)
    assert (task.created_at, task.updated_at) == (at(1772274266), at(1772274310))
    assert task.total_tokens == 108900


def test_a_list_answers_its_tasks() -> None:
    tasks = ARK.read_list(answer(body("native/list")), base_url=BASE_URL)
    assert [(task.id, task.status) for task in tasks] == [
        ("cgt-20260717171624-cr2n9", Status.RUNNING),
        ("cgt-20260228182426-r4rg2", Status.SUCCEEDED),
    ]
    assert tasks[1].raw == body("native/list")["items"][1]


@pytest.mark.parametrize("broken", [None, 7, "x", [], {}, {"status": "succeeded"}, {"id": []}])
def test_a_broken_item_does_not_spoil_the_others(broken: object) -> None:
    sample = body("native/list")
    sample["items"].insert(1, broken)
    assert len(ARK.read_list(answer(sample), base_url=BASE_URL)) == 2


@pytest.mark.parametrize("empty", [{"total": 0, "items": []}, {"total": 0, "items": None}])
def test_an_empty_list_is_a_good_answer(empty: object) -> None:
    assert ARK.read_list(answer(empty), base_url=BASE_URL) == ()


@pytest.mark.parametrize("strange", [{}, {"items": "x"}, {"total": 3, "items": {}}, {"id": "x"}])
def test_an_answer_that_is_no_list_is_refused(strange: object) -> None:
    with pytest.raises(ProviderError) as caught:
        ARK.read_list(answer(strange), base_url=BASE_URL)
    assert caught.value.trouble is Trouble.MALFORMED


def test_a_list_is_asked_by_ids_and_flex_on_its_own() -> None:
    assert ARK.list_path(("cgt-a", "cgt/b")) == (
        "/contents/generations/tasks?page_num=1&page_size=2"
        "&filter.task_ids=cgt-a&filter.task_ids=cgt%2Fb"
    )
    assert ARK.list_path(("cgt-a",), service_tier="flex") == (
        "/contents/generations/tasks?page_num=1&page_size=1"
        "&filter.task_ids=cgt-a&filter.service_tier=flex"
    )
    assert ARK.list_path(()) == "/contents/generations/tasks?page_num=1&page_size=500"


def test_a_generic_native_credential_reads_an_envelope_too() -> None:
    assert read_sample("dataeyes/succeeded", slug="native").total_tokens == 108900


def test_the_whole_list_is_asked_for_page_by_page_and_flex_apart() -> None:
    third, flex = ARK.page_request(3, size=200), ARK.page_request(1, size=200, service_tier="flex")
    assert third and flex and third.body is flex.body is None
    assert third.path == "/contents/generations/tasks?page_num=3&page_size=200"
    assert flex.path == (
        "/contents/generations/tasks?page_num=1&page_size=200&filter.service_tier=flex"
    )
    assert provider("powertokens").dialect.page_request(1, size=200) is None


def test_a_page_counts_its_items_and_the_whole_list_readable_or_not() -> None:
    sample = body("native/list")
    broken = sample | {"items": [*sample["items"], {"no": "id"}], "total": 77}
    page = ARK.read_page(answer(broken), base_url=BASE_URL)
    assert (len(page.tasks), page.items, page.total) == (
        len(sample["items"]),
        len(sample["items"]) + 1,
        77,
    )
    strange = ARK.read_page(answer(sample | {"total": "many"}), base_url=BASE_URL)
    assert strange.total is None
