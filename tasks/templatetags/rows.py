"""The tags of tasks' rows in a list; tasks/_row_shared.html has their look."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from tasks.web.lists.day_groups import DayGroup
from tasks.web.presenters import rows
from tasks.web.presenters.task import TaskPresenter

register = template.Library()


@register.simple_tag
def task_rows(day: DayGroup, shows_project: object) -> SafeString:
    """The rows of one day, for this reader."""
    reader = rows.current_reader()
    return mark_safe(
        "".join(
            rows.item(
                each.presented,
                reader,
                shows_project=bool(shows_project),
                stack=each.stack,
                takes=each.takes,
                is_open=each.is_open,
            )
            for each in day.rows
        )
    )


@register.simple_tag
def task_row(presented: TaskPresenter) -> SafeString:
    """A row on a page of one project, where nothing is stacked."""
    return rows.item(presented, rows.current_reader(), shows_project=False)
