"""The form filled from a task that is there already: of ours, tracked or imported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tasks.making.choices import SWITCHES
from tasks.models import Submission, Task, Upload
from tasks.providers.wish import Part, Wish, upload_in

#: What a task tells of itself, where it was not made here.
TOLD = "model prompt resolution ratio duration generate_audio service_tier".split()


def initial_of(task: Task, user: Any) -> dict[str, Any]:
    """As far as it is known; what the form does not offer any more is left to its usual.

    So are pictures that are gone, or in a project where this person only looks on.
    """
    account = {"project": task.project_id, "credential": task.credential_id}
    submission = getattr(task, "submission", None)
    told = _of_wish(_with_what_is_here(submission, user)) if submission else _of_task(task)
    return account | {name: value for name, value in told.items() if value not in (None, "", [])}


def _of_task(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in TOLD}


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
    links = {str(part): _links(wish, part) for part in Part}
    plain = "model mode prompt draft_task_id resolution ratio duration priority output_format"
    fields = {name: getattr(wish, name) for name in (*plain.split(), "service_tier", *SWITCHES)}
    hours = (wish.execution_expires_after or 0) // 3600
    return fields | links | {"expires": hours or None, "seeds": _seed(wish)}


def _links(wish: Wish, part: Part) -> str:
    return "\n".join(medium.url for medium in wish.media if medium.part == part)


def _seed(wish: Wish) -> str:
    return "" if wish.seed is None or wish.seed < 0 else str(wish.seed)
