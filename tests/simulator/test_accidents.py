"""Dice end about one task in ten badly, as the README and the command's help say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tasks.management.commands.simulator import Command, _world
from tasks.simulator.orders import read_order
from tasks.simulator.server import Simulator
from tasks.simulator.timeline import ACCIDENTS, plan_timeline
from tests.simulator.conftest import KEY, NATIVE_TASKS, Client, Clock, native_body

README = Path(__file__).parents[2] / "README.md"
DAY = 86_400


def in_words(text: str) -> str:
    """Return the text with single spaces only, however its lines are broken."""
    return " ".join(text.split())


HELP = Command().create_parser("manage.py", "simulator").format_help()


@pytest.mark.parametrize("text", [README.read_text(), HELP], ids=["README", "help"])
def test_readme_and_help_name_the_share_and_the_switch(text: str) -> None:
    assert "about one task in ten" in in_words(text)
    assert "--no-accidents" in text


def test_the_dice_end_one_task_in_ten_badly() -> None:
    assert round(sum(share for share, _ in ACCIDENTS), 1) == 0.1


def test_left_to_chance_most_tasks_succeed_and_some_do_not() -> None:
    order = read_order(native_body(), vendor="volcengine", dice=Random(0))
    seeds = [f"task-{number}" for number in range(1000)]
    ends = Counter(
        plan_timeline(order, seed=seed, created_at=0, speed=1).final_status for seed in seeds
    )
    assert set(ends) == {"succeeded", "failed", "expired"}
    assert 850 < ends["succeeded"] < 950


def test_the_switch_ends_every_accident(clock: Clock) -> None:
    options = (
        Command()
        .create_parser("manage.py", "simulator")
        .parse_args(["--port", "0", "--no-accidents"])
    )
    assert not _world(vars(options)).accidents
    with Simulator(clock=clock, accidents=False) as sim:
        for _ in range(300):
            sim.create(key=KEY)
        clock.forward(3 * DAY)
        items = Client(sim).get(f"{NATIVE_TASKS}?page_size=500").json()["items"]
    assert {item["status"] for item in items} == {"succeeded"}
