"""Drive byteplus-py through every step that it offers.

byteplus_wrapper.py BASE_URL FOLDER [options as in steps.py]
byteplus_wrapper.py http://127.0.0.1:8901/byteplus/api/v3 /tmp/downloads
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import steps
from byteplus_py import BytePlus, BytePlusAPIError
from byteplus_py.seedance import SeedanceTask, audio_url, draft_task, image_url, text, video_url
from steps import UNTIL_ASKED

given = steps.options("base_url", "folder")
BASE_URL, FOLDER = given.base_url, Path(given.folder)
MODEL, DRAFTING_MODEL = "dreamina-seedance-2-0-260128", "dreamina-seedance-2-5-260628"
NOBODYS = "cgt-20261120120000-abcde"
PATIENCE = {"interval": given.pause, "timeout": given.patience}

os.environ |= {"BYTEPLUS_API_KEY": steps.key(), "BYTEPLUS_BASE_URL": BASE_URL}
seedance = BytePlus.from_env(env_file=None).seedance


def submit(prompt: str, **fields: Any) -> str:
    """Create a task and return its id."""
    task = seedance.submit(**{"model": MODEL, "content": [text(prompt)], **fields})
    return str(task.id)


def subscribe(prompt: str, **fields: Any) -> SeedanceTask:
    """Create a task and wait for its end."""
    content = [text(prompt)]
    return seedance.subscribe(model=MODEL, content=content, **PATIENCE, **fields)


def submit_the_readmes_example() -> None:
    picture = image_url("https://images.example.com/tea.jpg", role="reference_image")
    fields = {"generate_audio": True, "ratio": "16:9", "duration": 4, "watermark": False}
    made = submit("", content=[text(f"Fruit tea {UNTIL_ASKED}"), picture], **fields)
    task = seedance.wait(made, **PATIENCE)
    assert (task.model, task.status, task.generate_audio) == (MODEL, "succeeded", True), task
    assert task.raw and (task.raw["ratio"], task.raw["duration"]) == ("16:9", 4), task
    assert task.completion_tokens == task.total_tokens and task.total_tokens, task


def submit_every_kind_of_content() -> None:
    media = [
        video_url("https://media.example.com/take.mp4"),
        audio_url("https://media.example.com/rain.mp3"),
    ]
    made = submit("", content=[text(f"The same street {UNTIL_ASKED}"), *media])
    assert seedance.wait(made, **PATIENCE).status == "succeeded"
    draft = submit(f"A rooftop {UNTIL_ASKED}", model=DRAFTING_MODEL, draft=True, duration=5)
    seedance.wait(draft, **PATIENCE)
    final = submit("", model=DRAFTING_MODEL, content=[draft_task(draft)])
    raw = seedance.retrieve(final).raw
    assert raw and raw["draft_task_id"] == draft, raw


def subscribe_until_it_succeeds() -> None:
    task = subscribe("sim:queue=10 sim:run=20", return_last_frame=True)
    assert task.done and task.video_url and task.last_frame_url, task


def wait_for_a_failure() -> None:
    made = submit(f"{UNTIL_ASKED} sim:fail=OutputVideoSensitiveContentDetected")
    error = steps.refusal(BytePlusAPIError, lambda: seedance.wait(made, **PATIENCE))
    assert error.response["error"]["code"] == "OutputVideoSensitiveContentDetected", error
    task = seedance.wait(made, **PATIENCE, on_failure="return")
    assert task.status == "failed", task


def wait_for_a_cancel() -> None:
    made = submit("sim:queue=0 sim:cancel")
    assert seedance.wait(made, **PATIENCE, on_failure="return").status == "cancelled"


def give_up_waiting() -> None:
    made = submit("sim:stuck")
    steps.refusal(TimeoutError, lambda: seedance.wait(made, interval=0.05, timeout=0.1))


def list_by_every_filter() -> None:
    ids = [submit(f"{number} {UNTIL_ASKED}") for number in range(3)]
    for made in ids:
        seedance.wait(made, **PATIENCE)
    page = seedance.list(page_num=2, page_size=2, task_ids=ids)
    assert (page.total, len(page.items)) == (3, 1), page
    found = seedance.list(status="succeeded", model=MODEL, service_tier="default", task_ids=ids[0])
    assert [item.id for item in found.items] == [ids[0]], found


def delete_in_each_state() -> None:
    queued = submit("sim:queue=600")
    seedance.delete(queued)
    assert seedance.wait(queued, **PATIENCE, on_failure="return").status == "cancelled"
    ended = submit(UNTIL_ASKED)
    seedance.wait(ended, **PATIENCE)
    seedance.delete(ended)
    assert steps.refusal(BytePlusAPIError, lambda: seedance.retrieve(ended)).status_code == 404
    running = submit("sim:queue=0 sim:stuck")
    steps.until(lambda task: task.status == "running", lambda: seedance.retrieve(running), given)
    assert steps.refusal(BytePlusAPIError, lambda: seedance.delete(running)).status_code == 409


def download_a_video() -> None:
    task = subscribe(UNTIL_ASKED)
    path = seedance.download_video(task, output_dir=FOLDER)
    assert path.name == f"{task.id}.mp4" and steps.is_video(path.read_bytes()), path
    again = seedance.download_video(task.id, output_dir=FOLDER, filename="again.mp4")
    assert again.read_bytes() == path.read_bytes()


def estimate_a_cost() -> None:
    cost = seedance.estimate_cost(subscribe(UNTIL_ASKED), input_includes_video=False)
    assert (cost.tokens, cost.resolution) == (108_900, "720p"), cost
    assert round(cost.amount_usd, 4) == round(108_900 / 1e6 * 7, 4), cost


def be_refused_with_a_wrong_key() -> None:
    stranger = BytePlus(api_key="ark-wrong", base_url=BASE_URL).seedance
    for call in (stranger.retrieve, stranger.delete):
        assert steps.refusal(BytePlusAPIError, lambda call=call: call(NOBODYS)).status_code == 401
    assert steps.refusal(BytePlusAPIError, stranger.list).status_code == 401


def be_refused_an_unknown_task() -> None:
    for call in (seedance.retrieve, seedance.delete, seedance.wait):
        assert steps.refusal(BytePlusAPIError, lambda call=call: call(NOBODYS)).status_code == 404


def be_refused_a_bad_parameter() -> None:
    error = steps.refusal(BytePlusAPIError, lambda: submit("A boat", duration=99))
    assert error.status_code == 400 and "duration" in str(error), error


if __name__ == "__main__":
    steps.report(
        [
            submit_the_readmes_example,
            submit_every_kind_of_content,
            subscribe_until_it_succeeds,
            wait_for_a_failure,
            wait_for_a_cancel,
            give_up_waiting,
            list_by_every_filter,
            delete_in_each_state,
            download_a_video,
            estimate_a_cost,
            be_refused_with_a_wrong_key,
            be_refused_an_unknown_task,
            be_refused_a_bad_parameter,
        ],
        given,
    )
