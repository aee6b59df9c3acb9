"""Comparison of a task in a provider's list with the request that may have created it. Pure.

A list repeats no prompt (volcengine.com/docs/82379/1521675). For a queued or running task it gives
the model, the tier, the expiry and some switches; seed, resolution, ratio and duration only once
the task has succeeded. So a setting that the list leaves out means nothing, an equal one confirms
the match, and a different one rules it out.
"""

from __future__ import annotations

from tasks.providers.answers import RemoteTask
from tasks.providers.catalog.models import ADAPTIVE, MODEL_CHOOSES, find_model
from tasks.providers.catalog.request import GenerationRequest

RANDOM_SEED = -1
#: In the order in which they are shown. The seed comes first: it nearly identifies a task.
COMPARED = (
    "seed resolution ratio duration frames service_tier generate_audio draft priority "
    "execution_expires_after output_format safety_identifier"
).split()
#: Values that a request has where it leaves these settings out. For other settings no provider can
#: be trusted to have Ark's defaults, and a wrong assumption would hide the right task.
IMPLIED = {"service_tier": "default", "draft": False}


def matching_settings(request: GenerationRequest, remote: RemoteTask) -> tuple[str, ...] | None:
    """Return the names of the requested settings that a listed task confirms.

    None means that the task cannot have come from this request.
    """
    # An answer names the model even where an endpoint's id was sent.
    if remote.model not in ("", request.model):
        model = find_model(remote.model)
        if model is None or model != request.catalogued:
            return None
    confirmed = []
    for name in COMPARED:
        requested, listed = _comparable(request, name), getattr(remote, name)
        if requested is None or listed in (None, ""):
            continue
        if requested != (listed.lower() if isinstance(listed, str) else listed):
            return None
        if getattr(request, name) is not None:
            confirmed.append(name)
    return tuple(confirmed)


def _comparable(request: GenerationRequest, name: str) -> object:
    """Return the requested value in lower case; None where the provider chooses it."""
    value = getattr(request, name)
    if name == "seed" and value == RANDOM_SEED:
        return None
    if name == "duration" and (value == MODEL_CHOOSES or request.frames is not None):
        return None
    if name == "ratio" and (value == ADAPTIVE or request.media):  # it may follow the input
        return None
    if value is None:
        return IMPLIED.get(name)
    return value.lower() if isinstance(value, str) else value
