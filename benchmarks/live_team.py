"""A team's open pages at 0, 1 and 10 changes a second: cost and duration of their questions.

500 pages of 20 people in 5 projects: lists with and without filters, tasks, batches, archives.
"""

from __future__ import annotations

import html
import json
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from benchmarks import accounts
from benchmarks.browsers import NEXT
from benchmarks.figures import Figure, p95
from benchmarks.processes import cpu_seconds, free_port, module, running
from tasks.management.supervision import manage
from tasks.models import Batch, Copy, Credential, Project, Submission, Task
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.status import Status
from tasks.web.live_feed import QUICK

HEADER = 15.0  # seconds between a page's questions for the header
CLICK = 1.0  # seconds between two pages that somebody opens meanwhile
HEADER_ADDRESS = re.compile(rb'id="header-status".*?hx-get="([^"]+)"', re.DOTALL)
LONGEST = {1: 1.0, 10: 2.0}  # seconds, p95, by changes a second
MOST_CPU = {1: 0.60}
LATEST = 3.0  # seconds, median, until the page of a task that has changed shows it
PROMPT = "A quiet harbour before sunrise, gulls, slow push-in, 35 mm"
MODEL = "doubao-seedance-2-0-260128"
#: The pages of a person: an address and how many of them are open, out of 25.
PAGES = {
    "/": 10,
    "/?status=running": 5,
    "/?status=failed": 2,
    "/tasks/{task}/": 5,
    "/batches/{batch}/": 2,
    "/archive/": 1,
}


@dataclass(frozen=True)
class Size:
    seconds: float = 30.0
    rates: tuple[int, ...] = (0, 1, 10)  # changes a second
    people: int = 20  # the last one is staff and sees everything
    projects: int = 5
    tasks: int = 200  # of a project
    live: int = 40  # of them
    pages: int = 25  # of a person
    settling: float = 8.0  # the sweep's first answers are news


SMALL = Size(
    seconds=2.0, rates=(0, 10), people=3, projects=2, tasks=10, live=4, pages=6, settling=0
)


@dataclass(frozen=True)
class Load:
    """The answers to the pages during a time with so many changes a second."""

    rate: int
    share: float  # of a core, used by the web server's processes
    seconds: list[float]  # of the answers of the live feed
    unchanged: float  # share of 204s
    asked: int  # questions, those for the header included
    lasted: float
    delays: list[float]  # seconds from a change to the page of its task
    clicks: list[float]  # seconds until a page that somebody opens is there

    @property
    def milliseconds(self) -> float:
        """Processor time of a question."""
        return self.share * self.lasted * 1000 / max(1, self.asked)


def measure(size: Size = Size()) -> Iterator[Figure]:
    port, provider_port = free_port(), free_port()
    team = Team(size, f"http://127.0.0.1:{provider_port}")
    with ExitStack() as stack:
        stack.enter_context(
            running(
                "provider",
                module(
                    "benchmarks.fast_provider", "--port", provider_port, "--changed", 0,
                    "--latency", 0.1,
                ),
                port=provider_port,
            )
        )  # fmt: skip
        web = stack.enter_context(
            running("web", manage("web", "--unsupervised", "--port", port), port=port)
        )
        stack.enter_context(running("work", manage("work")))
        time.sleep(size.settling)
        quiet = None
        for rate in size.rates:
            load = _load(team, f"http://127.0.0.1:{port}", web.group, rate, size)
            quiet = quiet or load
            yield from _figures(load, quiet, size)


class Team:
    """Projects with tasks, and people with open pages."""

    def __init__(self, size: Size, provider_url: str) -> None:
        account = accounts.credential(
            "gateway", "native", provider_url, requests_per_second=100, open_to_all=True
        )
        self._size = size
        self.live: list[Task] = []
        self.projects = [Project.objects.get()]
        for number in range(1, size.projects):
            self.projects.append(Project.objects.create(name=f"Project {number}"))
        for project in self.projects:
            self._fill(project, account)
        self.people = [self._person(number) for number in range(size.people)]

    def _person(self, number: int) -> tuple[Project, User]:
        project = self.projects[number % len(self.projects)]
        if number == self._size.people - 1:
            return project, accounts.person(f"person-{number}", is_staff=True)
        return project, accounts.person(f"person-{number}", [project])

    def _fill(self, project: Project, account: Credential) -> None:
        """Tasks of which some are live and the others saved, those of a batch among them."""
        now, size = timezone.now(), self._size
        tasks = Task.objects.track(
            [f"cgt-20261120120000-{project.pk:03}{n:06}" for n in range(size.tasks)],
            credential=account,
            project=project,
            created_by=None,
            now=now,
        )
        for number, task in enumerate(tasks):
            task.prompt, task.model, task.resolution, task.duration = PROMPT, MODEL, "1080p", 5
            task.status = Status.SUCCEEDED
            if number % (size.tasks // size.live) == 0:
                task.status = Status.RUNNING
                self.live.append(task)
            else:
                task.ended_at, task.check_after = now, None
        fields = ["prompt", "model", "resolution", "duration", "status", "ended_at", "check_after"]
        Task.objects.bulk_update(tasks, fields, batch_size=100)
        ended = [task for task in tasks if task.status == Status.SUCCEEDED]
        Copy.objects.bulk_create(
            Copy(task=task, kind="video", state="saved", size=1, created_at=now, previewed_at=now)
            for task in ended
        )
        request = GenerationRequest(model=MODEL, prompt=PROMPT).to_json()
        batch = Batch.objects.create(
            project=project, credential=account, created_at=now, takes=len(tasks[-8:])
        )
        Submission.objects.bulk_create(
            Submission(task=task, batch=batch, take=take, state="created", request=request)
            for take, task in enumerate(tasks[-8:], start=1)
        )

    def open_pages(self, url: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The (cookie, address) of the questions of all pages, and of those for their headers.

        A page that somebody has in several tabs is opened once.
        """
        live, headers = [], []
        for project, user in self.people:
            cookie = accounts.session_cookie(user)
            for path, tabs in self._tabs(project).items():
                page = httpx.get(url + path, headers={"Cookie": cookie}, timeout=60)
                feed = NEXT.search(page.raise_for_status().content)
                header = HEADER_ADDRESS.search(page.content)
                assert feed and header, f"{path} does not ask"
                live += [(cookie, html.unescape(feed[1].decode()))] * tabs
                headers += [(cookie, html.unescape(header[1].decode()))] * tabs
        return live, headers

    def _tabs(self, project: Project) -> Counter[str]:
        """The addresses that a person has open, each with its number of tabs."""
        batch = Batch.objects.filter(project=project).latest("pk")
        own = [task.pk for task in self.live if task.project_id == project.pk]
        two = random.sample(own, 2)
        paths = [path for path, number in PAGES.items() for _ in range(number)]
        chosen = random.sample(paths, self._size.pages)
        return Counter(path.format(task=random.choice(two), batch=batch.pk) for path in chosen)

    def click(self) -> tuple[str, str]:
        """The (cookie, address) of a task's page that somebody opens."""
        project, user = self.people[0]
        task = next(each for each in self.live if each.project_id == project.pk)
        return accounts.session_cookie(user), f"/tasks/{task.pk}/"

    def change(self) -> tuple[str, float]:
        """Change a live task as a sweep does; its id, and when the change was there."""
        task = random.choice(self.live)
        status = random.choice((Status.RUNNING, Status.RUNNING, Status.QUEUED))
        with transaction.atomic():
            rows = Task.objects.filter(pk=task.pk)
            rows.mark_changed()
            rows.update(status=status, progress=random.randint(0, 99))
        return task.remote_id, time.time()


def _load(team: Team, url: str, group: int, rate: int, size: Size) -> Load:
    live, headers = team.open_pages(url)
    folder = Path(settings.DATA_DIR)
    plan, notes = folder / "plan.json", folder / "notes.json"
    content = {
        "url": url,
        "pages": {"live": live, "header": headers, "click": [team.click()]},
        "every": {"live": QUICK, "header": HEADER, "click": CLICK},
        "seconds": size.seconds,
        "notes": str(notes),
    }
    plan.write_text(json.dumps(content))
    before, began = cpu_seconds(group), time.monotonic()
    changes = []
    with subprocess.Popen(module("benchmarks.team_browsers", plan)) as browsers:
        due = time.monotonic()
        while browsers.poll() is None:
            if rate and time.monotonic() >= due:
                changes.append(team.change())
                due += 1 / rate
            time.sleep(0.01)
    assert browsers.returncode == 0, "the browsers failed"
    lasted = time.monotonic() - began
    share = (cpu_seconds(group) - before) / lasted
    told = json.loads(notes.read_text())
    answers = told["live"]
    return Load(
        rate=rate,
        share=share,
        seconds=[answered - sent for _, sent, answered, _, _ in answers],
        unchanged=sum(status == 204 for _, _, _, status, _ in answers) / max(1, len(answers)),
        asked=sum(map(len, told.values())),
        lasted=lasted,
        delays=_delays(team, live, answers, changes),
        clicks=[answered - sent for _, sent, answered, _, _ in told["click"]],
    )


def _delays(
    team: Team,
    live: list[tuple[str, str]],
    answers: list[tuple[int, float, float, int, list[str]]],
    changes: list[tuple[str, float]],
) -> list[float]:
    """Seconds from each change to the answer by which a page of that task shows it."""
    names = {task.pk: task.remote_id for task in team.live}
    pages = {}
    for number, (_cookie, address) in enumerate(live):
        if found := re.search(r"page=task&on=(\d+)", address):
            pages[number] = names[int(found[1])]
    told: dict[int, list[float]] = {number: [] for number in pages}
    for number, _sent, answered, _status, tasks in answers:
        if number in pages and pages[number] in tasks:
            told[number].append(answered)
    return [
        min(later) - at
        for name, at in changes
        for number in pages
        if pages[number] == name and (later := [each for each in told[number] if each > at])
    ]


def _figures(load: Load, quiet: Load, size: Size) -> Iterator[Figure]:
    pages = size.people * size.pages
    which = f"{pages} pages of {size.people} people in {size.projects} projects, "
    which += f"{load.rate} changes a second"
    found, longest = p95(load.seconds), LONGEST.get(load.rate)
    yield Figure(
        name=f"live answer, p95, {which} ({load.unchanged:.0%} unchanged)",
        measured=f"{found * 1000:.0f} ms (median {median(load.seconds) * 1000:.0f})",
        baseline=f"without changes: {p95(quiet.seconds) * 1000:.0f} ms",
        ratio=found / p95(quiet.seconds),
        goal=f"< {longest:.0f} s" if longest else "",
        met=found < longest if longest else None,
    )
    most = MOST_CPU.get(load.rate)
    yield Figure(
        name=f"web's share of a core, {which}",
        measured=f"{load.share:.0%}, {load.milliseconds:.2f} ms a question",
        baseline=f"without changes: {quiet.share:.0%}, {quiet.milliseconds:.2f} ms",
        ratio=load.share / max(quiet.share, 0.001),
        goal=f"≤ {most:.0%}" if most else "",
        met=load.share <= most if most else None,
    )
    yield Figure(
        name=f"a task's page opened meanwhile, p95, {which}",
        measured=f"{p95(load.clicks) * 1000:.0f} ms (median {median(load.clicks) * 1000:.0f})",
        baseline=f"without changes: {p95(quiet.clicks) * 1000:.0f} ms",
        ratio=p95(load.clicks) / p95(quiet.clicks),
    )
    if load.delays:
        yield Figure(
            name=f"change to the page of its task, median of {len(load.delays)}, {which}",
            measured=f"{median(load.delays):.2f} s (p95 {p95(load.delays):.2f} s)",
            baseline=f"half a feed period: {QUICK / 2:.2f} s",
            ratio=median(load.delays) / (QUICK / 2),
            goal=f"< {LATEST:.0f} s",
            met=median(load.delays) < LATEST,
        )
