"""The site of the Django admin: its models in four groups, by what staff come for.

Not in tasks/admin, whose import registers models: Django would make a second site for them.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: The daily groups: slug, name, and labels of the models in the order in which they are listed.
GROUPS: tuple[tuple[str, str | Promise, tuple[str, ...]], ...] = (
    (
        "work",
        _("Work"),
        (
            "tasks.Task",
            "tasks.Batch",
            "tasks.Copy",
            "tasks.Upload",
            "tasks.SavedPrompt",
            "tasks.Star",
            "tasks.UntrackedTask",
            "tasks.ModelName",
        ),
    ),
    (
        "team",
        _("Team"),
        (
            "auth.User",
            "tasks.Project",
            "tasks.Membership",
            "tasks.Invitation",
            "tasks.Service",
            "tasks.ApiToken",
            "tasks.Credential",
            "mfa.Authenticator",
            "tasks.AuditEntry",
        ),
    ),
    (
        "money",
        pgettext_lazy("a group of the admin", "Money"),
        (
            "tasks.Price",
            "tasks.Budget",
            "tasks.TakeLimits",
            "tasks.Charge",
            "tasks.Spending",
            "tasks.Bill",
        ),
    ),
)
#: The last group, which is folded, has every other model.
MACHINERY = "machinery"
_PLACES = {
    label: (group, place) for group, _name, labels in GROUPS for place, label in enumerate(labels)
}


class StaffSite(admin.AdminSite):
    """The admin's site. A model that no group names belongs to the machinery."""

    site_header = site_title = "Dailies"
    index_title = _("Administration")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The groups with the models that this person may look at, under the names staff know."""
        found: dict[str, list[Any]] = {}
        for app in self._build_app_dict(request).values():
            for model in app["models"]:
                options, page = model["model"]._meta, self._registry[model["model"]]
                group, place = _PLACES.get(options.label, (MACHINERY, 0))
                name = getattr(page, "name_plural", "") or options.verbose_name_plural
                about = getattr(page, "about", "")
                known = {**model, "name": capfirst(str(name)), "about": about, "place": place}
                found.setdefault(group, []).append(known)
        groups = [(slug, name) for slug, name, _labels in GROUPS]
        return [
            {
                "name": name,
                "app_label": slug,
                "app_url": f"{reverse('admin:index')}#{slug}",
                "has_module_perms": True,
                "is_folded": slug == MACHINERY,
                "models": sorted(found[slug], key=lambda model: (model["place"], model["name"])),
            }
            for slug, name in [*groups, (MACHINERY, _("Machinery"))]
            if slug in found
        ]

    def get_log_entries(self, request: HttpRequest) -> Any:
        """The last changes that this person made here, for the index."""
        return super().get_log_entries(request).filter(user=request.user.pk)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        """Lead to the index: an app of Django is no group that anybody knows here."""
        return HttpResponseRedirect(reverse("admin:index"))
