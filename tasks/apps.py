"""The Django app, which connects signals when it is ready, and that of the admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = _("Dailies")

    def ready(self) -> None:
        from tasks import checks  # noqa: F401 - registers system checks
        from tasks.team import preferences  # noqa: F401 - registers a receiver
        from tasks.team.signin import auditing  # noqa: F401 - registers receivers
        from tasks.web.database_errors import limit_waiting

        connection_created.connect(limit_waiting)


class StaffAdminConfig(admin_apps.AdminConfig):
    """The app of the Django admin, with our site in place of its own."""

    default = False
    default_site = "tasks.web.admin_site.StaffSite"
