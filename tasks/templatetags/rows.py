"""The tag of a task's row in a list."""

from django import template
from django.utils.safestring import SafeString

from tasks.web.presenters import rows
from tasks.web.presenters.task import TaskPresenter

register = template.Library()


@register.simple_tag
def row(presented: TaskPresenter, shows_project: object) -> SafeString:
    """All within a task's row, for this reader; tasks/_row_shared.html has its look."""
    return rows.row(presented, shows_project=bool(shows_project))
