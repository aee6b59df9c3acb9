"""The sample shots as requests, and made inside a simulator that is about to listen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tasks.simulator.messages import Request
from tasks.simulator.presets import BY_SLUG
from tasks.simulator.records import request_id
from tasks.simulator.routes import route
from tasks.simulator.shot import Shot
from tasks.simulator.shots import SHOTS
from tasks.simulator.world import World

KEY = "sim-demo"


def requests() -> Iterator[tuple[Shot, str, dict[str, Any], dict[str, str]]]:
    """(shot, path below the base URL, JSON body, extra headers) of every sample create."""
    for shot in SHOTS:
        headers = {"X-Sim-Created-Ago": str(shot.ago), "X-Sim-Steer": shot.wish}
        yield shot, shot.path(), shot.body(), headers


def seed(world: World, key: str = KEY) -> None:
    """Make the sample tasks inside a simulator that is about to listen."""
    now = world.clock()
    for shot, path, body, headers in requests():
        base = f"/{shot.preset}{BY_SLUG[shot.preset].base}"
        given = {name.lower(): value for name, value in headers.items()}
        request = Request(
            method="POST",
            path=base + path,
            headers={"authorization": f"Bearer {key}", **given},
            body=json.dumps(body).encode(),
            now=now,
            request_id=request_id(now),
        )
        reply = route(world, request)
        if reply.status != 200:
            raise ValueError(f"{shot.preset}: {reply.body.decode()}")
