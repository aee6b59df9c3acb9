"""The live feed: one question per open page, answered with what has changed."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from seedance_site.prose import prose
from tasks.feed import Feed, Mark, tally_of
from tasks.listing import archive, choices, counts
from tasks.making.offers import Offers
from tasks.models import ChangeCounter, Copy, Task
from tasks.models.task_queries import TaskQuerySet
from tasks.showing import Showing
from tasks.showing.batches import Progress
from tasks.showing.copies import CopyShown


@login_not_required  # a redirect to the sign-in page would be swapped into the page
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """204 while nothing has changed anywhere: one query beyond the session's and the user's."""
    if not request.user.is_authenticated:
        return HttpResponseClientRefresh()
    seen = ChangeCounter.objects.now()
    # A page's address begins with it; reading the rest would be half the work of this answer.
    if request.META["QUERY_STRING"].partition("&")[0] == f"after={seen}":
        return HttpResponse(status=204)
    feed, now = Feed.read(request.GET), timezone.now()
    answers = {"task": _task_news, "batch": _batch_news, "archive": _archive_news}
    return answers.get(feed.page, _list_news)(request, feed, seen, now)


def _list_news(request: HttpRequest, feed: Feed, seen: int, now: datetime) -> HttpResponse:
    visible = Task.objects.visible_to(request.user)
    rows = visible.for_list().filter(pk__in=feed.on)
    shown = [Showing(task, now, feed.all_sources) for task in rows]
    changed = _changed(shown, feed)
    tasks = feed.filters.narrow(visible, request.user)
    newest = counts.newest_id()
    tally = counts.within(feed.filters, tasks, user=request.user, newest=newest)
    statuses = choices.statuses(feed.filters, tally)
    context = {
        "now": now,
        "changed": changed,
        "screens": _with_another_screen(changed, feed),
        "gone": feed.on.keys() - {each.task.pk for each in shown},
        "said": _finished(changed, feed),
        "new": _new(tasks, feed),
        "filters": feed.filters,
        "statuses": statuses if tally_of(statuses) != feed.tally else None,
        "feed": _next(feed, shown, seen=seen, tally=tally_of(statuses)),
    }
    return render(request, "tasks/_list_news.html", context)


def _task_news(request: HttpRequest, feed: Feed, seen: int, now: datetime) -> HttpResponse:
    visible = Task.objects.visible_to(request.user)
    rows = visible.for_page().filter(pk__in=list(feed.on)[:1])
    shown = [Showing(task, now, feed.all_sources) for task in rows]
    if feed.on and not shown:
        return HttpResponseClientRefresh()  # it was deleted, or is not theirs any more
    changed = _changed(shown, feed)
    screens = _with_another_screen(changed, feed)
    if any(each.screen == "elsewhere" and each.task.pk in screens for each in changed):
        return HttpResponseClientRefresh()  # only a fresh page brings a policy for this host
    kin = _kin(visible, feed, now)
    context = {
        "now": now,
        "changed": changed,
        "screens": screens,
        "offers": Offers(changed[0]) if changed else None,
        "kin": _changed(kin, feed),
        "may_work": SimpleLazyObject(lambda: _may_work(request, feed)),
        "said": prose(*(said(each, feed) for each in changed for said in (_became, _saved))),
        "feed": _next(feed, [*shown, *kin], seen=seen),
    }
    return render(request, "tasks/_task_news.html", context)


def _kin(visible: TaskQuerySet, feed: Feed, now: datetime) -> list[Showing]:
    """Those that the page shows beside its own task."""
    on = list(feed.on)[1:]
    rows = list(visible.for_list().filter(pk__in=on)) if on else []
    return [Showing(task, now, feed.all_sources) for task in rows]


def _may_work(request: HttpRequest, feed: Feed) -> bool:
    return Task.objects.workable_by(request.user).filter(pk__in=list(feed.on)[:1]).exists()


def _batch_news(request: HttpRequest, feed: Feed, seen: int, now: datetime) -> HttpResponse:
    takes = feed.filters.narrow(Task.objects.visible_to(request.user), request.user)
    rows = takes.for_list().filter(pk__in=feed.on)
    shown = [Showing(task, now, feed.all_sources) for task in rows]
    changed = _changed(shown, feed)
    progress = Progress.of(takes)
    context = {
        "now": now,
        "changed": changed,
        "screens": _with_another_screen(changed, feed),
        "gone": feed.on.keys() - {each.task.pk for each in shown},
        "said": _finished(changed, feed),
        "progress": progress if progress.mark != feed.tally else None,
        "feed": _next(feed, shown, seen=seen, tally=progress.mark),
    }
    return render(request, "batches/_news.html", context)


def _archive_news(request: HttpRequest, feed: Feed, seen: int, now: datetime) -> HttpResponse:
    rows = archive.for_list(Copy.objects.visible_to(request.user).filter(pk__in=feed.on))
    shown = [CopyShown(copy, now) for copy in rows]
    on = {each.copy.pk: Mark.of_copy(each) for each in shown}
    changed = [e for e in shown if feed.is_news(e.copy.pk, e.copy.task.change, on[e.copy.pk])]
    gone = feed.on.keys() - on.keys()
    context = {
        "now": now,
        "changed": changed,
        "gone": gone,
        "summary": archive.Summary.read(request.user, now) if changed or gone else None,
        "feed": replace(feed, on=on, seen=seen),
    }
    return render(request, "archive/_news.html", context)


def _changed(shown: list[Showing], feed: Feed) -> list[Showing]:
    return [e for e in shown if feed.is_news(e.task.pk, e.task.change, Mark.of(e))]


def _next(feed: Feed, shown: list[Showing], **more: Any) -> Feed:
    """What the page will have told us when it asks again."""
    return replace(feed, on={each.task.pk: Mark.of(each) for each in shown}, **more)


def _with_another_screen(changed: list[Showing], feed: Feed) -> set[int]:
    """A player that is already there stays: it may be playing."""
    return {each.task.pk for each in changed if feed.on[each.task.pk].screen != each.screen_mark}


def _new(tasks: TaskQuerySet, feed: Feed) -> counts.Count | None:
    if feed.newest is None:
        return None
    return counts.of_new(feed.filters.of_status(tasks), newest=feed.newest)


def _finished(changed: list[Showing], feed: Feed) -> str:
    number = sum(feed.on[e.task.pk].is_live and not e.task.is_live for e in changed)
    said = ngettext("%(number)s task finished", "%(number)s tasks finished", number)
    return said % {"number": number} if number else ""


def _became(shown: Showing, feed: Feed) -> str:
    if not feed.on[shown.task.pk].is_live or shown.task.is_live:
        return ""
    return _("This task is now: %(status)s.") % {"status": shown.task.get_status_display()}


def _saved(shown: Showing, feed: Feed) -> str:
    was_saved = feed.on[shown.task.pk].copy in "su"
    return _("The video is saved.") if shown.is_saved and not was_saved else ""
