"""Weight and speed of pages in a real Chromium, on a slow phone and a desk.

The baseline is a page with the same style sheet and one line, loaded in turns with ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from statistics import mean, median

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone
from playwright.sync_api import Browser

from benchmarks import accounts
from benchmarks.chromium import (
    DESK,
    PHONE,
    Seen,
    Weight,
    chromium,
    click,
    look,
    processor_time,
    slow_down,
    tab,
    visit,
)
from benchmarks.figures import Figure
from benchmarks.processes import free_port, running
from tasks.management.supervision import manage
from tasks.media import posters
from tasks.models import Copy, Credential, Project, Task
from tasks.providers.status import Status
from tasks.web.lists.paging import ROWS

COLD, WARM, SHEET_MOST = 250_000, 40_000, 30_000  # bytes
PAINTED, USABLE, LONGEST, OPENED = 1_800, 2_500, 200, 150  # ms
SHIFT = 0.02
SHEET = "/benchmarks/sheet/"
TILE = ".take .clip"
HELD = 80  # ms for which people hold the button of a mouse
#: Clips on a first page that are to come with posters in so many bytes; 50 rows are scaled up.
CLIPS_SHOWN, CLIPS_MOST = 60, 700_000
CLIPS = Path(__file__).parent.parent / "tasks" / "simulator" / "clips"
NAMES = ("aurora", "city", "dunes", "ink", "lanterns", "mist", "sea")
MODEL = "doubao-seedance-2-0-260128"
MAIN_PAGES = (
    "/?view=list", "/?view=grid", "/tasks/{task}/", "/tasks/new/", "/archive/", "/tasks/track/",
    "/budgets/", "/people/", "/credentials/", "/credentials/{credential}/", "/untracked/",
    "/trash/", "/audit/", "/settings/", "/account/", "/no-such-page",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    phones: int = 7  # visits of each page on the phone
    clicks: int = 25
    still: float = 2_500  # ms for which a page is watched for shifts, the live feed included
    pages: tuple[str, ...] = MAIN_PAGES


SMALL = Size(phones=1, clicks=1, still=100, pages=MAIN_PAGES[:3])


@dataclass(frozen=True)
class Site:
    """A running web server, a signed-in browser's cookie, and rows to look at."""

    url: str
    cookie: str
    task: Task

    def address(self, path: str) -> str:
        return self.url + path.format(task=self.task.pk, credential=self.task.credential_id)


def measure(size: Size = Size()) -> Iterator[Figure]:
    port = free_port()
    tasks = _tasks(accounts.credential("ark", "volcengine", "https://ark.example"))
    cookie = accounts.session_cookie(User.objects.create_superuser("somebody"))
    web = manage("web", "--port", port)
    with running("web", web, port=port), chromium() as browser:
        site = Site(f"http://127.0.0.1:{port}", cookie, tasks[-1])
        yield from _weights(browser, site)
        yield _processor(browser, site, size)
        yield from _on_a_phone(browser, site, size)
        yield _from_click_to_page(browser, site, size, held=HELD)
        yield _from_click_to_page(browser, site, size, held=0)
        yield _shifts(browser, site, size)


def _tasks(account: Credential) -> list[Task]:
    """Rows for more than a page: most saved, with posters; some that run, wait or have failed."""
    now = timezone.now()
    tasks = Task.objects.track(
        [f"cgt-20261120120000-{number:06}" for number in range(ROWS + 10)],
        credential=account,
        project=Project.objects.get(),
        created_by=None,
        now=now,
    )
    for number, task in enumerate(tasks):
        name = NAMES[number % len(NAMES)]
        task.prompt = f"{name.title()} at dusk, slow push-in, 35 mm, film grain, take {number}"
        task.model, task.resolution, task.ratio, task.duration = MODEL, "720p", "16:9", 5
        task.status = _status(number)
        task.created_at = task.running_at = now - timedelta(minutes=5 + len(tasks) - number)
        if task.status not in (Status.RUNNING, Status.QUEUED):
            task.ended_at, task.check_after = task.running_at + timedelta(seconds=60 + number), None
    fields = ["prompt", "model", "resolution", "ratio", "duration", "status", "created_at"]
    Task.objects.bulk_update(tasks, [*fields, "running_at", "ended_at", "check_after"])
    Copy.objects.bulk_create(_saved(task) for task in tasks if task.status == Status.SUCCEEDED)
    return [task for task in tasks if task.status == Status.SUCCEEDED]


def _status(number: int) -> Status:
    others = {1: Status.RUNNING, 4: Status.FAILED, 7: Status.QUEUED}
    return others.get(number % 10, Status.SUCCEEDED)


def _saved(task: Task) -> Copy:
    name = NAMES[task.pk % len(NAMES)]
    film, poster = (CLIPS / f"{name}.mp4").read_bytes(), _poster(name)
    put = storages["videos"].save
    return Copy(
        task=task,
        kind="video",
        state="saved",
        name=put(f"{task.pk}/video.mp4", ContentFile(film)),
        size=len(film),
        poster=put(f"{task.pk}/poster.webp", ContentFile(poster)),
        poster_size=len(poster),
        created_at=task.created_at,
        saved_at=task.ended_at,
    )


@cache
def _poster(name: str) -> bytes:
    """The clip's poster as the archive makes it."""
    made = posters.make(CLIPS / f"{name}.mp4")
    assert made, "PyAV is needed, which makes the posters"
    return made.poster


# Weight


def _weights(browser: Browser, site: Site) -> Iterator[Figure]:
    with tab(browser, DESK, site.cookie, site.url) as page:
        null = Weight(page).of(page, site.address(SHEET))
    with tab(browser, DESK, site.cookie, site.url) as page:
        weight = Weight(page)
        cold, warm = (weight.of(page, site.address("/")) for _ in range(2))
    sheet, known = cold["stylesheet"], f"a page of that style sheet: {_kb(null.total())}"
    yield _of_bytes(f"list of {ROWS}, cold, without pictures", cold, known, null.total(), COLD)
    told = f"cold: {_kb(cold.total())}"
    yield _of_bytes(f"list of {ROWS}, warm, without pictures", warm, told, cold.total(), WARM)
    whole = max(map(_size_of, Path(_static_folder()).glob("dailies.*.css")))
    plain = f"not compressed: {_kb(whole)}"
    sent = Counter(stylesheet=sheet)
    yield _of_bytes("style sheet, as it is sent", sent, plain, whole, SHEET_MOST)
    yield _of_posters(browser, site)


def _of_posters(browser: Browser, site: Site) -> Figure:
    """A cold wall with all its posters, as if it had CLIPS_SHOWN clips."""
    with tab(browser, DESK, site.cookie, site.url) as page:
        weight = Weight(page)
        parts = weight.of(page, site.address("/?view=grid&status=succeeded"))
        weight.rest(page)
        clips = page.locator(TILE).count()
    poster, rows = mean(weight.pictures), parts["document"] / clips
    whole = parts.total() - parts["document"] + CLIPS_SHOWN * (poster + rows)
    return Figure(
        name=f"wall of {CLIPS_SHOWN} clips, cold, with posters of {_kb(poster)} on average",
        measured=_kb(whole),
        baseline=f"{clips} clips, {len(weight.pictures)} posters: "
        f"{_kb(parts.total() + sum(weight.pictures))}",
        ratio=None,
        goal=f"< {CLIPS_MOST // 1000} kB",
        met=len(weight.pictures) >= clips and 0 < whole < CLIPS_MOST,
        exact=True,
    )


def _static_folder() -> str:
    return str(storages["staticfiles"].location)  # type: ignore[attr-defined]


def _size_of(path: Path) -> int:
    return path.stat().st_size


def _kb(number: float) -> str:
    return f"{number / 1000:.1f} kB"


def _of_bytes(name: str, found: Counter[str], baseline: str, base: int, most: int) -> Figure:
    parts = ", ".join(f"{kind} {_kb(size)}" for kind, size in found.most_common() if size)
    total = found.total()
    return Figure(
        name=f"{name} ({parts})",
        measured=_kb(total),
        baseline=baseline,
        ratio=total / base,
        goal=f"< {most // 1000} kB",
        met=0 < total < most,
        exact=True,
    )


# Time


def _processor(browser: Browser, site: Site, size: Size) -> Figure:
    """The cost of a visit to the browser, which moves little when other work is done beside it."""
    ours, null = (
        median(_needed(browser, site, path) for _ in range(size.phones)) for path in ("/", SHEET)
    )
    return Figure(
        name=f"list of {ROWS}, processor time of the page's thread, not slowed down",
        measured=f"{ours:,.0f} ms",
        baseline=f"a page of the style sheet: {null:,.0f} ms",
        ratio=ours / null,
    )


def _needed(browser: Browser, site: Site, path: str) -> float:
    with tab(browser, PHONE, site.cookie, site.url) as page:
        return processor_time(page, site.address(path))


def _on_a_phone(browser: Browser, site: Site, size: Size) -> Iterator[Figure]:
    """The first visit of a phone, on which nothing is cached."""
    pairs = [
        (_first_visit(browser, site, "/"), _first_visit(browser, site, SHEET))
        for _ in range(size.phones)
    ]
    yield _of_times("first paint", pairs, lambda seen: seen.painted, PAINTED)
    yield _of_times("usable: scripts run", pairs, lambda seen: seen.usable, USABLE)
    yield _of_times("all loaded, pictures included", pairs, lambda seen: seen.loaded)
    yield _of_times("longest task", pairs, lambda seen: seen.longest, LONGEST)


def _first_visit(browser: Browser, site: Site, path: str) -> Seen:
    with tab(browser, PHONE, site.cookie, site.url) as page:
        slow_down(page)
        seen = visit(page, site.address(path))
        if path != SHEET:
            with page.expect_request("**/live/**"):  # the page can ask for news
                page.evaluate("htmx.trigger('#live', 'wake')")
        return seen


def _of_times(
    what: str, pairs: list[tuple[Seen, Seen]], read: Callable[[Seen], float], most: int = 0
) -> Figure:
    ours, null = (median(read(pair[which]) for pair in pairs) for which in (0, 1))
    worst = max(read(seen) for seen, _ in pairs)
    return Figure(
        name=f"list of {ROWS} on a slow phone, {what}, median of {len(pairs)}",
        measured=f"{ours:,.0f} ms (slowest {worst:,.0f})",
        baseline=f"a page of the style sheet: {null:,.0f} ms",
        ratio=ours / null if null else None,
        goal=f"< {most:,} ms" if most else "",
        met=ours < most if most else None,
    )


def _from_click_to_page(browser: Browser, site: Site, size: Size, *, held: float) -> Figure:
    ours, null = [], []
    with tab(browser, DESK, site.cookie, site.url) as page:
        for number in range(size.clicks):
            visit(page, site.address("/?view=grid&status=succeeded"))
            ours.append(click(page, TILE, number, held=held).opened)
            visit(page, site.address(SHEET))
            null.append(click(page, "a", 0, held=held).opened)
    return Figure(
        name=f"desk, click on a tile (held {held} ms) to the painted page of the task, "
        f"median of {len(ours)}",
        measured=f"{median(ours):,.0f} ms (slowest {max(ours):,.0f})",
        baseline=f"to a page of the style sheet: {median(null):,.0f} ms",
        ratio=median(ours) / median(null),
        goal=f"< {OPENED} ms",
        met=median(ours) < OPENED,
    )


def _shifts(browser: Browser, site: Site, size: Size) -> Figure:
    found: dict[str, float] = {}
    for device, name in ((DESK, "desk"), (PHONE, "phone")):
        with tab(browser, device, site.cookie, site.url) as page:
            for path in size.pages:
                visit(page, site.address(path))
                page.wait_for_timeout(size.still)
                found[f"{path} on a {name}"] = look(page).shift
            visit(page, site.address(SHEET))
            null = look(page).shift
    worst = max(found, key=lambda each: found[each])
    return Figure(
        name=f"layout shift, the most of {len(found)} pages ({worst})",
        measured=f"{found[worst]:.4f}",
        baseline=f"a page of the style sheet: {null:.4f}",
        ratio=None,
        goal=f"< {SHIFT}",
        met=found[worst] < SHIFT,
    )
