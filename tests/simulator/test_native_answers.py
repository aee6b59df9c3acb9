"""Ark's answers about an ended task: its size, its tokens, its error."""

from typing import Any

import pytest

from tasks.simulator.server import Simulator
from tests.simulator.conftest import IMAGE, KEY, PRO_1_0, Client, Clock


def test_flags_of_a_prompt_are_read_and_bad_ones_fall_back(sim: Simulator, clock: Clock) -> None:
    prompt = "A girl --rs 480p --rt 9:16 --dur 99 --seed 11 --cf true --wm maybe"
    task_id = sim.create(prompt, key=KEY, model=PRO_1_0)
    clock.forward(200)
    task = Client(sim).native_task(task_id)
    assert (task["resolution"], task["ratio"], task["duration"]) == ("480p", "9:16", 5)
    assert task["seed"] == 11


def test_a_body_field_beats_a_flag(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("A girl --ratio 9:16", key=KEY, ratio="1:1")
    clock.forward(200)
    assert Client(sim).native_task(task_id)["ratio"] == "1:1"


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"duration": 5, "resolution": "720p", "ratio": "16:9"}, 108_900),
        ({"duration": 5, "resolution": "720p", "ratio": "4:3"}, 109_586),
        ({"duration": 4, "resolution": "480p", "ratio": "16:9"}, 40_594),
        ({"duration": 10, "resolution": "720p", "ratio": "16:9"}, 216_900),
    ],
)
def test_tokens_are_those_of_recorded_tasks(
    sim: Simulator, clock: Clock, fields: dict[str, Any], tokens: int
) -> None:
    task_id = sim.create(key=KEY, **fields)
    clock.forward(200)
    assert Client(sim).native_task(task_id)["usage"]["total_tokens"] == tokens


def test_frames_are_answered_instead_of_a_duration(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(key=KEY, model=PRO_1_0, frames=29)
    clock.forward(200)
    task = Client(sim).native_task(task_id)
    assert task["frames"] == 29
    assert "duration" not in task


def test_2_5_fails_a_first_frame_with_a_fixed_ratio_only_after_a_while(
    sim: Simulator, clock: Clock
) -> None:
    content = [{"type": "text", "text": "x"}, IMAGE]
    model = "doubao-seedance-2-5-260628"
    task_id = sim.create(key=KEY, model=model, content=content, ratio="16:9")
    clock.forward(200)
    error = Client(sim).native_task(task_id)["error"]
    assert error["code"] == "InvalidParameter.TaskTypeConstraint"


def test_a_task_can_succeed_without_a_video(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create("sim:novideo", key=KEY)
    clock.forward(200)
    task = Client(sim).native_task(task_id)
    assert (task["status"], task["content"]) == ("succeeded", {})
