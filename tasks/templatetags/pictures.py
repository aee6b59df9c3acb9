"""Tags for the small pictures of clips."""

from datetime import datetime
from typing import Any

from django import template

from tasks.models import Task
from tasks.web.presenters.thumbnail import Thumbnail

register = template.Library()


@register.inclusion_tag("tasks/_task_thumbnail.html")
def picture_of(task: Task, now: datetime, address: str = "") -> dict[str, Any]:
    """The picture of a task whose copies are prefetched; it leads to the address, if one is given.

    The words beside it have the same link, so that this one is for pointing only.
    """
    return {"picture": Thumbnail.of(task, now), "address": address}


@register.inclusion_tag("tasks/_task_thumbnail.html")
def picture_in_trash(task: Task, now: datetime) -> dict[str, Any]:
    """The picture of a deleted task, or of one whose video was deleted."""
    return {"picture": Thumbnail.in_trash(task, now)}
