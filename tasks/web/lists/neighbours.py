"""The tasks before and after one in the list that a person came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from tasks.models import Task
from tasks.models.sight import Sight
from tasks.providers.numbers import whole_number
from tasks.web.lists.filters import Filters
from tasks.web.lists.paging import neighbours


@dataclass(frozen=True)
class Neighbours:
    """A task's place in a list, which the address of its page carries: filters and page."""

    filters: Filters
    query: str = ""  # the part of the list's URL after its path
    newer: int | None = None
    older: int | None = None

    @classmethod
    def of(cls, task: Task, query: QueryDict, sight: Sight, user: Any) -> Neighbours:
        """The place in the list that this query asks for; see paging for its queries."""
        place = cls.way_back(query)
        filters = place.filters
        visible = Task.objects.in_sight(sight, details=filters.asks_details)
        indexed = filters.of_status(filters.narrow_by_index(visible, user))
        newer, older = neighbours(
            filters.narrow_by_rows(indexed),
            task.pk,
            projects=() if filters.project else sight.projects or (),
            among=indexed if filters.reads_rows else None,
        )
        return cls(filters, place.query, newer, older)

    @classmethod
    def way_back(cls, query: QueryDict) -> Neighbours:
        """The way back to the list alone, where its tasks may not be searched just now."""
        filters = Filters.read(query)
        keys = {name: whole_number(query.get(name, "")) for name in ("before", "after")}
        written = filters.query(**{name: key for name, key in keys.items() if key is not None})
        return cls(filters, "" if written == "?" else written)

    @property
    def is_batch(self) -> bool:
        """Whether the list is one batch, which has a page of its own."""
        return self.filters == Filters(batch=self.filters.batch) and bool(self.filters.batch)

    @property
    def back(self) -> str:
        if self.is_batch:
            return reverse("batch", args=[self.filters.batch])
        return f"{reverse('tasks')}{self.query}"
