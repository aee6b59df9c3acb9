"""Where a new video comes from. A hidden field says of which task the form was filled.

How it comes from there is not said but found: it is in what is wished for and in how the parent
ended, so that nothing posted can tell it wrongly.
"""

from __future__ import annotations

from typing import Any

from tasks.making.again import seed_of
from tasks.making.form import MakeForm
from tasks.models import Copy, Kind, Kinship, Origin, Task, Upload
from tasks.providers.wish import Mode, Part, Wish, upload_in
from tasks.status import LIVE, Status


def origin_of(form: MakeForm, user: Any) -> Origin | None:
    """Only a task that this person may see, of the project that the new one will be in."""
    parent = _parent(form, user)
    if parent is None:
        return None
    return Origin(parent.pk, _kinship(parent, form.wish, form.cleaned_data.get("seeds") or []))


def repeated(parent: Task) -> Origin:
    """Of the same wish once more."""
    return Origin(parent.pk, Kinship.RETRY if came_to_nothing(parent) else Kinship.AGAIN)


def came_to_nothing(task: Task) -> bool:
    return task.status not in LIVE and task.status != Status.SUCCEEDED


def _parent(form: MakeForm, user: Any) -> Task | None:
    tasks = Task.objects.visible_to(user).filter(project=form.project_chosen)
    named = form.cleaned_data["origin"]
    if named.isascii() and named.isdigit() and len(named) < 19:
        return tasks.select_related("submission").filter(pk=named).first()
    return tasks.filter(**_draft(form)).first() if form.wish.draft_task_id else None


def _draft(form: MakeForm) -> dict[str, Any]:
    """Its id may have been typed, too."""
    assert form.credential_chosen
    return {"base_url": form.credential_chosen.base_url, "remote_id": form.wish.draft_task_id}


def _kinship(parent: Task, wish: Wish, seeds: list[int]) -> Kinship:
    if wish.mode == Mode.FINAL and wish.draft_task_id == parent.remote_id:
        return Kinship.FINAL
    if _goes_on_from(parent, wish):
        return Kinship.CONTINUED
    if came_to_nothing(parent):
        return Kinship.RETRY
    if seed_of(parent) in seeds:
        return Kinship.SEED
    return Kinship.AGAIN if _is_same(parent, wish) else Kinship.EDITED


def _goes_on_from(parent: Task, wish: Wish) -> bool:
    """Whether it begins with the parent's last frame: with the very file, or with its link."""
    first = next((each.url for each in wish.media if each.part == Part.FIRST_FRAME), "")
    number = upload_in(first)
    if number is None:
        return bool(first) and first == parent.last_frame_url
    frames = Copy.objects.filter(task=parent, kind=Kind.LAST_FRAME).exclude(sha256="")
    return Upload.objects.filter(pk=number, sha256__in=frames.values("sha256")).exists()


def _is_same(parent: Task, wish: Wish) -> bool:
    """But for the seed, of which each take has its own."""
    submission = getattr(parent, "submission", None)
    return submission is not None and _seedless(submission.wished) == _seedless(wish)


def _seedless(wish: Wish) -> dict[str, Any]:
    return {name: value for name, value in wish.to_json().items() if name != "seed"}
