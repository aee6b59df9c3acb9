"""The admin's list of tasks: the studio's filters, pages and counts, for staff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property, reduce
from operator import add
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks.admin.key_list import KeyChangeList
from tasks.models import Credential, Project, Task
from tasks.models.access import people_visible_to
from tasks.models.status_change import STATUS_CHOICES
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.catalog.models import MODELS
from tasks.providers.status import Status
from tasks.web.lists import counts
from tasks.web.lists.counts import CappedCount
from tasks.web.lists.filters import Filters
from tasks.web.lists.paging import task_page

TRASH = "trash"
MOST_IN_TRASH = 1_000  # tasks; the page of the trash has the rest


class TaskFilter(admin.SimpleListFilter):
    """A filter of the studio's list under the same name; `TaskChangeList` applies them all."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1 or self.value() is not None


class StatusFilter(TaskFilter):
    title, parameter_name = _("status"), "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return STATUS_CHOICES

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The statuses, each with its number as the studio counts them."""
        tally: dict[str, CappedCount] = changelist.tally
        everything, *statuses = super().choices(changelist)
        yield everything
        for choice, (status, _label) in zip(statuses, self.lookup_choices, strict=True):
            count = str(tally.get(status, ""))
            yield {**choice, "count": "" if count == "0" else count}


class ModelFilter(TaskFilter):
    title, parameter_name = _("model"), "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(model.label, model.label) for model in reversed(MODELS)]


class PersonFilter(TaskFilter):
    title, parameter_name = _("person"), "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        people = people_visible_to(request.user).only("username", "first_name", "last_name")
        named = [(each.pk, each.get_full_name() or each.username) for each in people]
        return sorted(named, key=lambda pair: pair[1].casefold())


class ProjectFilter(TaskFilter):
    title, parameter_name = _("project"), "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(Project.objects.order_by("name").values_list("pk", "name"))


class CredentialFilter(TaskFilter):
    title, parameter_name = _("credential"), "credential"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(Credential.objects.order_by("name").values_list("pk", "name"))


class TrashFilter(TaskFilter):
    """The trash, which is a list of its own, as in the studio."""

    title, parameter_name = _("trash"), TRASH

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("1", _("In the trash"))]

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        kept, *others = super().choices(changelist)
        yield {**kept, "display": _("Not in the trash")}
        yield from others


TASK_FILTERS = (
    StatusFilter,
    PersonFilter,
    ProjectFilter,
    ModelFilter,
    CredentialFilter,
    TrashFilter,
)


class TaskChangeList(KeyChangeList):
    """The tasks that the studio's filters leave, read and counted as the studio does."""

    OWN = KeyChangeList.OWN | {field.name for field in fields(Filters)} | {TRASH}

    tally: dict[str, CappedCount]

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Django's filters get their own parameters, and no lookups of any column."""
        own = {each.parameter_name for each in TASK_FILTERS}
        given = params or self.filter_params
        return {name: values for name, values in given.items() if name in own}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        super().get_queryset(request, exclude_parameters)  # sets the choices of the filters
        self.filters = Filters.read(request.GET)
        tasks = self.filters.of_status(self.filters.narrow(self._with_trash(), request.user))
        return tasks.order_by("-pk")

    def get_results(self, request: HttpRequest) -> None:
        filters, user = self.filters, request.user
        indexed = filters.narrow_by_index(self._with_trash(), user)
        tasks = filters.narrow_by_rows(indexed)
        page = task_page(
            filters.of_status(tasks),
            request.GET,
            reader=user,
            among=filters.of_status(indexed) if filters.reads_rows else None,
        )
        self.tally = {}
        if not self.in_trash:
            self.tally = counts.within(filters, tasks, user=user, newest=counts.newest_id())
        wanted = [self.tally[status] for status in filters.status or Status if self.tally]
        self.show(page, page.tasks, reduce(add, wanted) if wanted else self._capped())

    def _with_trash(self) -> TaskQuerySet:
        """All tasks but those in the trash, or the last that were put there.

        Their ids are read first: a database that is asked for both at once walks all tasks.
        """
        tasks: Any = self.root_queryset
        if not self.in_trash:
            return tasks.kept()
        return tasks.filter(pk__in=self._deleted)

    @cached_property
    def _deleted(self) -> list[int]:
        deleted = Task.objects.filter(deleted_at__isnull=False).order_by("-deleted_at")
        return list(deleted.values_list("pk", flat=True)[:MOST_IN_TRASH])

    @property
    def in_trash(self) -> bool:
        return bool(self.params.get(TRASH) == "1")

    @property
    def studio_query(self) -> str:
        """The address of the same tasks in the studio."""
        return self.filters.query()
