"""Which of a person's own tasks have ended since a page last asked: for its notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import JsonResponse

from tasks.models import StatusChange, Task
from tasks.status import ENDED

MOST = 200  # endings of everybody that one answer looks at, the newest ones
PROMPT = 120  # characters


@dataclass(frozen=True)
class Endings:
    """`newest` is the last change of a status, and what the page asks with next time.

    Changes are written under the lock of the change counter's row, so their ids come in the order
    in which they can be seen, and none is skipped.
    """

    newest: int
    ended: list[Task]

    @classmethod
    def of(cls, person: Any, *, after: str) -> Endings | None:
        """None while no status has changed; who asks for the first time only learns the number."""
        newest = StatusChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        if after == str(newest):
            return None
        is_number = after.isascii() and after.isdigit() and len(after) < 19
        return cls(newest, _ended(person, int(after), newest) if is_number else [])

    def answer(self) -> JsonResponse:
        return JsonResponse({"after": self.newest, "ended": [_told(task) for task in self.ended]})


def _ended(person: Any, after: int, newest: int) -> list[Task]:
    """Two steps, for in one SQLite may go through all that this person ever made."""
    lately = StatusChange.objects.filter(pk__gt=after, pk__lte=newest, became__in=ENDED)
    ids = list(lately.order_by("-pk").values_list("task_id", flat=True)[:MOST])
    own = Task.objects.visible_to(person).filter(created_by_id=person.pk, pk__in=ids)
    return list(own.filter(status__in=ENDED).only("status", "prompt", "remote_id").order_by("-pk"))


def _told(task: Task) -> dict[str, object]:
    return {
        "pk": task.pk,
        "url": task.get_absolute_url(),
        "word": task.get_status_display(),
        "prompt": task.prompt[:PROMPT] or task.remote_id,
    }
