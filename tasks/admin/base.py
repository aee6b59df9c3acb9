"""The base of all pages of the admin: names and help for staff, searches that are counted."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.text import capfirst

from tasks.team.limits import LimitReachedError, spend_on_search
from tasks.web.limits import too_many


class StaffAdmin(admin.ModelAdmin):
    """A model's pages under the names that staff know it by.

    `about` is told on the index and above the list. Labels and help texts are given here and not
    on the models, where each change of a word would be a migration.
    """

    about: str | Promise = ""
    name_plural: str | Promise = ""  # "": the model's own
    labels: ClassVar[dict[str, Any]] = {}
    help_texts: ClassVar[dict[str, Any]] = {}
    #: Labels of models whose rows nobody may delete by themselves, and that go with a row of this.
    goes_along: ClassVar[tuple[str, ...]] = ()
    show_facets = admin.ShowFacets.NEVER  # each would be a count
    show_full_result_count = False

    @property
    def title(self) -> str:
        return str(capfirst(str(self.name_plural or self.opts.verbose_name_plural)))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list; a search counts as one of this person's, as everywhere."""
        text = request.GET.get(SEARCH_VAR, "").strip()
        if text and request.method == "GET" and self.has_view_or_change_permission(request):
            try:
                spend_on_search(request.user, text)
            except LimitReachedError as error:
                return too_many(request, error)
        context = {"title": self.title, "about": self.about, **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        words = {"labels": self.labels, "help_texts": self.help_texts}
        return super().get_form(request, obj, change=change, **(words | kwargs))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Collect what would be deleted, and what forbids that: no rows that just go along."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        going: list[type[Model]] = [apps.get_model(label) for label in self.goes_along]
        allowed = {str(model._meta.verbose_name) for model in going}
        return deleted, counts, {name for name in lacking if str(name) not in allowed}, protected
