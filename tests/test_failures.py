"""Failures that teach: each family of codes has its words and its step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.failures import FAMILIES, Step, failure_of

SAMPLES = Path(__file__).parent / "samples"


@pytest.mark.parametrize(
    ("code", "message", "says", "step"),
    [
        ("InputTextSensitiveContentDetected", "", "words were refused", Step.CHANGE),
        ("InputTextRiskDetection", "", "words were refused", Step.CHANGE),
        ("SensitiveContentDetected.SevereViolation", "", "words were refused", Step.CHANGE),
        ("InputImageSensitiveContentDetected", "", "picture was refused", Step.CHANGE),
        ("InputImageSensitiveContentDetected.PrivacyInformation", "", "real person", Step.CHANGE),
        ("InputVideoSensitiveContentDetected.PrivacyInformation", "", "real person", Step.CHANGE),
        ("InputVideoSensitiveContentDetected", "", "video was refused", Step.CHANGE),
        ("InputAudioSensitiveContentDetected", "", "sound was refused", Step.CHANGE),
        ("InputImageSensitiveContentDetected.PolicyViolation", "", "copyright", Step.CHANGE),
        ("OutputVideoSensitiveContentDetected.PolicyViolation", "", "copyright", Step.CHANGE),
        ("OutputVideoSensitiveContentDetected", "", "kept back", Step.AGAIN),
        ("OutputAudioSensitiveContentDetected", "", "kept back", Step.AGAIN),
        ("InvalidParameter.TaskTypeConstraint", "", "follow the input", Step.CHANGE),
        ("InvalidImageURL.EmptyURL", "", "open to everyone", Step.CHANGE),
        ("InvalidParameter.UnsupportedParameter", "", "one of the settings", Step.CHANGE),
        ("QuotaExceeded", "free trial quota used up", "free trial", Step.ACCOUNT),
        ("QuotaExceeded", "too many queued tasks", "queued", Step.LATER),
        ("QuotaExceeded", "the request has exceeded the quota", "a little later", Step.LATER),
        ("SetLimitExceeded", "", "spending limit", Step.ACCOUNT),
        ("AccountOverdueError", "", "owes money", Step.ACCOUNT),
        ("ModelNotOpen", "", "not open", Step.ACCOUNT),
        ("InvalidEndpoint.ClosedEndpoint", "", "closed", Step.ACCOUNT),
        ("ServerOverloaded", "", "trouble of its own", Step.AGAIN),
        ("", "The input image may contain real person. Request id: 02", "real person", Step.CHANGE),
        ("", "任务超时（1440分钟）", "not finished in time", Step.AGAIN),
        ("", "may be related to copyright restrictions", "copyright", Step.CHANGE),
    ],
)
def test_a_family_has_its_words_and_its_step(
    code: str, message: str, says: str, step: Step
) -> None:
    found = failure_of(code, message)
    assert found and says in str(found.sentence)
    assert found.step == step


def test_what_nobody_has_explained_is_left_to_the_provider() -> None:
    assert failure_of("SomethingNew", "It went wrong.") is None


def test_every_recorded_failure_is_explained() -> None:
    bodies = [json.loads(path.read_text()) for path in SAMPLES.glob("*/failed*.json")]
    assert bodies
    for body in bodies:
        error = body.get("error") or body.get("data", {}).get("data", {}).get("error")
        if error:
            assert failure_of(error["code"], error["message"]), error


def test_no_family_is_hidden_behind_another() -> None:
    """A sentence that nothing leads to would never be read."""
    assert len({str(failure.sentence) for _, failure in FAMILIES}) == len(list(FAMILIES)) - 1
