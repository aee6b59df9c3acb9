"""Ids of our own in Ark's form, given out before the provider has given one.

They are made of the submission, which stays when its task turns out to be one that is known.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from django.db.models import Q

from tasks.models import Credential, Submission, Task
from tasks.models.task_queries import TaskQuerySet

BEIJING = timezone(timedelta(hours=8))  # the zone of the time in Ark's ids
LONGEST = 128  # as a remote id
OPENAI, NEWAPI = FORMS = ("video_", "task_")  # beginnings of ids in other APIs
_OURS = re.compile(r"cgt-(\d{14})-([0-9a-z]{5,12})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def id_of(task: Task) -> str:
    """The id of a task for clients: ours where we made it, else the provider's."""
    submission = getattr(task, "submission", None)
    return id_of_submission(submission) if submission else task.remote_id


def id_of_submission(submission: Submission) -> str:
    return f"cgt-{_stamp(submission.batch.created_at)}-{_base_36(submission.pk).rjust(5, '0')}"


def find_named(tasks: TaskQuerySet[Any], text: str) -> Any:
    """The one of these tasks that an id names; None without one.

    An id of ours leads to its row at once. Asked for together with the providers' own ids, as in
    `named`, no index of either helps, and all tasks of the project are read.
    """
    ours = _OURS.fullmatch(text)
    if ours and (pk := int(ours[2], 36)) < 2**63:
        task = _newest(tasks.filter(submission=pk))
        if task is not None and is_named(task, text):
            return task
    if len(text) > LONGEST:
        return None
    theirs = tasks.filter(remote_id=text)
    # By an index, as far as tasks are still asked for where they were made.
    here = theirs.filter(base_url__in=Credential.objects.order_by().values("base_url"))
    return _newest(here) or _newest(theirs)


def _newest(tasks: TaskQuerySet[Any]) -> Any:
    """The newest of these few. Were it asked for, databases would walk the index of the order."""
    return max(tasks.order_by(), key=lambda each: each.pk, default=None)


def named(tasks: TaskQuerySet[Any], texts: list[str]) -> TaskQuerySet[Any]:
    """The tasks that these ids name: ours, or the providers' own."""
    ours = [int(found[2], 36) for text in texts if (found := _OURS.fullmatch(text))]
    possible = Q(submission__in=[pk for pk in ours if pk < 2**63])
    return tasks.filter(possible | Q(remote_id__in=[text[:LONGEST] for text in texts]))


def is_named(task: Task, text: str) -> bool:
    """Whether an id names this task, the time in it included."""
    return text in (task.remote_id, id_of(task))


def in_form(prefix: str, text: str) -> str:
    """Write an id in the form of another API: `video_…` or `task_…`."""
    return prefix + text.encode().hex()


def plain(text: str) -> str:
    """Return the id that one in another API's form stands for; any other as it is."""
    prefix, _, rest = text.partition("_")
    if f"{prefix}_" not in FORMS:
        return text
    try:
        found = bytes.fromhex(rest).decode("ascii")
    except ValueError:
        return text
    is_ours = found != "" and found.isprintable() and in_form(f"{prefix}_", found) == text
    return found if is_ours else text


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y%m%d%H%M%S}"


def _base_36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
