"""YEScale's flat answer, and the request that it repeats."""

from __future__ import annotations

from tasks.providers.status import Status
from tests.providers.samples import at, body, filled_fields, read, read_sample

PROMPT = (
    "A 20-year-old girl, with an oval face, delicate features, long black hair, fair skin, "
    "and ambient light, wearing a short white skirt, sitting on a bench beside the street, "
    "smiling and shaking her hair"
)


def test_yescales_page_is_read_whole() -> None:
    sample = body("yescale/succeeded")
    assert filled_fields(read_sample("yescale/succeeded", slug="yescale")) == {
        "id": "cgt-20250702113430-gvkhb",
        "status": Status.SUCCEEDED,
        "status_word": "succeeded",
        "model": "doubao-seedance-1-0-pro-250528",
        "prompt": PROMPT,
        "video_url": sample["content"]["video_url"],
        "link_ends_at": at(1751427302 + 86400),
        "created_at": at(1751427271),
        "updated_at": at(1751427302),
        "resolution": "480p",
        "duration": 5,
        "completion_tokens": 47311,
        "total_tokens": 47311,
    }


def test_the_constant_message_is_no_error() -> None:
    assert read_sample("yescale/running").error_message == ""


def test_a_failure_is_read_like_arks() -> None:
    task = read_sample("yescale/failed")
    assert (task.status, task.error_code) == (Status.FAILED, "InputImageSensitiveContentDetected")
    assert task.request_id == "02175142727180900"


def test_flags_in_the_prompt_give_the_parameters() -> None:
    task = read_sample("yescale/running-many-flags")
    assert task.prompt == "A girl -- smiling \nSlow pan"
    assert (task.resolution, task.ratio, task.duration) == ("480p", "16:9", 5)
    assert (task.seed, task.framespersecond) == (11, 24)


def test_the_answers_own_fields_take_precedence_over_flags() -> None:
    sample = {**body("yescale/running-many-flags"), "resolution": "720p", "frames": 121, "seed": 0}
    task = read(sample)
    assert (task.resolution, task.seed) == ("720p", 0)
    assert (task.frames, task.duration) == (121, None)


def test_fields_of_the_echoed_request_take_precedence_over_its_flags() -> None:
    sample = body("yescale/running-many-flags")
    sample["request"].update(resolution="1080p", duration=-1, seed=-1, service_tier="flex")
    task = read(sample)
    assert (task.resolution, task.service_tier) == ("1080p", "flex")
    assert task.duration is task.seed is None


def test_nonsense_after_a_flag_stays_in_the_prompt() -> None:
    sample = body("yescale/running")
    sample["request"]["content"] = [{"type": "text", "text": "A dog --dur long --rs big --seed 4"}]
    task = read(sample)
    assert task.prompt == "A dog --dur long --rs big"
    assert (task.duration, task.resolution, task.seed) == (None, "", 4)


def test_a_broken_echo_is_no_obstacle() -> None:
    echoes: list[object] = [None, [], "x", {"content": "x"}, {"content": [None, {"text": {}}]}]
    for echo in echoes:
        assert read({**body("yescale/running"), "request": echo}).status is Status.RUNNING
