"""The archive's page: which copies an address asks for, counted and paged within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.http import QueryDict

from tasks.listing.counts import CAP
from tasks.listing.counts import Count as Number
from tasks.listing.paging import page_of as newest
from tasks.models import Copy, CopyState, Project, StorageUse, Task
from tasks.models.copy import CopyQuerySet, risky
from tasks.showing import copies
from tasks.showing.looks import Look
from tasks.showing.pulse import WINDOW, visible_copies

ROWS = 50
PROJECTS = 30  # whose use of the storage is listed; the total is of all
AT_RISK, SAVING, WAITING = copies.AT_RISK, copies.SAVING, copies.WAITING
SAVED, GONE = copies.SAVED, copies.GONE
STATES = (AT_RISK, SAVING, WAITING, SAVED, GONE)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_HEAVY = ("raw", "search_text", "revised_prompt")


@dataclass(frozen=True)
class Page:
    """`next` is the ?after= of the page that follows, "" on the last one."""

    copies: list[Copy]
    is_first: bool
    next: str


def page_of(user: Any, state: str, query: QueryDict, now: datetime) -> Page:
    """The queue, whose link ends first on top; what is saved or gone, the newest on top."""
    if state == SAVED:
        return _saved_page(user, query)
    wanted = _of_state(Copy.objects.visible_to(user), state, now)
    after = query.get("after", "")
    place = _beyond(after, gone=state == GONE)
    found = list(
        (wanted.filter(place) if place else wanted).values_list("pk", flat=True)[: ROWS + 1]
    )
    order = {pk: number for number, pk in enumerate(found[:ROWS])}
    rows = sorted(for_list(Copy.objects.filter(pk__in=order)), key=lambda copy: order[copy.pk])
    return Page(rows, not place, _key(rows[-1]) if len(found) > ROWS else "")


def _saved_page(user: Any, query: QueryDict) -> Page:
    """By the newest tasks, whose indexes know projects: nearly all copies are saved ones, and a
    small old project's would be looked for among all of them.
    """
    saved = Copy.objects.saved().kept()
    tasks = Task.objects.visible_to(user).filter(Exists(saved.filter(task=OuterRef("pk"))))
    projects = () if user.is_staff else Project.objects.ids_visible_to(user)
    found = newest(
        tasks, QueryDict(urlencode({"before": query.get("after", "")})), projects=projects
    )
    rows = for_list(saved.filter(task__in=found.tasks)).order_by("-task_id", "-kind")
    return Page(list(rows), found.is_first, str(found.older or ""))


def for_list(found: CopyQuerySet) -> CopyQuerySet:
    """With all that a row shows."""
    light = found.defer(*(f"task__{name}" for name in _HEAVY))
    return light.select_related("task__project", "task__credential")


def _of_state(found: CopyQuerySet, state: str, now: datetime) -> CopyQuerySet:
    if state == GONE:
        return found.gone()
    narrowed = {
        AT_RISK: risky(now),
        SAVING: Q(state=CopyState.SAVING),
        WAITING: Q(state=CopyState.WAITING) & ~risky(now),
    }
    return found.unsaved().filter(narrowed.get(state, Q()))


def _key(copy: Copy) -> str:
    """Where a row stands in the queue: its link's end in µs, and its id."""
    if copy.link_ends_at is None:
        return f"-.{copy.pk}"
    return f"{(copy.link_ends_at - _BEGINNING) // timedelta(microseconds=1)}.{copy.pk}"


def _beyond(key: str, *, gone: bool) -> Q | None:
    """The rows after that one; None where the key says nothing."""
    ends, _dot, pk = key.partition(".")
    if not _is_number(pk) or not (ends == "-" or _is_number(ends)):
        return None
    if gone:
        return Q(pk__lt=int(pk))
    never = Q(link_ends_at=None)
    if ends == "-":
        return never & Q(pk__gt=int(pk))
    at = _BEGINNING + timedelta(microseconds=int(ends))
    return Q(link_ends_at__gt=at) | Q(link_ends_at=at, pk__gt=int(pk)) | never


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


@dataclass(frozen=True)
class StateChoice:
    state: str
    word: str
    look: Look
    count: Number


@dataclass(frozen=True)
class Summary:
    """How many copies are in which state, and what the saved ones weigh."""

    choices: list[StateChoice]
    unsaved: Number
    files: int
    bytes: int
    projects: list[StorageUse]

    @classmethod
    def read(cls, user: Any, now: datetime) -> Summary:
        """Four queries; one more for who is not staff."""
        numbers, unsaved = _counts(user, now)
        use = StorageUse.objects.visible_to(user).filter(files__gt=0)
        total = use.aggregate(files=Sum("files"), bytes=Sum("bytes"))
        numbers[SAVED] = _up_to_cap(total["files"] or 0)
        largest = use.select_related("project").order_by("-bytes", "project")
        return cls(
            choices=[_choice(state, numbers[state]) for state in STATES],
            unsaved=unsaved,
            files=total["files"] or 0,
            bytes=total["bytes"] or 0,
            projects=list(largest[:PROJECTS]),
        )


def _choice(state: str, count: Number) -> StateChoice:
    look, word = copies.LOOKS[state]
    return StateChoice(state, str(word), look, count)


def _counts(user: Any, now: datetime) -> tuple[dict[str, Number], Number]:
    """Of the queue's nearest ends, and of what is gone up to a cap."""
    theirs, saving = visible_copies(user), Q(state=CopyState.SAVING)
    waiting = Q(state=CopyState.WAITING) & ~risky(now)
    nearest = Copy.objects.unsaved().values("pk")[:WINDOW]
    found = (
        Copy.objects.filter(pk__in=nearest)
        .order_by()
        .aggregate(
            looked_at=Count("pk"),
            unsaved=Count("pk", filter=theirs),
            at_risk=Count("pk", filter=theirs & risky(now)),
            saving=Count("pk", filter=theirs & saving),
            waiting=Count("pk", filter=theirs & waiting),
        )
    )
    is_cut = found["looked_at"] == WINDOW
    numbers = {name: Number(found[name], is_cut) for name in (AT_RISK, SAVING, WAITING)}
    gone = Copy.objects.gone().filter(theirs).order_by()[: CAP + 1].count()
    return numbers | {GONE: _up_to_cap(gone)}, Number(found["unsaved"], is_cut)


def _up_to_cap(number: int) -> Number:
    return Number(min(number, CAP), number > CAP)
