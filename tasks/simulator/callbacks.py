"""Ark's callbacks: the body of a GET, posted to the task's callback_url at every change.

A cancelled task gets none. The callback of an end that nobody acknowledges within 5 s is repeated
up to three times. Behind a gateway the callback comes from Ark as well, with Ark's own id.
"""

from __future__ import annotations

import json
import logging
import threading
import urllib.request

from tasks.simulator.native import task_json
from tasks.simulator.records import Record
from tasks.simulator.world import World

logger = logging.getLogger(__name__)

TIMEOUT = 5  # seconds
RETRIES = 3  # for an end; the callback of another change is sent once

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send_callbacks(world: World, origin: str) -> None:
    """Start a callback for every task whose status differs from the one last sent."""
    now = world.clock()
    for public_id, last_sent in list(world.callbacks_due.items()):
        record = world.tasks.get(public_id)
        state = record.state_at(now) if record else None
        if record is None or state is None or state.status == "cancelled":
            world.callbacks_due.pop(public_id, None)
        elif state.status != last_sent:
            world.callbacks_due[public_id] = state.status
            if state.ended:
                del world.callbacks_due[public_id]
            body = json.dumps(task_json(record, now, origin)).encode()
            tries = 1 + RETRIES if state.status in ("succeeded", "failed") else 1
            threading.Thread(target=_post, args=(record, body, tries), daemon=True).start()


def _post(record: Record, body: bytes, tries: int) -> None:
    url = record.order.callback_url
    for _ in range(tries):
        request = urllib.request.Request(
            url, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        try:
            with _opener.open(request, timeout=TIMEOUT):
                return
        except OSError as error:
            logger.warning("Nobody acknowledged the callback of %s: %s", record.id, error)
