"""The Django app; it connects signals when it is ready."""

from django.apps import AppConfig
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
