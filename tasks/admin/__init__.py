"""The Django admin: where staff keep credentials, people and projects, and look things up."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from tasks.admin import (
    accounts,
    billing,
    copy,
    credential,
    machinery,
    people,
    queue,
    records,
    submissions,
    task,
)

__all__ = [
    "accounts",
    "billing",
    "copy",
    "credential",
    "machinery",
    "people",
    "queue",
    "records",
    "submissions",
    "task",
]

admin.site.site_header = admin.site.site_title = "Dailies"
admin.site.index_title = _("Administration")

#: Texts of Django's admin for screen readers that its own Chinese lacks, marked for ours.
_UNTRANSLATED = (
    gettext_noop("Model name"),
    gettext_noop("Add link"),
    gettext_noop("Change or view list link"),
)
