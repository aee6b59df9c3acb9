from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = _("Dailies")

    def ready(self) -> None:
        from tasks import checks  # noqa: F401 - registers itself
