"""The task that a new one is made from, and the relation between them.

A hidden field names the task that the form was filled from. The relation is never posted: it is
derived from the request and from the parent's status, so that nobody can post a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from tasks.models import Copy, CopyKind, Credential, Origin, Project, Relation, Task, Upload
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Mode, upload_in
from tasks.providers.status import LIVE, Status
from tasks.web.compose.prefill import seed_of

#: The relation of a task that is made of its parent's clip, by the mode.
_FROM_CLIP = {Mode.EDIT: Relation.CUT, Mode.EXTEND: Relation.EXTENDED}


def origin_of(
    named: str,
    request: GenerationRequest,
    seeds: Sequence[int],
    *,
    project: Project,
    credential: Credential,
    user: Any,
) -> Origin | None:
    """The origin of a request: a task of the same project that the user may see.

    `named` is the id in the form's hidden field. Where the form was not filled from a task, the
    origin is the draft whose id was typed, if we track it.
    """
    visible = Task.objects.visible_to(user).filter(project=project)
    if named.isascii() and named.isdigit() and len(named) < 19:
        parent = visible.select_related("submission").filter(pk=named).first()
    elif request.draft_task_id:
        parent = visible.filter(
            base_url=credential.base_url, remote_id=request.draft_task_id
        ).first()
    else:
        parent = None
    return Origin(parent.pk, _relation(parent, request, seeds)) if parent else None


def origin_of_repeat(parent: Task) -> Origin:
    """The origin of a request that is sent again unchanged."""
    return Origin(parent.pk, Relation.RETRY if has_failed(parent) else Relation.AGAIN)


def has_failed(task: Task) -> bool:
    """Whether the task ended without a video, for whatever reason."""
    return task.status not in LIVE and task.status != Status.SUCCEEDED


def _relation(parent: Task, request: GenerationRequest, seeds: Sequence[int]) -> Relation:
    if request.mode == Mode.FINAL and request.draft_task_id == parent.remote_id:
        return Relation.FINAL
    if _continues(parent, request):
        return Relation.CONTINUED
    if request.mode in _FROM_CLIP and _begins_with_clip(parent, request):
        return _FROM_CLIP[request.mode]
    if has_failed(parent):
        return Relation.RETRY
    if seed_of(parent) in seeds:
        return Relation.SEED
    submission = getattr(parent, "submission", None)
    is_same = submission is not None and _seedless(submission.generation) == _seedless(request)
    return Relation.AGAIN if is_same else Relation.EDITED


def _begins_with_clip(parent: Task, request: GenerationRequest) -> bool:
    """Whether the parent's video is among the given ones: our saved copy, or its link."""
    videos = [each.url for each in request.media if each.part == MediaRole.REFERENCE_VIDEO]
    is_linked = bool(parent.video_url) and parent.video_url in videos
    return is_linked or parent.pk in request.clips


def _continues(parent: Task, request: GenerationRequest) -> bool:
    """Whether the first frame is the parent's last frame: its link, or an upload of that file.

    The file is the saved frame, or was read out of the saved video.
    """
    first = next((each.url for each in request.media if each.part == MediaRole.FIRST_FRAME), "")
    number = upload_in(first)
    if number is None:
        return bool(first) and first == parent.last_frame_url
    saved = Copy.objects.filter(task=parent, kind=CopyKind.LAST_FRAME).exclude(sha256="")
    read_out = Copy.objects.filter(task=parent).exclude(frame_sha256=None)
    is_it = Q(sha256__in=saved.values("sha256")) | Q(sha256__in=read_out.values("frame_sha256"))
    return Upload.objects.filter(is_it, pk=number).exists()


def _seedless(request: GenerationRequest) -> dict[str, Any]:
    """The request's values without the seed, which differs from take to take."""
    return {name: value for name, value in request.to_json().items() if name != "seed"}
