"""Rows of tasks as HTML: what is the same for all who may see the same of a task is made once.

A star, a tick and money are one person's: they are put beside it for each, and never kept.
"""

from __future__ import annotations

from collections.abc import Hashable

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tasks.web.presenters.task import TaskPresenter
from tasks.web.shared import Shared

#: Rows at rest. Their keys have all that they show, so the time only bounds what an edit by hand
#: in the database leaves behind. A row has some 2 kB.
resting: Shared[SafeString] = Shared(600.0, most=5_000)
#: Rows with a clock or a countdown, which the browser sets right when it shows them.
counting: Shared[SafeString] = Shared(2.0)


def shared_row(presented: TaskPresenter, template: str, **flags: Hashable) -> SafeString:
    """Render this template of the task, or take what was made of it for somebody else.

    It gets the task, `now` and the flags, and nothing of the request.
    """
    reader = (get_language(), timezone.get_current_timezone_name())
    key = (template, *flags.items(), *reader, *presented.looks)
    kept = counting if presented.counts_time else resting
    context = {"presented": presented, "now": presented.now, **flags}
    return kept.get(key, lambda: render_to_string(template, context))


def forget() -> None:
    """Forget all rows, as if nobody had looked at them."""
    resting.forget()
    counting.forget()
