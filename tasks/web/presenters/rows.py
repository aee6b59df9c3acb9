"""Rows of tasks as HTML: what is the same for all who may see the same of a task is made once.

A star and money are one person's: they are put beside it for each, and never taken from here.
"""

from __future__ import annotations

from collections.abc import Hashable

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from tasks.web.presenters.task import TaskPresenter
from tasks.web.shared import Shared

#: The place in a row for what is one person's own; what somebody types stands there escaped.
OWN = "<!--own-->"
#: Rows at rest. Their keys have all that they show, so the time only bounds what an edit by hand
#: in the database leaves behind. A row has some 2 kB.
resting: Shared[SafeString] = Shared(600.0, most=5_000)
#: Rows with a clock or a countdown, which the browser sets right when it shows them.
counting: Shared[SafeString] = Shared(2.0)


#: What people who read the same have in common: the language and the time zone.
Reader = tuple[str | None, str]


def current_reader() -> Reader:
    """The reader of this request: to be asked once a page, as fifty times took a fiftieth of it."""
    return get_language(), timezone.get_current_timezone_name()


def shared_row(
    presented: TaskPresenter, template: str, reader: Reader, **flags: Hashable
) -> SafeString:
    """Render this template of the task, or take what was made of it for somebody else.

    It gets the task, `now` and the flags, and nothing of the request.
    """
    key = (template, *flags.items(), *reader, *presented.looks)
    kept = counting if presented.counts_time else resting
    context = {"presented": presented, "now": presented.now, **flags}
    return kept.get(key, lambda: _dense(render_to_string(template, context)))


def item(
    presented: TaskPresenter,
    reader: Reader,
    *,
    shows_project: bool,
    stack: int | None = None,
    takes: int = 0,
    is_open: bool = False,
) -> SafeString:
    """A task's row as an element of a list.

    `stack` is the id of the task on top of the takes that it lies among; on top itself it stands
    for `takes` of them and has the button that opens them. An include for each of fifty rows took
    a twentieth of a page.
    """
    state, button = "", ""
    if takes:
        state = " is-stack"
        button = _stack_button(stack, takes, is_open, reader)
    elif stack is not None:
        state = " is-folded is-open" if is_open else " is-folded"
    take_of = "" if stack is None else f' data-take-of="{stack}"'
    within = row(presented, reader, shows_project=shows_project)
    classes = f"take {presented.screen.shape}{state}"
    return mark_safe(
        f'<li class="{classes}"{take_of} id="t{presented.task.pk}">{within}{button}</li>'
    )


def _stack_button(stack: int | None, takes: int, is_open: bool, reader: Reader) -> SafeString:
    key = ("stack", stack, takes, is_open, *reader)
    context = {"stack": stack, "takes": takes, "is_open": is_open}
    return resting.get(key, lambda: _dense(render_to_string("tasks/_stack.html", context)))


def row(presented: TaskPresenter, reader: Reader, *, shows_project: bool) -> SafeString:
    """All within a task's row: also this person's star, and the cost where they may see it."""
    whole = shared_row(presented, "tasks/_row_shared.html", reader, shows_project=shows_project)
    before, _place, after = whole.partition(OWN)
    pk = presented.task.pk
    attributes = f'class="take-cost digits" id="t{pk}-cost"{_micros(presented)}'
    cost = f"<span {attributes}>{escape(presented.cost)}</span>"
    star = _star_button(pk, reader, is_starred=presented.is_starred, stars=presented.stars)
    return mark_safe(f"{before}{cost}{star}{after}")


def _micros(presented: TaskPresenter) -> SafeString:
    """The attribute by which groups.js adds up a day's money; "" where the cost is not told."""
    return mark_safe(f' data-micros="{presented.paid[0]}"' if presented.paid else "")


def _star_button(pk: int, reader: Reader, *, is_starred: bool, stars: int) -> SafeString:
    """The button of a task's star in a list, for those who have starred it, or for the others."""
    key = ("star", pk, is_starred, stars, *reader)
    context = {"pk": pk, "is_starred": is_starred, "stars": stars, "form": "selection"}
    return resting.get(key, lambda: _dense(render_to_string("tasks/_star.html", context)))


def _dense(html: str) -> SafeString:
    """The same with one blank for each gap: two fifths of a row were the templates' indentation."""
    return mark_safe(b" ".join(html.encode().split()).decode())  # no-break spaces stay


def forget() -> None:
    """Forget all rows, as if nobody had looked at them."""
    resting.forget()
    counting.forget()
