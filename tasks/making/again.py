"""The form filled from a task that is there already: of ours, tracked or imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any

from tasks.making.choices import SWITCHES
from tasks.making.fields import HOURS, Measure
from tasks.models import Submission, Task, Upload
from tasks.providers.catalog import Input, find_model
from tasks.providers.wish import UPLOAD, Mode, Part, Wish, upload_in

#: What a task tells of itself, where it was not made here.
TOLD = (
    "model prompt draft_task_id resolution ratio duration frames generate_audio service_tier draft "
    "priority output_format"
).split()


class Way(StrEnum):
    """What of the task the new one is to have besides its settings; `as` in the address."""

    SEED = "seed"
    FINAL = "final"  # of a draft
    CONTINUED = "continued"  # from its last frame


def initial_of(
    task: Task, user: Any, way: Way | None = None, frame: int | None = None
) -> dict[str, Any]:
    """As far as it is known; what the form does not offer any more is left to its usual.

    So are pictures that are gone, or in a project where this person only looks on. `frame` is the
    upload that the task's last frame was made into.
    """
    account = {"project": task.project_id, "credential": task.credential_id, "origin": task.pk}
    submission = getattr(task, "submission", None)
    told = _of_wish(_with_what_is_here(submission, user)) if submission else _of_task(task)
    if way:
        told |= _WAYS[way](task, told, frame)
    known = {name: value for name, value in told.items() if value not in (None, "", [])}
    return account | known | _measured(known)


def _measured(known: dict[str, Any]) -> dict[str, Any]:
    """Frames are told of what was asked for in frames; answers have them or a duration."""
    return {"measure": Measure.FRAMES} if known.get("frames") else {}


# What is known of it


def _of_task(task: Task) -> dict[str, Any]:
    told = {name: getattr(task, name) for name in TOLD}
    mode = {"mode": Mode.FINAL} if task.draft_task_id else {}
    asked = {"web_search": "web_search" in task.tools}
    return told | mode | asked | _expires(task.execution_expires_after) | _echoed(task)


def _echoed(task: Task) -> dict[str, Any]:
    """Pictures, where the answer repeats the request; a lone one without a role is a first frame.

    im06lq19wz.apifox.cn/api-316506193: request.content[].
    """
    links: dict[str, list[str]] = {}
    for part, url in _pictures_in(task.raw):
        links.setdefault(part, []).append(url)
    modes = {
        ("first_frame",): Mode.FIRST_FRAME,
        ("first_frame", "last_frame"): Mode.FIRST_AND_LAST_FRAME,
        ("reference_image",): Mode.REFERENCE,
    }
    mode = modes.get(tuple(sorted(links)))
    return {"mode": mode, **{p: "\n".join(urls) for p, urls in links.items()}} if mode else {}


def _pictures_in(raw: str) -> Iterator[tuple[str, str]]:
    try:
        items = json.loads(raw)["request"]["content"]
        pictures = [item for item in items if item.get("type") == "image_url"]
        for item in pictures:
            part, url = Part(item.get("role") or Part.FIRST_FRAME), str(item["image_url"]["url"])
            if url.startswith(("https://", "http://", "asset://")):
                yield str(part), url
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return  # most answers repeat nothing


def _with_what_is_here(submission: Submission, user: Any) -> Wish:
    wish = submission.wished
    given = Upload.objects.usable_by(user).filter(
        pk__in=wish.uploads, project=submission.task.project_id
    )
    here = set(given.values_list("pk", flat=True)) if wish.uploads else set()
    numbered = ((medium, upload_in(medium.url)) for medium in wish.media)
    kept = (medium for medium, number in numbered if number is None or number in here)
    return replace(wish, media=tuple(kept))


def _of_wish(wish: Wish) -> dict[str, Any]:
    """All but the seed: with that one it would come out the same."""
    links = {str(part): _links(wish, part) for part in Part}
    plain = "model mode prompt draft_task_id resolution ratio duration frames priority".split()
    plain += ["output_format", "service_tier", *SWITCHES]
    fields = {name: getattr(wish, name) for name in plain}
    return fields | links | _expires(wish.execution_expires_after)


def _links(wish: Wish, part: Part) -> str:
    return "\n".join(medium.url for medium in wish.media if medium.part == part)


def _expires(seconds: int | None) -> dict[str, Any]:
    hours, rest = divmod(seconds or 0, 3600)
    return {"expires": hours} if hours in HOURS and not rest else {}


# What else it is to have


def _same_seed(task: Task, told: dict[str, Any], frame: int | None) -> dict[str, Any]:
    seed = seed_of(task)
    return {} if seed is None else {"seeds": str(seed), "takes": 1}


def seed_of(task: Task) -> int | None:
    """As its answer tells it; before, as it was wished for."""
    submission = getattr(task, "submission", None)
    seed = task.seed if task.seed is not None or not submission else submission.wished.seed
    return seed if seed is None or seed >= 0 else None


def _final(task: Task, told: dict[str, Any], frame: int | None) -> dict[str, Any]:
    """In a size of its own: a draft has no choice of it."""
    fixed = {"mode": Mode.FINAL, "draft_task_id": task.remote_id}
    return fixed | {"draft": None, "resolution": None}


def _continued(task: Task, told: dict[str, Any], frame: int | None) -> dict[str, Any]:
    """With a last frame again, so that it can be gone on from; by another model where this one
    cannot begin with a picture.
    """
    others = {str(part): None for part in Part} | {"draft_task_id": None, "draft": None}
    first = f"{UPLOAD}{frame}" if frame else task.last_frame_url
    fixed = {"mode": Mode.FIRST_FRAME, "first_frame": first, "return_last_frame": True}
    model = find_model(str(told.get("model") or ""))
    can = model is None or Input.FIRST_FRAME in model.inputs
    return others | fixed | ({} if can else {"model": None})


_WAYS = {Way.SEED: _same_seed, Way.FINAL: _final, Way.CONTINUED: _continued}
