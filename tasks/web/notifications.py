"""Notifications about a person's own tasks that have ended since a page last asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import JsonResponse

from tasks.models import StatusChange, Task
from tasks.providers.numbers import whole_number
from tasks.providers.status import ENDED

MOST = 200  # ended tasks of all people that one answer reads, the newest ones
LONGEST_PROMPT = 120  # characters


@dataclass(frozen=True)
class Notifications:
    """The tasks that ended after one change of a status, up to the change `newest`.

    The page sends `newest` along when it asks again. Changes are written under the lock of the
    change counter's row, so their ids are in the order in which they become visible, and none is
    skipped.
    """

    newest: int
    ended: list[Task]

    @classmethod
    def of(cls, person: Any, *, after: str) -> Notifications | None:
        """The notifications after a change; None while no status has changed.

        `after` is "" the first time; the answer then has the newest change only.
        """
        newest = StatusChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        if after == str(newest):
            return None
        number = whole_number(after)
        return cls(newest, [] if number is None else _ended(person, number, newest))

    def answer(self) -> JsonResponse:
        ended = [
            {
                "pk": task.pk,
                "url": task.get_absolute_url(),
                "word": task.get_status_display(),
                "prompt": task.prompt[:LONGEST_PROMPT] or task.remote_id,
            }
            for task in self.ended
        ]
        return JsonResponse({"after": self.newest, "ended": ended})


def _ended(person: Any, after: int, newest: int) -> list[Task]:
    """The person's own tasks that ended between two changes.

    Two queries: in one, SQLite may read all tasks that this person ever made.
    """
    changes = StatusChange.objects.filter(pk__gt=after, pk__lte=newest, became__in=ENDED)
    ids = list(changes.order_by("-pk").values_list("task_id", flat=True)[:MOST])
    own = Task.objects.visible_to(person).filter(created_by_id=person.pk, pk__in=ids)
    return list(own.filter(status__in=ENDED).only("status", "prompt", "remote_id").order_by("-pk"))
