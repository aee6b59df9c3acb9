"""Create requests for the sample shots, and a simulator that has them from the start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tasks.simulator.messages import Request
from tasks.simulator.presets import BY_SLUG
from tasks.simulator.records import request_id
from tasks.simulator.routes import route
from tasks.simulator.shots import SHOTS, Shot
from tasks.simulator.world import World

KEY = "sim-demo"


def requests() -> Iterator[tuple[Shot, str, dict[str, Any], dict[str, str]]]:
    """Yield (shot, path below the base URL, JSON body, extra headers) for every sample create."""
    for shot in SHOTS:
        headers = {"X-Sim-Created-Ago": str(shot.ago), "X-Sim-Steer": shot.steer}
        yield shot, shot.path(), shot.body(), headers


def seed(world: World, key: str = KEY) -> None:
    """Create the sample tasks in a simulator that does not listen yet.

    Raises ValueError where a create is refused.
    """
    now = world.clock()
    for shot, path, body, extra in requests():
        headers = {name.lower(): value for name, value in extra.items()}
        request = Request(
            method="POST",
            path=f"/{shot.preset}{BY_SLUG[shot.preset].base}{path}",
            headers={"authorization": f"Bearer {key}", **headers},
            body=json.dumps(body).encode(),
            now=now,
            request_id=request_id(now),
        )
        reply = route(world, request)
        if reply.status not in (200, 202):  # OpenRouter answers 202
            raise ValueError(f"{shot.preset}: {reply.body.decode()}")
