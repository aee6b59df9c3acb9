"""The envelope of all versions of new-api, and its OpenAI-like video object."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble, provider
from tasks.providers.status import Status
from tests.providers.samples import at, body, filled_fields, read, read_sample

INNER = "cgt-20260721101324-abcde"
OUTER = "task_9vKQmPiMmEABiuT2mSyJ6VSCYkgqLmdd"


def test_dataeyes_page_is_read_whole() -> None:
    task = read_sample("dataeyes/succeeded", slug="dataeyes")
    sample = body("dataeyes/succeeded")
    assert filled_fields(task) == {
        "id": "cgt-20260228182426-r4rg2",
        "status": Status.SUCCEEDED,
        "status_word": "SUCCESS",
        "model": "doubao-seedance-1-5-pro-251215",
        "action": "generate",
        "progress": 100,
        "video_url": sample["data"]["fail_reason"],
        "link_ends_at": at(1772274310 + 86400),
        "created_at": at(1772274266),
        "updated_at": at(1772274310),
        "started_at": at(1772274279),
        "finished_at": at(1772274310),
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
    assert task.raw == sample


def test_tokenhots_page_is_read_whole_and_its_zero_times_are_unknown() -> None:
    assert filled_fields(read_sample("tokenhot/succeeded", slug="tokenhot")) == {
        "id": "task_JaURYzdMLazxxxxxxxPvwEWnyHSDlS",
        "status": Status.SUCCEEDED,
        "status_word": "SUCCESS",
        "model": "doubao-seedance-2-0",
        "progress": 100,
        "video_url": "https://xxxxxx.volces.com/...",
        "seed": 86077,
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
        "framespersecond": 24,
        "total_tokens": 109586,
    }


def test_a_second_generation_success_is_read() -> None:
    task = read_sample("newapi/gen2-succeeded", slug="newapi")
    assert (task.id, task.status, task.quota) == (OUTER, Status.SUCCEEDED, 1150000)
    assert task.video_url == body("newapi/gen2-succeeded")["data"]["result_url"]
    assert task.link_ends_at == at(1784600075 + 86400)
    assert (task.created_at, task.updated_at) == (at(1784600004), at(1784600075))
    assert (task.started_at, task.finished_at) == (at(1784600010), at(1784600075))
    assert (task.total_tokens, task.duration) == (216900, 10)


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("dataeyes/submitted", Status.QUEUED, "NOT_START"),
        ("dataeyes/running", Status.RUNNING, "IN_PROGRESS"),
        ("dataeyes/failed", Status.FAILED, "FAILURE"),
        ("newapi/gen2-running", Status.RUNNING, "IN_PROGRESS"),
        ("newapi/gen2-never-polled", Status.QUEUED, "NOT_START"),
        ("newapi/gen2-failed", Status.FAILED, "FAILURE"),
        ("newapi/gen2-timed-out", Status.EXPIRED, "FAILURE"),
        ("newapi/gen2-failed-inner-expired", Status.EXPIRED, "expired"),
        ("newapi/gen2-hidden-expired", Status.EXPIRED, "expired"),
        ("newapi/gen2-hidden-cancelled", Status.CANCELLED, "cancelled"),
        ("newapi/gen2-upstream-error-while-in-progress", Status.RUNNING, "IN_PROGRESS"),
        ("newapi/gen2-unknown", Status.UNKNOWN, "UNKNOWN"),
        ("newapi/gen2-video-object-inside", Status.SUCCEEDED, "SUCCESS"),
        ("newapi/gen2-json-text-inside", Status.SUCCEEDED, "SUCCESS"),
        ("newapi/id-outside-data", Status.SUCCEEDED, "succeeded"),
        ("newapi/id-outside-data-running", Status.RUNNING, "running"),
        ("newapi/id-in-data", Status.RUNNING, "in_progress"),
        ("newapi/result-succeeded", Status.SUCCEEDED, "completed"),
        ("newapi/result-failed", Status.FAILED, "failed"),
        ("newapi/gen3-flat-running", Status.RUNNING, "IN_PROGRESS"),
        ("newapi/gen3-succeeded-without-link", Status.SUCCEEDED, "SUCCESS"),
        ("newapi/video-completed", Status.SUCCEEDED, "completed"),
        ("newapi/video-in-progress", Status.RUNNING, "in_progress"),
        ("newapi/video-failed", Status.FAILED, "failed"),
        ("newapi/video-unknown", Status.UNKNOWN, "unknown"),
        ("newapi/video-queued-just-created", Status.QUEUED, "queued"),
        ("powertokens/videos-pending", Status.QUEUED, "pending"),
        ("powertokens/videos-running", Status.RUNNING, "running"),
        ("powertokens/videos-succeeded", Status.SUCCEEDED, "succeeded"),
        ("powertokens/videos-failed", Status.FAILED, "failed"),
    ],
)
def test_each_sample_has_its_status(name: str, status: Status, word: str) -> None:
    task = read_sample(name, slug="newapi")
    assert (task.status, task.status_word) == (status, word)


def test_a_link_in_fail_reason_is_the_video_of_a_success() -> None:
    sample = body("newapi/gen2-old-row-link-in-fail-reason")
    del sample["data"]["result_url"]
    task = read(sample)
    assert task.video_url == sample["data"]["fail_reason"]
    assert task.error_message == ""


def test_an_error_text_in_result_url_is_no_video() -> None:
    task = read_sample("newapi/gen2-failed")
    assert task.video_url == ""
    assert task.error_code == "InputImageSensitiveContentDetected.PrivacyInformation"
    assert task.error_message.startswith("The request failed because the input image")
    assert task.request_id == "0217846"


def test_an_error_text_in_result_url_is_no_video_of_a_success_either() -> None:
    sample = body("newapi/gen2-old-row-link-in-fail-reason")
    sample["data"].update(result_url="upstream returned error", fail_reason="")
    task = read(sample)
    assert (task.status, task.video_url) == (Status.SUCCEEDED, "")


def test_a_failure_with_a_link_shows_no_video() -> None:
    sample = body("newapi/gen2-old-row-link-in-fail-reason")
    sample["data"]["status"] = "FAILURE"
    task = read(sample)
    assert (task.status, task.video_url, task.error_message) == (Status.FAILED, "", "")


def test_a_success_without_any_link_is_still_a_success() -> None:
    task = read_sample("newapi/gen3-succeeded-without-link")
    assert (task.status, task.video_url, task.video_needs_key) == (Status.SUCCEEDED, "", False)
    assert task.finished_at == at(1788000090)


def test_the_deepest_link_is_preferred() -> None:
    sample = body("newapi/gen2-succeeded")
    sample["data"]["result_url"] = "https://gateway.example/other.mp4"
    assert read(sample).video_url == sample["data"]["data"]["content"]["video_url"]


def test_a_gateway_time_out_is_an_expired_task() -> None:
    task = read_sample("newapi/gen2-timed-out")
    assert (task.status, task.error_message) == (Status.EXPIRED, "任务超时（1440分钟）")


@pytest.mark.parametrize("outer", ["SUCCESS", "UNKNOWN", "", "PAUSED"])
def test_a_hidden_final_status_counts_only_where_the_gateway_has_no_word_for_it(outer: str) -> None:
    sample = body("newapi/gen2-hidden-expired")
    sample["data"]["status"] = outer
    expected = Status.SUCCEEDED if outer == "SUCCESS" else Status.UNKNOWN
    assert read(sample).status is expected


@pytest.mark.parametrize("inner", ["running", "succeeded", "failed", "queued"])
@pytest.mark.parametrize("outer", ["IN_PROGRESS", "SUCCESS", "FAILURE"])
def test_in_every_other_conflict_the_gateways_status_counts(outer: str, inner: str) -> None:
    sample = body("newapi/gen2-hidden-expired")
    sample["data"]["status"] = outer
    sample["data"]["data"]["status"] = inner
    expected = {"IN_PROGRESS": "running", "SUCCESS": "succeeded", "FAILURE": "failed"}[outer]
    assert read(sample).status == expected


def test_an_upstream_error_in_a_running_task_is_shown_but_ends_nothing() -> None:
    task = read_sample("newapi/gen2-upstream-error-while-in-progress")
    assert (task.status, task.error_code) == (Status.RUNNING, "ResourceNotFound")


def test_chained_gateways_are_unwrapped_to_arks_own_task() -> None:
    task = read_sample("newapi/gen2-chained-gateways")
    deepest = body("newapi/gen2-chained-gateways")["data"]["data"]["data"]["data"]
    assert task.id == OUTER
    assert task.video_url == deepest["content"]["video_url"]
    assert (task.total_tokens, task.quota) == (216900, 1150000)


def test_unwrapping_stops_after_four_levels() -> None:
    sample: dict[str, Any] = {"id": INNER, "status": "succeeded"}
    for _ in range(4):
        sample = {"code": "success", "message": "", "data": sample}
    assert read(sample, INNER).status is Status.SUCCEEDED
    with pytest.raises(ProviderError):
        read({"data": sample}, INNER)


def test_a_reason_that_is_the_upstreams_json_is_unpacked() -> None:
    sample = body("newapi/gen2-failed")
    sample["data"].update(
        data=None, fail_reason=body("newapi/error-400-upstream-refusal")["message"]
    )
    task = read(sample)
    assert task.error_code == "InputTextSensitiveContentDetected"
    assert task.request_id == "0217"


def test_the_gateways_own_proxy_is_moved_to_the_configured_host() -> None:
    task = read_sample("newapi/gen2-proxy-link", base_url="https://api.gw.example/sub/")
    assert task.video_url == f"https://api.gw.example/sub/v1/videos/{OUTER}/content"
    assert task.video_needs_key
    assert task.link_ends_at is None


def test_the_gateways_id_may_be_asked_for_where_arks_own_is_inside() -> None:
    assert read(body("newapi/gen2-succeeded"), OUTER).id == OUTER


def test_arks_own_id_may_be_asked_for_where_the_gateway_has_another() -> None:
    assert read(body("newapi/gen2-succeeded"), INNER).id == INNER


@pytest.mark.parametrize(
    "asked", ["7", "task_9vKQmPiMm", "cgt-20260721101324-abcdf", OUTER.lower()]
)
def test_any_other_id_is_refused(asked: str) -> None:
    with pytest.raises(ProviderError) as caught:
        read(body("newapi/gen2-succeeded"), asked)
    assert caught.value.trouble is Trouble.WRONG_TASK


@pytest.mark.parametrize("asked", ["cgt-20260228182426-r4rg2", "cgt-20260228182426-other"])
def test_two_ark_ids_in_one_answer_are_not_believed(asked: str) -> None:
    sample = body("dataeyes/succeeded")
    sample["data"]["data"]["id"] = "cgt-20260228182426-other"
    with pytest.raises(ProviderError) as caught:
        read(sample, asked)
    assert caught.value.trouble is Trouble.WRONG_TASK


def test_a_success_without_a_task_id_is_not_believed() -> None:
    sample = body("tokenhot/succeeded")
    asked = sample["data"].pop("task_id")
    with pytest.raises(ProviderError) as caught:
        read(sample, asked)
    assert caught.value.trouble is Trouble.MALFORMED


def test_the_envelopes_success_is_not_the_tasks() -> None:
    sample = {"status": "success", "id": "req-1", **body("dataeyes/running")}
    assert read(sample, "cgt-20260228182426-r4rg2").status is Status.RUNNING


def test_completed_at_of_an_unfinished_video_object_is_only_its_last_change() -> None:
    running = read_sample("newapi/video-in-progress")
    assert (running.updated_at, running.finished_at) == (at(1784517699), None)
    done = read_sample("newapi/video-completed")
    assert (done.progress, done.finished_at) == (100, at(1784517969))
    assert done.link_ends_at is not None
    assert "&X-Tos-Expires=86400" in done.video_url


def test_a_failed_video_object_tells_arks_code() -> None:
    task = read_sample("newapi/video-failed")
    assert task.error_code == "InputImageSensitiveContentDetected.PrivacyInformation"
    assert task.request_id == "0217846"


def test_powertokens_second_api_gives_its_links() -> None:
    task = read_sample("powertokens/videos-succeeded", slug="powertokens")
    assert task.video_url.endswith("X-Tos-Signature=77aa")
    assert ".png?" in task.last_frame_url
    assert task.progress == 100


def test_a_never_polled_task_takes_model_and_time_from_the_gateway() -> None:
    task = read_sample("newapi/gen2-never-polled")
    assert task.model == "doubao-seedance-2-0-260128"
    assert (task.created_at, task.started_at) == (at(1784600000), None)


def test_an_input_in_the_properties_is_the_prompt() -> None:
    sample = body("newapi/gen2-succeeded")
    sample["data"]["properties"]["input"] = "A cat --rs 720p"
    assert read(sample).prompt == "A cat"


def test_a_refusals_code_beside_a_success_is_a_refusal() -> None:
    with pytest.raises(ProviderError) as caught:
        read({**body("newapi/gen2-succeeded"), "code": "task_not_exist"})
    assert caught.value.trouble is Trouble.NOT_FOUND


def test_only_a_gateway_has_a_video_proxy() -> None:
    assert provider("newapi").dialect.content_path(OUTER) == f"/v1/videos/{OUTER}/content"
    assert provider("native").dialect.content_path(INNER) is None


def test_a_gateway_has_no_list() -> None:
    assert provider("newapi").dialect.list_path((OUTER,)) is None
    assert provider("yescale").dialect.list_path((INNER,)) is None


# The link that is right, of several

SIGNED = body("newapi/gen2-chained-gateways")["data"]["data"]["data"]["data"]["content"][
    "video_url"
].partition("?")[0]
OWN_STREAM = f"https://gateway.example/v1/videos/{OUTER}/content"


@pytest.mark.parametrize(
    "name",
    [
        "newapi/gen2-video-object-inside",
        "newapi/gen2-video-url-inside",
        "newapi/gen2-content-list",
        "newapi/gen2-json-text-inside",
    ],
)
def test_a_signed_link_in_an_inner_layer_comes_before_the_gateways_own(name: str) -> None:
    task = read_sample(name, slug="newapi")
    assert task.video_url.partition("?")[0] == SIGNED
    assert not task.video_needs_key
    assert task.link_ends_at == at(1784600075 + 86400)
    assert [(link.url, link.needs_key) for link in task.other_links] == [(OWN_STREAM, True)]


def test_another_gateways_stream_is_asked_for_under_our_own_id() -> None:
    task = read_sample("newapi/gen2-anothers-proxy-link", slug="newapi")
    assert (task.video_url, task.video_needs_key, task.other_links) == (OWN_STREAM, True, ())
    assert (task.total_tokens, task.resolution) == (216900, "720p")


def test_all_links_are_kept_in_the_order_in_which_they_are_tried() -> None:
    task = read_sample("newapi/gen2-several-links", slug="newapi")
    assert task.video_url.startswith(SIGNED)
    assert [link.url for link in task.other_links] == [
        OWN_STREAM,
        "http://new-api:3000/files/02178460.mp4",
        "https://cdn.gateway.example/v/02178460.mp4",
    ]


def test_an_enhanced_film_is_what_was_paid_for() -> None:
    task = read_sample("newapi/gen2-enhanced", slug="newapi")
    assert task.video_url == "https://media.gateway.example/enhanced/02178460-2k.mp4"
    assert [link.url.partition("?")[0] for link in task.other_links] == [SIGNED]
    assert task.link_ends_at is None


def test_only_a_success_has_links() -> None:
    sample = body("newapi/gen2-several-links")
    sample["data"]["status"] = "IN_PROGRESS"
    task = read(sample)
    assert (task.status, task.video_url, task.other_links) == (Status.RUNNING, "", ())


# Where the id and Ark's own task may stand


@pytest.mark.parametrize(
    "name", ["newapi/id-outside-data", "newapi/result-succeeded", "newapi/gen2-json-text-inside"]
)
def test_settings_tokens_and_film_count_in_every_envelope(name: str) -> None:
    task = read_sample(name, slug="newapi")
    assert (task.id, task.total_tokens, task.completion_tokens) == (OUTER, 216900, 216900)
    assert (task.resolution, task.ratio, task.duration, task.seed) == ("720p", "16:9", 10, 5512)
    assert task.video_url.startswith(SIGNED)


def test_tokens_and_settings_beside_arks_task_count_where_it_has_none() -> None:
    sample = body("newapi/gen2-several-links")
    ark = sample["data"]["data"]["data"]["data"]
    del ark["usage"], ark["duration"], ark["seed"]
    sample["data"]["data"]["data"].update(usage={"total_tokens": 7}, seed=1, resolution="480p")
    task = read(sample)
    assert (task.total_tokens, task.seed, task.resolution) == (7, 1, "720p")
    sample["data"]["data"]["data"].update(frames=121)
    assert (read(sample).frames, read(sample).duration) == (121, None)


def test_an_error_under_result_is_the_reason_of_the_failure() -> None:
    task = read_sample("newapi/result-failed", slug="newapi")
    assert task.error_code == "OutputVideoSensitiveContentDetected.PolicyViolation"
    assert "copyright" in task.error_message
    assert (task.id, task.request_id[:6], task.duration) == (OUTER, "021784", 10)


def test_an_error_beside_arks_task_is_the_reason_too() -> None:
    ark = {"id": INNER, "status": "failed", "seed": 3}
    sample = {"task_id": OUTER, "status": "FAILURE", "data": ark}
    task = read({**sample, "result": {"error": {"message": "no. Request id: 0217"}}})
    assert (task.error_message, task.request_id) == ("no. Request id: 0217", "0217")
    assert task.seed == 3


def test_the_status_of_a_request_is_not_that_of_the_task_in_it() -> None:
    sample = body("newapi/id-in-data")
    assert sample["status"] == "success"
    assert read(sample, OUTER).status is Status.RUNNING
    with pytest.raises(ProviderError) as caught:
        read(sample, INNER)
    assert caught.value.trouble is Trouble.WRONG_TASK


def test_an_id_outside_is_believed_only_if_none_of_arks_contradicts_it() -> None:
    other = {"id": "cgt-20260721101324-other", "status": "succeeded"}
    for wrapper in ("data", "result"):
        with pytest.raises(ProviderError) as caught:
            read({"task_id": INNER, wrapper: other}, INNER)
        assert caught.value.trouble is Trouble.WRONG_TASK
        inner = {"id": INNER, "status": "running", wrapper: other}
        with pytest.raises(ProviderError):
            read({"task_id": OUTER, "status": "SUCCESS", "data": inner}, OUTER)
