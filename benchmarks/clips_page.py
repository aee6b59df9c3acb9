"""Core milliseconds of the web server for a page of saved clips, as a wall and as a list."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from django.test import Client
from django.utils import timezone

from benchmarks.figures import Figure
from tasks.models import Copy, CopyKind, CopyState, Task
from tasks.providers.status import Status
from tasks.web.lists.paging import ROWS
from tasks.web.presenters import rows

MOST_CORE_MS = 20
VIEWS = ("grid", "list")


@dataclass
class ClipTimes:
    """Core milliseconds of a page: once somebody has seen its rows, and before."""

    known: list[float] = field(default_factory=list)
    new: list[float] = field(default_factory=list)
    clips: int = 0

    def __str__(self) -> str:
        return f"{median(self.known):.1f} ms; {median(self.new):.1f} ms with rows that are all new"


def measure(browser: Client, looks: int) -> ClipTimes:
    """Give the newest tasks saved clips, and look at them so many times in each layout."""
    _save_the_newest()
    times = ClipTimes()
    for view in VIEWS:
        for _look in range(looks):
            rows.forget()
            times.new.append(_core_ms(browser, view, times))
            times.known.append(_core_ms(browser, view, times))
    return times


def _core_ms(browser: Client, view: str, times: ClipTimes) -> float:
    began = time.process_time()
    response = browser.get(f"/?view={view}")
    spent = (time.process_time() - began) * 1000
    times.clips = response.content.count(b"data-clip=")
    return spent


def _save_the_newest() -> None:
    newest = list(Task.objects.order_by("-id").values_list("pk", flat=True)[:ROWS])
    done = {"status": Status.SUCCEEDED, "check_after": None, "total_tokens": 108_900}
    Task.objects.filter(pk__in=newest).update(**done)
    Copy.objects.bulk_create(_copies(newest))


def _copies(tasks: list[int]) -> Iterator[Copy]:
    now = timezone.now()
    for pk in tasks:
        yield Copy(
            task_id=pk,
            kind=CopyKind.VIDEO,
            state=CopyState.SAVED,
            name=f"{pk}/video.mp4",
            poster=f"{pk}/poster.webp",
            size=8_000_000,
            sha256="5" * 64,
            width=1920,
            height=1080,
            duration=5.04,
            video_codec="h264",
            created_at=now,
            saved_at=now,
        )


def figure(few: ClipTimes, many: ClipTimes, *, few_tasks: int, many_tasks: int) -> Figure:
    """The row of both sizes; the goal is for a page whose rows somebody has seen before."""
    now, before = median(many.known), median(few.known)
    return Figure(
        name=f"wall or list of {many.clips} clips, core ms, median, {many_tasks:,} tasks",
        measured=str(many),
        baseline=f"{few_tasks:,} tasks, {few.clips} clips: {few}",
        ratio=now / before,
        goal=f"≤ {MOST_CORE_MS} ms",
        met=now <= MOST_CORE_MS,
    )
