"""Whether a task in a provider's list can be the one that a wish became. Pure.

A list echoes no prompt (volcengine.com/docs/82379/1521675). Of a queued or running task it tells
the model, the tier, the expiry and some switches; seed, resolution, ratio and length only once it
succeeded. So what is silent says nothing, what agrees speaks for it, what contradicts rules it out.
"""

from __future__ import annotations

from collections.abc import Iterator

from tasks.providers.base import RemoteTask
from tasks.providers.catalog import ADAPTIVE, MODEL_CHOOSES, find_model
from tasks.providers.wish import Wish

RANDOM_SEED = -1
#: In the order in which they are told; the seed is nearly a name.
COMPARED = (
    "seed resolution ratio duration frames service_tier generate_audio draft priority "
    "execution_expires_after output_format safety_identifier"
).split()
#: What is sent for a wish that leaves these out. Of other defaults no provider can be trusted to
#: have Ark's own, and a wrong one would hide the right task.
IMPLIED = {"service_tier": "default", "draft": False}


def likeness(wish: Wish, remote: RemoteTask) -> tuple[str, ...] | None:
    """Which of the wished settings the list confirms, by name; None where it cannot be the one."""
    if not _is_same_model(wish, remote.model):
        return None
    pairs = list(_pairs(wish, remote))
    if any(wished != told for _, wished, told in pairs):
        return None
    return tuple(name for name, _, _ in pairs if getattr(wish, name) is not None)


def _is_same_model(wish: Wish, told: str) -> bool:
    """An answer names the model also where an endpoint's id was sent."""
    if told in ("", wish.model):
        return True
    found = find_model(told)
    return found is not None and found == wish.catalogued


def _pairs(wish: Wish, remote: RemoteTask) -> Iterator[tuple[str, object, object]]:
    for name in COMPARED:
        wished, told = _wished(wish, name), getattr(remote, name)
        if wished is not None and told not in (None, ""):
            yield name, wished, told.lower() if isinstance(told, str) else told


def _wished(wish: Wish, name: str) -> object:
    """None where the wish leaves it to the provider."""
    value = getattr(wish, name)
    if name == "seed" and value == RANDOM_SEED:
        return None
    if name == "duration" and (value == MODEL_CHOOSES or wish.frames is not None):
        return None
    if name == "ratio" and (value == ADAPTIVE or wish.media):  # it may follow its input
        return None
    if value is None:
        return IMPLIED.get(name)
    return value.lower() if isinstance(value, str) else value
