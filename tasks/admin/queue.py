"""Read-only lists of django-q2's rows, in place of its own admin.

In its own a schedule runs any function whose name is typed in.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from tasks.admin.read_only import LargeTableAdmin, ReadOnlyAdmin

_QUEUE = apps.get_app_config("django_q")
#: Labels and help of django-q2 that its own translations lack, marked for ours.
_UNTRANSLATED = (
    gettext_noop("Name"),
    gettext_noop("Function"),
    gettext_noop("Started at"),
    gettext_noop("Stopped at"),
    gettext_noop("Attempt count"),
    gettext_noop("Lock until"),
    gettext_noop("Cluster key"),
    gettext_noop("Optional label to identify this schedule in the admin."),
    gettext_noop("e.g. module.tasks.function"),
    gettext_noop("How often this task should be enqueued."),
    gettext_noop("Number of minutes for the Minutes type"),
    gettext_noop("n = n times, -1 = forever"),
    gettext_noop("When this schedule runs next (stored in UTC)."),
    gettext_noop("Optional human-readable name for lookup and display."),
    gettext_noop("Dotted import path to the callable, e.g. myapp.tasks.job."),
    gettext_noop("When the worker started executing the task."),
    gettext_noop("When the worker finished (success or failure)."),
    gettext_noop("How many times execution was attempted."),
    gettext_noop("Name of the target cluster"),
    gettext_noop("Prevent any cluster from pulling until"),
)


class ScheduleAdmin(ReadOnlyAdmin):
    name_plural = _("scheduled jobs")
    about = _("Jobs that start by themselves, and when they run next.")
    list_display = ("name", "func", "schedule_type", "minutes", "next_run", "repeats")
    list_filter = ("schedule_type",)
    search_fields = ("name", "func")
    fields = list_display


class EndedJobAdmin(ReadOnlyAdmin):
    """Jobs that have ended. Their arguments and results are pickles, and are not unpickled here."""

    list_display = ("name", "func", "started", "stopped", "attempt_count")
    list_filter = ("func", "started")
    search_fields = ("name", "func")
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("args", "kwargs", "result")


class FailedJobAdmin(EndedJobAdmin):
    name_plural = _("failed jobs")
    about = _("Background jobs that ended with an error.")


class DoneJobAdmin(EndedJobAdmin):
    name_plural = _("finished jobs")
    about = _("Successful jobs aren't kept, so this list is usually empty.")


class QueuedJobAdmin(LargeTableAdmin):
    """Jobs that wait. Their payload is not unpickled, either."""

    name_plural = _("waiting jobs")
    about = _("Jobs the background process has yet to run.")
    hidden = ("payload",)
    list_display = ("id", "key", "lock")
    list_filter = ("key",)
    search_fields = ("key",)
    fields = list_display


for _model in _QUEUE.get_models():
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
admin.site.register(_QUEUE.get_model("Schedule"), ScheduleAdmin)
admin.site.register(_QUEUE.get_model("Failure"), FailedJobAdmin)
admin.site.register(_QUEUE.get_model("Success"), DoneJobAdmin)
admin.site.register(_QUEUE.get_model("OrmQ"), QueuedJobAdmin)
