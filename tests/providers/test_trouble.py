"""The meaning of an answer without a task, and the message of its error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tasks.providers import Trouble
from tasks.providers.dialects.errors import is_about_running_task, quota_reset
from tests.providers.samples import answer, error_of, sample_answer

HTML = b"<!DOCTYPE html><html><body>new-api</body></html>"


@pytest.mark.parametrize(
    ("name", "trouble", "permanent"),
    [
        ("native/error-400-image-unreachable", Trouble.BAD_REQUEST, True),
        ("native/error-401-authentication", Trouble.UNAUTHORIZED, True),
        ("native/error-403-account-overdue", Trouble.OVERDUE, True),
        ("native/error-403-access-denied", Trouble.FORBIDDEN, True),
        ("native/error-404-resource-not-found", Trouble.NOT_FOUND, False),
        ("native/error-404-model-not-open", Trouble.MODEL_NOT_OPEN, True),
        ("native/error-404-model-disabled", Trouble.MODEL_NOT_OPEN, True),
        ("native/error-409-running-task-deletion", Trouble.BAD_REQUEST, True),
        ("native/error-429-plan-quota", Trouble.QUOTA_USED_UP, False),
        ("native/error-400-last-frame-not-supported", Trouble.BAD_REQUEST, True),
        ("native/error-400-resolution", Trouble.BAD_REQUEST, True),
        ("newapi/error-400-content-filter", Trouble.BAD_REQUEST, True),
        ("newapi/error-429-plan-quota-without-code", Trouble.QUOTA_USED_UP, False),
        ("native/error-429-rate-limit", Trouble.RATE_LIMITED, False),
        ("native/error-429-quota", Trouble.RATE_LIMITED, False),
        ("native/error-429-too-many-queued", Trouble.RATE_LIMITED, False),
        ("native/error-429-free-trial-used-up", Trouble.OVERDUE, True),
        ("native/error-429-safe-experience", Trouble.OVERDUE, True),
        ("native/error-500-internal", Trouble.SERVER, False),
        ("newapi/error-400-task-not-exist", Trouble.NOT_FOUND, False),
        ("newapi/error-400-upstream-refusal", Trouble.BAD_REQUEST, True),
        ("newapi/error-401-invalid-token", Trouble.UNAUTHORIZED, True),
        ("newapi/error-401-token-quota-used-up", Trouble.UNAUTHORIZED, True),
        ("newapi/error-403-user-quota", Trouble.OVERDUE, True),
        ("newapi/error-404-invalid-url", Trouble.BAD_ADDRESS, True),
        ("newapi/error-404-gen3-task-not-found", Trouble.NOT_FOUND, False),
        ("newapi/error-429-saturated", Trouble.RATE_LIMITED, False),
        ("newapi/error-501-not-implemented", Trouble.UNSUPPORTED, True),
        ("newapi/error-503-no-channel", Trouble.SERVER, False),
    ],
)
def test_each_error_body_has_its_trouble(name: str, trouble: Trouble, permanent: bool) -> None:
    error = error_of(sample_answer(name))
    assert (error.trouble, error.permanent) == (trouble, permanent)


@pytest.mark.parametrize(
    ("status_code", "body", "trouble", "permanent"),
    [
        (200, b"", Trouble.EMPTY, False),
        (204, b"", Trouble.EMPTY, False),
        (200, b" \n", Trouble.EMPTY, False),
        (200, HTML, Trouble.BAD_ADDRESS, False),
        (200, b"OK", Trouble.NOT_JSON, False),
        (200, b'{"id":"cgt-1","status":"succ', Trouble.NOT_JSON, False),
        (200, b"\xff\xfe\x00", Trouble.NOT_JSON, False),
        (200, b"[]", Trouble.MALFORMED, False),
        (200, b'"succeeded"', Trouble.MALFORMED, False),
        (200, b"null", Trouble.MALFORMED, False),
        (200, b"{}", Trouble.MALFORMED, False),
        (200, b'{"code":"success","message":"","data":null}', Trouble.MALFORMED, False),
        (200, b'{"data":' * 100_000, Trouble.MALFORMED, False),
        (200, b"[" * 100_000, Trouble.MALFORMED, False),
        (200, b'{"code":429,"msg":"slow down"}', Trouble.RATE_LIMITED, False),
        (301, b"", Trouble.BAD_ADDRESS, True),
        (302, HTML, Trouble.BAD_ADDRESS, True),
        (400, b'{"message":"x"}', Trouble.BAD_REQUEST, True),
        (401, b"", Trouble.UNAUTHORIZED, True),
        (402, b"{}", Trouble.OVERDUE, True),
        (403, HTML, Trouble.FORBIDDEN, False),
        (404, HTML, Trouble.BAD_ADDRESS, False),
        (404, b'{"detail":"Not Found"}', Trouble.BAD_ADDRESS, True),
        (404, b'{"detail":"task does not exist, not found"}', Trouble.NOT_FOUND, False),
        (405, b"", Trouble.BAD_ADDRESS, True),
        (408, b"", Trouble.TIMEOUT, False),
        (409, b"", Trouble.BAD_REQUEST, False),
        (429, b"", Trouble.RATE_LIMITED, False),
        (500, b"oops", Trouble.SERVER, False),
        (502, HTML, Trouble.SERVER, False),
        (504, b"", Trouble.SERVER, False),
    ],
)
def test_each_kind_of_answer_has_its_trouble(
    status_code: int, body: bytes, trouble: Trouble, permanent: bool
) -> None:
    error = error_of(answer(body, status_code))
    assert (error.trouble, error.permanent) == (trouble, permanent)
    assert error.status_code == status_code


@pytest.mark.parametrize("status_code", [200, 400, 404, 500])
def test_a_missing_task_is_missing_with_any_http_status(status_code: int) -> None:
    missing = sample_answer("newapi/error-400-task-not-exist").body
    assert error_of(answer(missing, status_code)).trouble is Trouble.NOT_FOUND


def test_an_error_object_inside_a_good_answer_is_an_error() -> None:
    overdue = sample_answer("native/error-403-account-overdue").body
    assert error_of(answer(overdue, 200)).trouble is Trouble.OVERDUE


@pytest.mark.parametrize("status_code", [301, 401, 403, 404, 429, 500, 503])
def test_a_good_body_with_an_error_status_is_refused(status_code: int) -> None:
    done = sample_answer("native/succeeded-1-5-pro").body
    error = error_of(answer(done, status_code), "cgt-20260228182426-r4rg2")
    assert error.status_code == status_code


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("RateLimitExceeded.EndpointRPMExceeded", Trouble.RATE_LIMITED),
        ("APIAccountRpmRateLimitExceeded", Trouble.RATE_LIMITED),
        ("ServerOverloaded", Trouble.RATE_LIMITED),
        ("OperationDenied.ServiceOverdue", Trouble.OVERDUE),
        ("OperationDenied.ServiceNotOpen", Trouble.MODEL_NOT_OPEN),
        ("OperationDenied.InvalidState.Running", Trouble.BAD_REQUEST),
        ("InvalidEndpointOrModel.NotFound", Trouble.MODEL_NOT_OPEN),
        ("UnsupportedModel", Trouble.MODEL_NOT_OPEN),
        ("AccountOverdueError.New", Trouble.OVERDUE),
        ("NotFound.Task", Trouble.NOT_FOUND),
        ("InvalidParameter.TaskTypeMismatch", Trouble.BAD_REQUEST),
    ],
)
def test_codes_are_matched_by_their_beginning(code: str, trouble: Trouble) -> None:
    assert error_of(answer({"error": {"code": code, "message": "m"}}, 400)).trouble is trouble


def test_code_and_request_id_are_extracted() -> None:
    error = error_of(sample_answer("native/error-404-resource-not-found"))
    assert (error.code, error.request_id) == ("ResourceNotFound", "0217")
    error = error_of(sample_answer("newapi/error-401-invalid-token"))
    assert error.request_id == "20260720112233445566778abcd"
    error = error_of(sample_answer("newapi/error-400-upstream-refusal"))
    assert (error.code, error.request_id) == ("InputTextSensitiveContentDetected", "0217")


@pytest.mark.parametrize("name", ["x-request-id", "x-oneapi-request-id"])
def test_a_request_id_is_also_taken_from_the_headers(name: str) -> None:
    assert error_of(answer(b"", 500, {name: "021784\n2797"})).request_id == "021784 2797"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "99999999999"}, 86400.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 10:01:00 GMT"}, None),
        (
            {
                "retry-after": "Fri, 20 Nov 2026 10:01:00 GMT",
                "date": "Fri, 20 Nov 2026 10:00:00 GMT",
            },
            60.0,
        ),
        (
            {
                "retry-after": "Fri, 20 Nov 2026 10:00:00 GMT",
                "date": "Fri, 20 Nov 2026 10:01:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_retry_after_is_read_in_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert error_of(answer(b"", 429, headers)).retry_after == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Mon, 30 Nov 2026 12:59:59 GMT", 3 * 86_400 + 3 * 3600),
        ("Fri, 04 Dec 2026 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 32 * 86_400),
        ("", None),
    ],
)
def test_a_used_up_quota_is_waited_for_until_the_time_in_its_message(
    date: str, seconds: float | None
) -> None:
    body = sample_answer("native/error-429-plan-quota").body
    error = error_of(answer(body, 429, {"date": date} if date else {}))
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("message", "reset"),
    [
        ("It will reset at 2026-12-03 23:59:59 +0800 CST.", "2026-12-03T15:59:59+00:00"),
        ("it resets at 2026-12-03T23:59:59Z", "2026-12-03T23:59:59+00:00"),
        ("It will reset at 2026-12-03 23:59:59", "2026-12-03T15:59:59+00:00"),
        ("It will reset at 2026-12-03 23:59:59 -05:00", "2026-12-04T04:59:59+00:00"),
        ("It will reset at 2026-13-33 23:59:59 +0800", None),
        ("It will reset soon.", None),
    ],
)
def test_the_time_of_a_reset_is_read_with_its_zone(message: str, reset: str | None) -> None:
    assert quota_reset(message) == (datetime.fromisoformat(reset) if reset else None)


@pytest.mark.parametrize(
    ("code", "message", "is_running"),
    [
        ("InvalidAction.RunningTaskDeletion", "", True),
        ("", "Cannot delete task cgt-1 because it is currently running", True),
        ("InvalidAction.Other", "Cannot delete task cgt-1", False),
        ("", "The worker is currently running.", False),
    ],
)
def test_a_delete_that_comes_too_late_is_recognised_by_code_or_words(
    code: str, message: str, is_running: bool
) -> None:
    error = error_of(answer({"error": {"code": code, "message": message or code}}, 409))
    assert is_about_running_task(error) == is_running


def test_a_redirects_target_is_shown_without_its_query() -> None:
    error = error_of(answer(b"", 301, {"location": "https://new.example/v1?token=abc"}))
    assert "https://new.example/v1" in str(error)
    assert "abc" not in str(error)


def test_the_message_has_our_sentence_and_the_providers_message() -> None:
    assert str(error_of(sample_answer("native/error-404-resource-not-found"))) == (
        "The provider does not know this task (HTTP 404 ResourceNotFound): "
        "The specified resource is not found. Request id: 0217"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "line one\r\nERROR forged line",
        "\x1b[31mred\x1b[0m",
        "tab\tnul\0bell\a",
        "\u2028separator\u202eoverride\u200b",
        "\ud800",
        "x" * 1_000_000,
    ],
)
def test_the_message_is_one_bounded_printable_line(hostile: str) -> None:
    error = error_of(answer({"error": {"code": hostile, "message": hostile}}, 500))
    assert str(error).isprintable()
    assert len(str(error)) <= 500
    assert error.code.isprintable()
    assert len(error.code) <= 200


KEY = "3f0c1d52-9a34-4c1b-8e55-0123456789ab"


@pytest.mark.parametrize(
    "message",
    [
        f"Incorrect key {KEY}",
        "Incorrect API key provided: sk-abcdefSECRETSECRET",
        "bad header Authorization: Bearer SECRET-token",
        "bad header authorization=SECRET",
        '{"api_key": "SECRET"}',
        "see https://x.volces.com/a.mp4?X-Tos-Credential=SECRET&X-Tos-Signature=SECRET",
    ],
)
def test_the_message_repeats_no_key_and_no_signature(message: str) -> None:
    error = error_of(answer({"error": {"code": "AuthenticationError", "message": message}}, 401))
    assert "SECRET" not in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize(
    "strange",
    [
        {"error": "task not found"},
        {"error": []},
        {"error": {"code": {}, "message": []}},
        {"error": {"message": '{"error": '}},
        {"code": [], "message": {}},
        {"detail": [{"loc": ["path"], "msg": "x"}]},
    ],
)
@pytest.mark.parametrize("status_code", [200, 400, 404, 500])
def test_malformed_error_bodies_are_errors_too(strange: Any, status_code: int) -> None:
    assert error_of(answer(strange, status_code)).status_code == status_code
