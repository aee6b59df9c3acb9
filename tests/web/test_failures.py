"""Explanations of failures: each family of codes has its sentence and its next step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.web.messages.failures import FAMILIES, NextStep, failure_of

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.mark.parametrize(
    ("code", "message", "says", "step"),
    [
        ("InputTextSensitiveContentDetected", "", "rejected the prompt", NextStep.CHANGE),
        ("InputTextRiskDetection", "", "rejected the prompt", NextStep.CHANGE),
        ("SensitiveContentDetected.SevereViolation", "", "rejected the prompt", NextStep.CHANGE),
        ("InputImageSensitiveContentDetected", "", "rejected an input picture", NextStep.CHANGE),
        (
            "InputImageSensitiveContentDetected.PrivacyInformation",
            "",
            "real person",
            NextStep.CHANGE,
        ),
        (
            "InputVideoSensitiveContentDetected.PrivacyInformation",
            "",
            "real person",
            NextStep.CHANGE,
        ),
        ("InputVideoSensitiveContentDetected", "", "rejected an input video", NextStep.CHANGE),
        ("InputAudioSensitiveContentDetected", "", "rejected an input audio", NextStep.CHANGE),
        ("InputImageSensitiveContentDetected.PolicyViolation", "", "copyright", NextStep.CHANGE),
        ("OutputVideoSensitiveContentDetected.PolicyViolation", "", "copyright", NextStep.CHANGE),
        ("OutputVideoSensitiveContentDetected", "", "withheld", NextStep.AGAIN),
        ("OutputAudioSensitiveContentDetected", "", "withheld", NextStep.AGAIN),
        ("InvalidParameter.TaskTypeConstraint", "", "Same as input", NextStep.CHANGE),
        ("InvalidImageURL.EmptyURL", "", "public", NextStep.CHANGE),
        ("InvalidParameter.UnsupportedParameter", "", "one of the settings", NextStep.CHANGE),
        ("QuotaExceeded", "free trial quota used up", "free trial", NextStep.ACCOUNT),
        ("QuotaExceeded", "too many queued tasks", "queued", NextStep.LATER),
        ("QuotaExceeded", "the request has exceeded the quota", "a little later", NextStep.LATER),
        ("SetLimitExceeded", "", "spending limit", NextStep.ACCOUNT),
        ("AccountOverdueError", "", "overdue balance", NextStep.ACCOUNT),
        ("ModelNotOpen", "", "doesn", NextStep.ACCOUNT),
        ("InvalidEndpoint.ClosedEndpoint", "", "closed", NextStep.ACCOUNT),
        ("ServerOverloaded", "", "error of its own", NextStep.AGAIN),
        (
            "",
            "The input image may contain real person. Request id: 02",
            "real person",
            NextStep.CHANGE,
        ),
        (
            "OutputVideoSensitiveContentDetected.PrivacyInformation",
            "",
            "finished video seems to show a real person",
            NextStep.AGAIN,
        ),
        ("InvalidAction.RunningTaskDeletion", "", "current state", NextStep.LATER),
        ("InvalidResolutionParameter", "", "resolution", NextStep.CHANGE),
        ("LastFrameNotSupported", "", "support a last frame", NextStep.CHANGE),
        ("RefImageNotSupported", "", "support reference pictures", NextStep.CHANGE),
        ("ModelParameterNotSupported", "", "one of the settings", NextStep.CHANGE),
        ("MediaInvalid", "", "be used", NextStep.CHANGE),
        ("PromptEmpty", "", "prompt is empty", NextStep.CHANGE),
        (
            "AccountQuotaExceeded",
            "It will reset at …",
            "plan has used up its quota",
            NextStep.LATER,
        ),
        ("content_filter", "", "moderation", NextStep.CHANGE),
        ("", "内容审核未通过", "moderation", NextStep.CHANGE),
        ("", "upstream returned unrecognized message", "may exist", NextStep.LATER),
        ("", "upstream returned error", "own provider returned", NextStep.AGAIN),
        ("", "model unavailable", "right now", NextStep.LATER),
        ("", "task failed", "no reason", NextStep.AGAIN),
        ("", "Task failed. (request id: 2026)", "no reason", NextStep.AGAIN),
        ("", "Failed to get channel info, channel ID: 8", "channel", NextStep.AGAIN),
        ("", "resource download failed", "fetch an input picture", NextStep.CHANGE),
        (
            "InvalidParameter",
            "resource download failed: timeout",
            "fetch an input picture",
            NextStep.CHANGE,
        ),
        ("", "任务超时（1440分钟）", "finish in time", NextStep.AGAIN),
        ("", "may be related to copyright restrictions", "copyright", NextStep.CHANGE),
    ],
)
def test_a_family_has_its_words_and_its_step(
    code: str, message: str, says: str, step: NextStep
) -> None:
    found = failure_of(code, message)
    assert found and says in str(found.sentence)
    assert found.step == step


def test_what_nobody_has_explained_is_left_to_the_provider() -> None:
    assert failure_of("SomethingNew", "It went wrong.") is None


def test_every_recorded_failure_is_explained() -> None:
    bodies = [json.loads(path.read_text()) for path in SAMPLES.glob("*/*failed*.json")]
    errors = [found for body in bodies if (found := error_in(body))]
    assert len(errors) > 5
    for code, message in errors:
        assert failure_of(code, message), (code, message)


def error_in(body: Any) -> tuple[str, str] | None:
    """The innermost error of a body: an object with code and message, or nothing but words."""
    inner = body.get("data")
    if isinstance(inner, dict) and (found := error_in(inner)):
        return found
    error = body.get("error") or (body.get("fail_reason") if "task_id" in body else None)
    if isinstance(error, dict):
        return str(error.get("code") or ""), str(error.get("message") or "")
    return ("", error) if error and isinstance(error, str) else None


def test_no_family_is_hidden_behind_another() -> None:
    """All families but two have a sentence of their own; those two share one."""
    assert len({str(failure.sentence) for _, failure in FAMILIES}) == len(list(FAMILIES)) - 1
