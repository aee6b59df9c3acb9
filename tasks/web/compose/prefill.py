"""The initial values of a form that is filled from a task: placed here, tracked or imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from tasks.models import Submission, Task, Upload
from tasks.providers.catalog.models import Input, find_model
from tasks.providers.catalog.request import MediaRole, Mode, clip_in, upload_in
from tasks.web.compose.model_options import HOURS, SWITCHES, Measure

#: Fields that are known from the provider's answers where a task was not placed here.
ANSWERED_FIELDS = (
    "model prompt draft_task_id resolution ratio duration frames generate_audio service_tier draft "
    "priority output_format"
).split()
#: The values of a form in which nothing is given of what the task itself was made from.
_NOTHING_GIVEN: dict[str, Any] = {str(part): None for part in MediaRole}
_NOTHING_GIVEN |= {"draft_task_id": None, "draft": None}


class Followup(StrEnum):
    """The way in which a new task follows up a finished one; the address names it by `as`."""

    SEED = "seed"
    FINAL = "final"  # of a draft
    CONTINUED = "continued"  # from the last frame
    REFERENCE = "reference"  # with the clip, or its last frame, as a reference
    EDIT = "edit"  # with the clip as the video that is edited
    EXTEND = "extend"  # … that is extended


def initial_of(
    task: Task, user: Any, followup: Followup | None = None, given: str = ""
) -> dict[str, Any]:
    """The form's initial values, as far as they are known.

    The form replaces values that it no longer offers by its usual ones. Left out are uploads that
    are gone, or that are in a project where this person is a viewer. `given` is the value of
    what the followup begins with: the task's last frame, or its clip; "" where there is none.
    """
    account = {"project": task.project_id, "credential": task.credential_id, "origin": task.pk}
    submission = getattr(task, "submission", None)
    values = _request_values(submission, user) if submission else _answer_values(task)
    if followup == Followup.SEED and (seed := seed_of(task)) is not None:
        values |= {"seeds": str(seed), "takes": 1}
    elif followup == Followup.FINAL:  # in a resolution of its own, as a draft has no choice of it
        values |= {"mode": Mode.FINAL, "draft_task_id": task.remote_id}
        values |= {"draft": None, "resolution": None}
    elif followup == Followup.CONTINUED:
        values |= _continued_values(str(values.get("model") or ""), given)
    elif followup in (Followup.EDIT, Followup.EXTEND):
        values |= _NOTHING_GIVEN | {"mode": Mode(followup), "reference_video": given}
        if followup == Followup.EDIT:  # its prompt says what changes, not what is to be seen
            values |= {"prompt": None}
    elif followup == Followup.REFERENCE:
        is_video = given == task.video_url or clip_in(given) is not None
        part = MediaRole.REFERENCE_VIDEO if is_video else MediaRole.REFERENCE_IMAGE
        values |= _NOTHING_GIVEN | {"mode": Mode.REFERENCE, str(part): given}
    known = {name: value for name, value in values.items() if value not in (None, "", [])}
    # Answers have either frames or a duration; frames if the length was requested in frames.
    measure = {"measure": Measure.FRAMES} if known.get("frames") else {}
    return account | known | measure


def seed_of(task: Task) -> int | None:
    """The seed in the provider's answer; while there is none, the requested seed."""
    submission = getattr(task, "submission", None)
    seed = task.seed if task.seed is not None or not submission else submission.generation.seed
    return seed if seed is None or seed >= 0 else None


def _continued_values(model_name: str, first_frame: str) -> dict[str, Any]:
    """The last frame as first frame, and another last frame requested, to continue from.

    A model that cannot begin with a picture is replaced by the usual one.
    """
    fixed = {"mode": Mode.FIRST_FRAME, "first_frame": first_frame, "return_last_frame": True}
    model = find_model(model_name)
    takes_frame = model is None or Input.FIRST_FRAME in model.inputs
    return _NOTHING_GIVEN | fixed | ({} if takes_frame else {"model": None})


# Values of a task that was placed here


def _request_values(submission: Submission, user: Any) -> dict[str, Any]:
    """The request without its seed, which would repeat the video, and without unusable uploads."""
    request = submission.generation
    usable: set[int] = set()
    if request.uploads:
        rows = Upload.objects.usable_by(user).filter(project=submission.task.project_id)
        usable = set(rows.filter(pk__in=request.uploads).values_list("pk", flat=True))
    media = [each for each in request.media if upload_in(each.url) in {None, *usable}]
    links = {
        str(part): "\n".join(medium.url for medium in media if medium.part == part)
        for part in MediaRole
    }
    names = "model mode prompt draft_task_id resolution ratio duration frames priority".split()
    names += ["output_format", "service_tier", *SWITCHES]
    fields = {name: getattr(request, name) for name in names}
    return fields | links | _expires(request.execution_expires_after)


def _expires(seconds: int | None) -> dict[str, Any]:
    hours, rest = divmod(seconds or 0, 3600)
    return {"expires": hours} if hours in HOURS and not rest else {}


# Values of a task that was created elsewhere


def _answer_values(task: Task) -> dict[str, Any]:
    values = {name: getattr(task, name) for name in ANSWERED_FIELDS}
    mode = {"mode": Mode.FINAL} if task.draft_task_id else {}
    tools = {"web_search": "web_search" in task.tools}
    expires = _expires(task.execution_expires_after)
    return values | mode | tools | expires | _repeated_pictures(task)


def _repeated_pictures(task: Task) -> dict[str, Any]:
    """The pictures in an answer that repeats the request, and the mode that they imply.

    Source: im06lq19wz.apifox.cn/api-316506193: request.content[].
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
    """The role and the link of each picture; one without a role is a first frame."""
    try:
        items = json.loads(raw)["request"]["content"]
        pictures = [item for item in items if item.get("type") == "image_url"]
        for item in pictures:
            part = MediaRole(item.get("role") or MediaRole.FIRST_FRAME)
            url = str(item["image_url"]["url"])
            if url.startswith(("https://", "http://", "asset://")):
                yield str(part), url
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return  # most answers repeat nothing
