"""The live feed: every open page polls it, and is answered with the changes since."""

from collections.abc import Container, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from tasks.models import Copy, Project, Task, search
from tasks.models.access import sight_of
from tasks.models.sight import Sight
from tasks.models.task_queries import TaskQuerySet
from tasks.team.limits import LimitReachedError, spend_on_search
from tasks.text import prose
from tasks.web.limits import too_many
from tasks.web.lists import archive, counts
from tasks.web.lists.day_groups import by_days
from tasks.web.lists.paging import ROWS, TaskPage
from tasks.web.lists.status_choices import StatusChoices
from tasks.web.live_feed import Feed, Known, Mark
from tasks.web.presenters.batches import Progress
from tasks.web.presenters.files import FilePresenter
from tasks.web.presenters.queue_place import mark_queued, places_by
from tasks.web.presenters.rows import current_reader, shared_row
from tasks.web.presenters.task import TaskPresenter
from tasks.web.shared import Shared
from tasks.web.views.tasks import actions_context, mark_starred

#: The projects of the person who asks, those with details, a task's id, and the change up to which
#: the row is read.
Row = tuple[tuple[int, ...] | None, tuple[int, ...] | None, int, int]
shared_rows: Shared[Task] = Shared(1.0)


@require_GET
def live(request: HttpRequest) -> HttpResponseBase:
    """Answer with a page's news; 204 while nothing has changed in the projects that it shows.

    The 204 costs one query besides the session's and the user's.
    """
    known = Known.read(request.META["QUERY_STRING"]) or Feed.read(request.GET).known
    sight = sight_of(request.user, known.project)
    if known.has_all(sight):
        return HttpResponse(status=204)
    if known.project and not sight.projects:
        return HttpResponseClientRefresh()  # they have left the project whose page it is
    feed, now = Feed.read(request.GET), timezone.now()
    if feed.filters.q:
        try:
            spend_on_search(request.user, feed.filters.q, again=True)
        except LimitReachedError as error:
            return too_many(request, error)
    answers = {"task": _task_news, "batch": _batch_news, "archive": _archive_news}
    return answers.get(feed.page, _list_news)(request, feed, sight, now)


def _list_news(request: HttpRequest, feed: Feed, sight: Sight, now: datetime) -> HttpResponse:
    news = _news(feed, sight, now, "tasks/_row_shared.html")
    if feed.known.wants_new and feed.newest is not None:
        news |= _arrival(request, feed, news, sight)
    shared = counts.SharedCounts.read(feed.filters, sight, request.user)
    has_other_counts = feed.tally not in ("", shared.digest)
    context = {
        **news,
        "new": _new(news["feed"], sight, shared.newest, request.user),
        "filters": feed.filters,
        "statuses": StatusChoices.of(feed.filters, shared.tally) if has_other_counts else None,
        "feed": replace(
            news["feed"],
            known=Known.of(sight, feed.known.project, shared.change),
            tally=feed.tally and shared.digest,
        ),
    }
    return _answer(request, "tasks/_list_news.html", context)


def _arrival(
    request: HttpRequest, feed: Feed, news: dict[str, Any], sight: Sight
) -> dict[str, Any]:
    """The rows of new tasks, which the page asks for; and the oldest rows leave it, if need be.

    At most ROWS come at once, from the oldest on, so that none is left out between them.
    """
    newer = search.in_order(_newer(feed, sight, request.user), newest_first=False)
    changes = dict(newer.values_list("pk", "change")[:ROWS])
    arrived = _present_list(feed, sight, changes, changes, news["now"])
    mark_starred(arrived, request.user)
    before: Feed = news["feed"]
    after = before.joined_by({each.task.pk: Mark.of(each) for each in arrived})
    left = before.on.keys() - after.on.keys()
    older = min(after.on) if left else None
    number = ngettext("%(number)s new task", "%(number)s new tasks", len(arrived))
    return {
        "asks_for_new": True,
        "arrived": by_days(arrived, begins=True, ends=True, stacks=not feed.filters.batch),
        "shows_project": feed.filters.project or _sees_several_projects(request.user),
        "said": prose(news["said"], number % {"number": len(arrived)} if arrived else ""),
        "gone": news["gone"] | left,
        "page": TaskPage(tasks=[], is_first=True, older=older, newer=None),
        "older_url": feed.filters.query(before=older) if older else "",
        "feed": after,
    }


def _sees_several_projects(user: Any) -> bool:
    return Project.objects.visible_to(user).order_by()[:2].count() > 1


def _new(feed: Feed, sight: Sight, newest: int, user: Any) -> counts.CappedCount | None:
    """The number of tasks that came after the page was made; None where none may have."""
    if feed.newest is None or newest <= feed.newest:
        return None
    return counts.of_new(_newer(feed, sight, user), newest=feed.newest)


def _newer(feed: Feed, sight: Sight, user: Any) -> TaskQuerySet:
    """The new tasks that the page's filters leave and that are not yet on it."""
    visible = Task.objects.in_sight(sight, details=feed.filters.asks_details)
    tasks = feed.filters.of_status(feed.filters.narrow(visible, user))
    return search.bounded(tasks, ">", feed.newest or 0).exclude(pk__in=list(feed.on))


def _task_news(request: HttpRequest, feed: Feed, sight: Sight, now: datetime) -> HttpResponse:
    changes = sight.changes_of(feed.on)
    own = next(iter(feed.on), None)
    if own is not None and own not in changes:
        return HttpResponseClientRefresh()  # it was deleted, or is no longer visible to them
    ids = set(feed.to_look_at(sight, changes))
    rows = Task.objects.in_sight(sight).for_page(sight).filter(pk=own) if own in ids else ()
    presented = [TaskPresenter(task, now, feed.all_sources) for task in rows]
    mark_queued(presented, sight)
    related = _present_list(feed, sight, changes, ids - {own}, now)
    changed = _changed(presented, feed)
    screens = _with_another_screen(changed, feed)
    if any(each.screen.name == "elsewhere" and each.task.pk in screens for each in changed):
        return HttpResponseClientRefresh()  # only a new page has a policy that allows this host
    context = {
        "now": now,
        "changed": changed,
        "screens": screens,
        "related": _changed(related, feed),
        "said": _announcement(changed, feed),
        **_moved_up(_next(feed, sight, changes, [*presented, *related]), sight, only=own),
    }
    for each in changed:  # the task of the page
        context |= actions_context(request.user, each)
        context["shared"] = shared_row(each, "tasks/_task_shared.html", current_reader())
    return _answer(request, "tasks/_task_news.html", context)


def _batch_news(request: HttpRequest, feed: Feed, sight: Sight, now: datetime) -> HttpResponse:
    news = _news(feed, sight, now, "batches/_take_news.html")
    takes = feed.filters.narrow(Task.objects.in_sight(sight), request.user)
    progress = Progress.of(takes, sight)
    context = {
        **news,
        "progress": progress if progress.mark != feed.tally else None,
        "feed": replace(news["feed"], tally=progress.mark),
    }
    return _answer(request, "batches/_news.html", context)


def _archive_news(request: HttpRequest, feed: Feed, sight: Sight, now: datetime) -> HttpResponse:
    shown = Copy.objects.in_sight(sight).filter(pk__in=feed.on).order_by()
    changes = dict(shown.values_list("pk", "task__change"))
    ids = feed.to_look_at(sight, changes)
    rows = archive.for_list(Copy.objects.filter(pk__in=ids), request.user) if ids else ()
    presented = [FilePresenter(row, now, shows_details=row.shows_details) for row in rows]
    marks = {each.copy.pk: Mark.of_copy(each) for each in presented}
    changed = [
        e for e in presented if feed.is_news(e.copy.pk, e.copy.task.change, marks[e.copy.pk])
    ]
    gone = feed.on.keys() - changes.keys()
    context = {
        "now": now,
        "changed": changed,
        "gone": gone,
        "summary": archive.Summary.read(request.user, now) if changed or gone else None,
        "feed": feed.next(changes, marks, known=Known.of(sight, feed.known.project)),
    }
    return _answer(request, "archive/_news.html", context)


NEWS = (
    *("rows", "changed", "related", "gone", "moved_up", "said", "statuses", "new", "asks_for_new"),
    *("progress", "summary"),
)


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The news; or the next question alone, where what changed is not on this page."""
    if any(context.get(name) for name in NEWS):
        return render(request, template, context)
    return HttpResponse(render_to_string("tasks/_poller.html", context))


def _news(feed: Feed, sight: Sight, now: datetime, template: str) -> dict[str, Any]:
    """The news of a page of rows: the changed ones, those that are gone, and the next question."""
    changes = sight.changes_of(feed.on)
    presented = _present_list(feed, sight, changes, feed.to_look_at(sight, changes), now)
    changed = _changed(presented, feed)
    return {
        "now": now,
        "changed": changed,
        "rows": _fragments(template, changed, _with_another_screen(changed, feed)),
        "gone": feed.on.keys() - changes.keys(),
        "said": _finished(changed, feed),
        **_moved_up(_next(feed, sight, changes, presented), sight),
    }


def _moved_up(feed: Feed, sight: Sight, *, only: int | None = None) -> dict[str, Any]:
    """The new places of queued tasks whose rows are not sent, and the next question.

    On a task's page `only` its own place is told.
    """
    shown = [pk for pk, mark in feed.on.items() if mark.place is not None and only in (None, pk)]
    places = places_by(sight) if shown else {}
    moved = {pk: places[pk] for pk in shown if places.get(pk) not in (None, feed.on[pk].place)}
    marks = {pk: replace(feed.on[pk], place=place) for pk, place in moved.items()}
    return {"moved_up": moved, "feed": feed.next(feed.on, marks)}


def _present_list(
    feed: Feed, sight: Sight, changes: dict[int, int], ids: Iterable[int], now: datetime
) -> list[TaskPresenter]:
    """Present these rows, the newest first. Pages that show the same row share what is read of it.

    Reading one costs twice as much as making its fragments, mostly to put the statement together.
    """
    keys = [(sight.projects, sight.detailed, pk, changes[pk]) for pk in sorted(ids, reverse=True)]

    def read(missing: list[Row]) -> dict[Row, Task]:
        listed = Task.objects.in_sight(sight).for_list(sight).with_star_counts()
        rows = listed.in_bulk([pk for _, _, pk, _ in missing])
        return {key: rows[key[2]] for key in missing if key[2] in rows}

    tasks = shared_rows.get_each(keys, read)
    presented = [TaskPresenter(task, now, feed.all_sources) for task in tasks]
    mark_queued(presented, sight)
    return presented


def _fragments(template: str, changed: list[TaskPresenter], screens: set[int]) -> list[str]:
    """The fragments of these rows; pages that show the same of one share them."""
    reader = current_reader()
    return [
        shared_row(each, template, reader, oob=True, has_another_screen=each.task.pk in screens)
        for each in changed
    ]


def _changed(presented: list[TaskPresenter], feed: Feed) -> list[TaskPresenter]:
    return [e for e in presented if feed.is_news(e.task.pk, e.task.change, Mark.of(e))]


def _next(feed: Feed, sight: Sight, there: Container[int], presented: list[TaskPresenter]) -> Feed:
    marks = {each.task.pk: Mark.of(each) for each in presented}
    return feed.next(there, marks, known=Known.of(sight, feed.known.project))


def _with_another_screen(changed: list[TaskPresenter], feed: Feed) -> set[int]:
    """Ids of tasks whose player differs; an unchanged player stays, because it may be playing."""
    return {each.task.pk for each in changed if feed.on[each.task.pk].screen != each.screen.mark}


def _finished(changed: list[TaskPresenter], feed: Feed) -> str:
    ended = (e for e in changed if not (e.task.is_live or e.task.is_foreign))
    number = sum(feed.on[e.task.pk].is_live for e in ended)
    sentence = ngettext("%(number)s task finished", "%(number)s tasks finished", number)
    return sentence % {"number": number} if number else ""


def _announcement(changed: list[TaskPresenter], feed: Feed) -> str:
    """Sentences on a task that has ended, and on a video that was saved, since the last poll."""
    sentences = []
    for each in changed:
        mark = feed.on[each.task.pk]
        if mark.is_live and not each.task.is_live:
            status = each.task.get_status_display()
            sentences.append(_("This task's status is now: %(status)s.") % {"status": status})
        if each.files.is_saved and mark.copy not in "su":
            sentences.append(_("The video is saved."))
    return prose(*sentences)
