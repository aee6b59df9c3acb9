"""Ark's callbacks: the body of a GET, posted to the task's callback_url at every change.

A cancelled task is never told of. An end that nobody acknowledges within 5 s is told again, up
to three times. Behind a gateway too it is Ark who calls, and with Ark's own id.
"""

from __future__ import annotations

import json
import logging
import threading
import urllib.request

from tasks.simulator.native import task_json
from tasks.simulator.records import Record
from tasks.simulator.story import moment
from tasks.simulator.world import World

logger = logging.getLogger(__name__)

PATIENCE = 5  # seconds
RETRIES = 3  # of an end; other changes are told once

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def tell_changes(world: World, origin: str) -> None:
    """Start a call for every task whose status is another than the one told last."""
    now = world.clock()
    for public_id, told in list(world.to_call_back.items()):
        record = world.tasks.get(public_id)
        state = moment(record, now) if record else None
        if record is None or state is None or state.status == "cancelled":
            world.to_call_back.pop(public_id, None)
        elif state.status != told:
            world.to_call_back[public_id] = state.status
            if state.ended:
                del world.to_call_back[public_id]
            body = json.dumps(task_json(record, now, origin)).encode()
            tries = 1 + RETRIES if state.status in ("succeeded", "failed") else 1
            threading.Thread(target=_call, args=(record, body, tries), daemon=True).start()


def _call(record: Record, body: bytes, tries: int) -> None:
    url = record.order.callback_url
    for _ in range(tries):
        request = urllib.request.Request(
            url, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        try:
            with _opener.open(request, timeout=PATIENCE):
                return
        except OSError as error:
            logger.warning("Nobody acknowledged the callback of %s: %s", record.id, error)
