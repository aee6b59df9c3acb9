"""The copies that an address of the archive asks for, counted and paged within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from tasks.models import Copy, CopyState, Project, StorageUse, Task
from tasks.models.access import Rights, alarming_copies, visible_copies
from tasks.models.copy import CopyQuerySet, risky
from tasks.web.lists.counts import CAP, CappedCount
from tasks.web.lists.paging import key_of, read_key, task_page
from tasks.web.lists.previews import PreviewProgress
from tasks.web.presenters.badges import Badge
from tasks.web.presenters.files import (
    AT_RISK,
    GONE,
    MISSING,
    SAVED,
    SAVING,
    STATE_BADGES,
    WAITING,
)
from tasks.web.presenters.header_status import WINDOW

ROWS = 50
PROJECTS = 30  # projects whose use of the storage is listed; the total is over all
LOST = "lost"  # missing or changed, also while it is fetched again
ALARMS = (AT_RISK, LOST)  # only for who sees details
STATES = (AT_RISK, SAVING, WAITING, SAVED, GONE, LOST)
BADGES = STATE_BADGES | {LOST: (STATE_BADGES[MISSING][0], gettext_lazy("Missing or changed"))}
_HEAVY = ("raw", "search_text", "revised_prompt")


@dataclass(frozen=True)
class CopyPage:
    """A page of copies; `next` is the ?after= of the page that follows, "" on the last one."""

    copies: list[Copy]
    is_first: bool
    next: str


def states_for(user: Any) -> tuple[str, ...]:
    """The states that this person's page can be narrowed to."""
    is_told = Rights.of(user).sees_details
    return tuple(state for state in STATES if is_told or state not in ALARMS)


def copy_page(user: Any, state: str, query: QueryDict, now: datetime) -> CopyPage:
    """The queue, the next end of a link on top; saved or gone copies, the newest on top."""
    if state == SAVED:
        return _saved_page(user, query)
    wanted = _of_state(Copy.objects.visible_to(user), state, risky(now) & alarming_copies(user))
    after = query.get("after", "")
    beyond = _beyond(after, newest_first=state in (GONE, LOST))
    ids = list(
        (wanted.filter(beyond) if beyond else wanted).values_list("pk", flat=True)[: ROWS + 1]
    )
    order = {pk: number for number, pk in enumerate(ids[:ROWS])}
    shown = _with_pictures(Copy.objects.filter(pk__in=order), user)
    rows = sorted(shown, key=lambda copy: order[copy.pk])
    more = len(ids) > ROWS
    return CopyPage(rows, not beyond, key_of(rows[-1].link_ends_at, rows[-1].pk) if more else "")


def _saved_page(user: Any, query: QueryDict) -> CopyPage:
    """A page of saved copies, read by way of the newest tasks, whose indexes know projects.

    Nearly all copies are saved ones: those of a small old project would be searched for among all.
    """
    saved = Copy.objects.saved().kept()
    tasks = Task.objects.visible_to(user).filter(Exists(saved.filter(task=OuterRef("pk"))))
    projects = Project.objects.ids_that_limit(user)
    page = task_page(
        tasks,
        QueryDict(urlencode({"before": query.get("after", "")})),
        reader=user,
        projects=projects,
    )
    rows = _with_pictures(saved.filter(task__in=page.tasks), user).order_by("-task_id", "-kind")
    return CopyPage(list(rows), page.is_first, str(page.older or ""))


def _with_pictures(copies: CopyQuerySet, user: Any) -> CopyQuerySet:
    """The rows of a page, and the copies that their tasks' pictures are of: one query more."""
    return for_list(copies, user).prefetch_related("task__copies")


def for_list(copies: CopyQuerySet, user: Any) -> CopyQuerySet:
    """The copies with all that a row shows, and `may_work`: whether the user works on its task."""
    light = copies.with_details_for(user).defer(*(f"task__{name}" for name in _HEAVY))
    rows = light.select_related("task__project", "task__credential")
    return rows.annotate(may_work=Q(task__project__in=Project.objects.usable_by(user)))


def _of_state(copies: CopyQuerySet, state: str, at_risk: Q) -> CopyQuerySet:
    if state == GONE:
        return copies.gone()
    if state == LOST:
        return copies.damaged().order_by("-id")
    conditions = {
        AT_RISK: at_risk,
        SAVING: Q(state=CopyState.SAVING),
        WAITING: Q(state=CopyState.WAITING) & ~at_risk,
    }
    return copies.unsaved().filter(conditions.get(state, Q()))


def _beyond(key: str, *, newest_first: bool) -> Q | None:
    """The condition for the rows after that of the key; None where the key cannot be read."""
    at, pk = read_key(key)
    if pk is None:
        return None
    if newest_first:
        return Q(pk__lt=pk)
    never = Q(link_ends_at=None)
    if at is None:
        return never & Q(pk__gt=pk)
    return Q(link_ends_at__gt=at) | Q(link_ends_at=at, pk__gt=pk) | never


@dataclass(frozen=True)
class StateChoice:
    """A state that the page can be narrowed to."""

    state: str
    word: str
    badge: Badge
    count: CappedCount


@dataclass(frozen=True)
class Summary:
    """The number of copies in each state, and the bytes of the saved ones."""

    choices: list[StateChoice]
    unsaved: CappedCount
    files: int
    bytes: int
    projects: list[StorageUse]
    previews: PreviewProgress | None

    @classmethod
    def read(cls, user: Any, now: datetime) -> Summary:
        """The summary for this person. Five queries; one more for managers, and for all but staff.

        Nothing is at risk or lost in the eyes of somebody who sees no details.
        """
        numbers, unsaved = _counts(user, now)
        use = StorageUse.objects.visible_to(user).filter(files__gt=0)
        total = use.aggregate(files=Sum("files"), bytes=Sum("bytes"))
        numbers[SAVED] = _up_to_cap(total["files"] or 0)
        largest = use.select_related("project").order_by("-bytes", "project")
        return cls(
            choices=[
                StateChoice(state, str(BADGES[state][1]), BADGES[state][0], numbers[state])
                for state in states_for(user)
            ],
            unsaved=unsaved,
            files=total["files"] or 0,
            bytes=total["bytes"] or 0,
            projects=list(largest[:PROJECTS]),
            previews=PreviewProgress.read(user),
        )


def _counts(user: Any, now: datetime) -> tuple[dict[str, CappedCount], CappedCount]:
    """Counts among the copies whose links end first, and of gone and lost ones up to a cap."""
    theirs, saving = visible_copies(user), Q(state=CopyState.SAVING)
    at_risk = risky(now) & alarming_copies(user)
    waiting = Q(state=CopyState.WAITING) & ~at_risk
    nearest = Copy.objects.unsaved().values("pk")[:WINDOW]
    counted = (
        Copy.objects.filter(pk__in=nearest)
        .order_by()
        .aggregate(
            in_window=Count("pk"),
            unsaved=Count("pk", filter=theirs),
            at_risk=Count("pk", filter=at_risk),
            saving=Count("pk", filter=theirs & saving),
            waiting=Count("pk", filter=theirs & waiting),
        )
    )
    is_cut = counted["in_window"] == WINDOW
    numbers = {name: CappedCount(counted[name], is_cut) for name in (AT_RISK, SAVING, WAITING)}
    for state, copies in ((GONE, Copy.objects.gone()), (LOST, Copy.objects.damaged())):
        numbers[state] = _up_to_cap(copies.filter(theirs).order_by()[: CAP + 1].count())
    return numbers, CappedCount(counted["unsaved"], is_cut)


def _up_to_cap(number: int) -> CappedCount:
    return CappedCount(min(number, CAP), number > CAP)
