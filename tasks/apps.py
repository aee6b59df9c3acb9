from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = _("Dailies")

    def ready(self) -> None:
        from seedance_site.busy import limit_waiting
        from tasks import checks, preferences  # noqa: F401 - they register themselves
        from tasks.door import record  # noqa: F401 - hears what happens there

        connection_created.connect(limit_waiting)
