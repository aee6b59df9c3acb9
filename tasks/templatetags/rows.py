"""The tag of a task's row in a list."""

from django import template
from django.utils.safestring import SafeString

from tasks.web.presenters import rows
from tasks.web.presenters.task import TaskPresenter

register = template.Library()


@register.simple_tag
def shared_row(presented: TaskPresenter, shows_project: object) -> SafeString:
    """What a row shows to everybody who may see the same of the task."""
    return rows.shared_row(presented, "tasks/_row_shared.html", shows_project=bool(shows_project))
