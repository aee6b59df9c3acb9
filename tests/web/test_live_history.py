"""An open page after any history of changes shows what a page shows that is loaded anew."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.test.html import Element, parse_html

from tasks.models import Batch, Copy, Membership, Project, Submission, Task
from tasks.providers.status import ENDED, LIVE, Status
from tests.conftest import MakeTask, some_seconds_later
from tests.web.live_pages import FILM, poller

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
#: Elements of a page that the feed replaces, with what is in them.
REPLACED = re.compile(
    r"(t\d+-(words|status|kept|facts|screen|related)|c\d+-(state|save)|task-.*|raw)"
)
STATUSES = (Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED)


@pytest.fixture(autouse=True)
def a_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class OpenPage:
    """A page in a browser without one: its elements by id, and the swaps of the live feed."""

    def __init__(self, user: User, client: Client, path: str) -> None:
        self.user, self.client, self.path = user, client, path
        self.load()

    def load(self) -> None:
        response = self.client.get(self.path)
        self.is_there, self.question = response.status_code == 200, ""
        self.elements: dict[str, Element] = {}
        if self.is_there:
            self.question = poller(response)[0]
            self.elements = elements(response.content.decode())

    @property
    def rows(self) -> set[str]:
        return {name for name in self.elements if re.fullmatch(r"[tc]\d+", name)}

    def ask(self) -> bool:
        """Ask once and take the answer in; whether there was any news."""
        if not self.is_there:
            return False
        response = self.client.get(self.question, headers={"hx-request": "true"})
        if "HX-Refresh" in response.headers:
            self.load()
            return True
        if response.status_code == 204:
            return False
        self.question = poller(response)[0]
        for name, element in elements(response.content.decode()).items():
            self._swap(name, element)
        return True

    def _swap(self, name: str, element: Element) -> None:
        match dict(element.attributes).get("hx-swap-oob"):
            case "delete":
                for each in [n for n in self.elements if n == name or n.startswith(f"{name}-")]:
                    del self.elements[each]
            case "innerHTML":
                assert name in self.elements, f"{name} is not on {self.path}"
                self.elements[name].children = element.children
            case "true":
                assert name in self.elements, f"{name} is not on {self.path}"
                self.elements[name] = element


def elements(text: str) -> dict[str, Element]:
    """All elements with an id."""
    found = {}
    waiting = [parse_html(f"<div>{re.sub('<!doctype html>', '', text, flags=re.IGNORECASE)}</div>")]
    while waiting:
        element = waiting.pop()
        if name := dict(element.attributes).get("id"):
            found[str(name)] = element
        waiting += [child for child in element.children if isinstance(child, Element)]
    return found


def shown(element: Element) -> str:
    """The element as a person sees it: without the secrets of its forms, which are always new.

    A screen is replaced only by another one, so its frame keeps the colour of an earlier status.
    """
    text = re.sub(r' hx-swap-oob="[^"]*"', "", str(element))
    text = re.sub(r'(class="screen [^"]*)tone-\w+', r"\1", text)
    return re.sub(r'value="(\w{64}|[0-9a-f-]{36})"', "", text)


class Team:
    """Two projects, people who see one or both of them, and what can happen."""

    def __init__(self, chance: random.Random, make_task: MakeTask, client_of: Any) -> None:
        self.chance, self._make, self._client_of = chance, make_task, client_of
        self.projects = [Project.objects.get(), Project.objects.create(name="Other")]
        self.tasks = [self._create() for _ in range(6)]
        self.person = User.objects.create_user("person")
        self.both = User.objects.create_user("both")
        Membership.objects.create(user=self.person, project=self.projects[0])
        for project in self.projects:
            Membership.objects.create(user=self.both, project=project)
        self.staff = User.objects.create_superuser("staff")

    def pages(self) -> list[OpenPage]:
        first = self.tasks[0]
        batch = self._batch()
        paths = ["/", "/?status=failed", f"/?project={self.projects[0].pk}", "/archive/"]
        paths += [f"/tasks/{first.pk}/", f"/batches/{batch.pk}/"]
        people = [(user, self._client_of(user)) for user in (self.person, self.both, self.staff)]
        return [OpenPage(user, client, path) for user, client in people for path in paths]

    def step(self) -> None:
        events: list[Callable[[Task], object]] = [
            *[self._answer] * 4, self._copy, self._copy, self._trash, self._restore, self._move,
            self._purge, self._joins_or_leaves, lambda task: self.tasks.append(self._create()),
        ]  # fmt: skip
        with transaction.atomic():
            self.chance.choice(events)(self.chance.choice(self.tasks))

    def _create(self) -> Task:
        project = self.chance.choice(self.projects)
        task = self._make(project=project, status=self.chance.choice(STATUSES))
        self._copy(task)
        return task

    def _batch(self) -> Batch:
        same = [task for task in self.tasks if task.project_id == self.tasks[0].project_id]
        batch = Batch.objects.create(
            project=same[0].project, credential=same[0].credential, created_at=NOW, takes=len(same)
        )
        request = {"model": "seedance-2-0-260128", "prompt": "waves"}
        for take, task in enumerate(same, start=1):
            Submission.objects.create(task=task, batch=batch, take=take, request=request)
        return batch

    def _changed(self, task: Task, **fields: object) -> None:
        rows = Task.objects.filter(pk=task.pk)
        rows.mark_changed()
        rows.update(**fields)

    def _answer(self, task: Task) -> None:
        task.refresh_from_db()
        status = task.status if task.status in ENDED else self.chance.choice(STATUSES)
        ended_at = None if status in LIVE else NOW
        fields = {"status": status, "progress": self.chance.randrange(100), "ended_at": ended_at}
        video_url = FILM if status == Status.SUCCEEDED else ""
        self._changed(task, **fields, video_url=video_url, total_tokens=self.chance.randrange(9))

    def _copy(self, task: Task) -> None:
        rows = Copy.objects.filter(task=task)
        if not Task.objects.filter(pk=task.pk, status=Status.SUCCEEDED).exists():
            return
        if not rows.exists():
            Copy.objects.create(task=task, kind="video", url=FILM, created_at=NOW)
        self._changed(task)
        state = self.chance.choice(("waiting", "saving", "saved", "gone"))
        rows.update(state=state, bytes_done=self.chance.randrange(9), bytes_total=9, size=9)

    def _trash(self, task: Task) -> None:
        Task.objects.filter(pk=task.pk).move_to_trash(self.staff, NOW)

    def _restore(self, task: Task) -> None:
        Task.objects.filter(pk=task.pk).restore()

    def _move(self, task: Task) -> None:
        self._changed(task, project=self.chance.choice(self.projects))

    def _purge(self, task: Task) -> None:
        """Delete the row, as that of a create whose id a tracked task has."""
        if task is self.tasks[0] or hasattr(task, "submission"):
            return
        self.tasks.remove(task)
        Task.objects.filter(pk=self.tasks[0].pk).mark_changed()
        Task.objects.get(pk=task.pk).delete()

    def _joins_or_leaves(self, _task: Task) -> None:
        there = Membership.objects.filter(user=self.both, project=self.projects[1])
        if not there.delete()[0]:
            Membership.objects.create(user=self.both, project=self.projects[1])


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_an_open_page_shows_what_a_new_one_shows(
    client_of: Any, make_task: MakeTask, seed: int
) -> None:
    chance = random.Random(seed)
    team = Team(chance, make_task, client_of)
    pages = team.pages()
    for _ in range(25):
        team.step()
        for page in chance.sample(pages, 2):
            page.ask()
        if chance.random() < 0.3:
            some_seconds_later()
    for page in pages:
        settle(page)
        compare(page, OpenPage(page.user, page.client, page.path))


def settle(page: OpenPage) -> None:
    """Ask until there is no news: at most twice, where shared counts were a second old."""
    some_seconds_later()
    page.ask()
    some_seconds_later()
    page.ask()
    assert not page.ask(), f"{page.path} still has news"


def compare(page: OpenPage, anew: OpenPage) -> None:
    assert page.is_there == anew.is_there, page.path
    if page.path in ("/", "/?status=failed"):
        visible = Task.objects.visible_to(page.user).values_list("pk", flat=True)
        assert page.rows <= {f"t{pk}" for pk in visible}, "a row that its person sees no more"
    for name in page.elements.keys() & anew.elements.keys():
        if REPLACED.fullmatch(name):
            assert shown(page.elements[name]) == shown(anew.elements[name]), (page.path, name)
    if newest := re.search(r"newest=(\d+)", page.question):
        new = sum(int(row[1:]) > int(newest[1]) for row in anew.rows)
        told = shown(page.elements["new-tasks"])
        assert not new or f"{new} new task" in told, (page.path, told)
