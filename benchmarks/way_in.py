"""Programs that ask the API: seconds to an id, to a task's answer and to a list, beside /healthz.

500 programs with kept connections ask 100 times a second, each by its own clock; half of it are
single tasks, half lists. Then a few of them create, at a provider that takes 2 s for each.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

import httpx
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from benchmarks import accounts, programs
from benchmarks.figures import Figure, p95
from benchmarks.processes import cpu_seconds, free_port, module, running
from benchmarks.programs import Answered, Asked
from tasks.clients.ids import id_of
from tasks.management.supervision import manage
from tasks.models import (
    Batch,
    Budget,
    Project,
    Submission,
    SubmissionState,
    Task,
    TokenScope,
)
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.status import Status
from tasks.team.tokens import make_token

TASKS = "/api/v3/contents/generations/tasks"
MODEL = "doubao-seedance-2-0-260128"
PROMPT = "A quiet harbour before sunrise, gulls, slow push-in, 35 mm"
LONGEST_READ, LONGEST_CREATE = 0.020, 0.050  # seconds, p95
REPEATED = 5  # of so many creates one is sent a second time, with the same key
PATIENCE = 60.0  # seconds until the last create has its answer
TURN = 20  # tasks of a project, until those of the other come


@dataclass(frozen=True)
class Size:
    tasks: int = 20_000
    people: int = 10  # programs of a person share a token
    clients: int = 500
    reads: float = 100.0  # a second
    seconds: float = 20.0
    creates: float = 2.0  # a second, with a fifth of the reads beside
    creating: float = 30.0  # seconds
    latency: float = 2.0  # seconds until the provider answers a create


SMALL = Size(
    tasks=20, people=2, clients=5, reads=10.0, seconds=2.0, creates=2.0, creating=2.0, latency=0.5
)  # fmt: skip


def measure(size: Size = Size()) -> Iterator[Figure]:
    port, provider_port = free_port(), free_port()
    team = Team(size, f"http://127.0.0.1:{provider_port}")
    provider = module(
        "benchmarks.fast_provider", "--port", provider_port, "--changed", 0,
        "--create-latency", size.latency,
    )  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(running("provider", provider, port=provider_port))
        web = manage("web", "--unsupervised", "--port", port)
        server = stack.enter_context(running("web", web, port=port))
        stack.enter_context(running("work", manage("work")))
        site = Site(port, provider_port, server.group, team, size)
        site.ask(site.health(2.0))  # the first requests of a process load what they need
        site.ask(site.reads(size.reads, min(2.0, size.seconds)))
        bare = _load(site, site.health(size.seconds / 2))
        yield from _of_reads(site, bare)
        yield from _of_creates(site, bare.answers["health"])


@dataclass(frozen=True)
class Load:
    """The answers by their kind, and what they cost the web server."""

    answers: dict[str, list[Answered]]
    share: float  # of a core
    milliseconds: float  # of processor time for each


def _load(site: Site, asked: list[Asked]) -> Load:
    before, began = cpu_seconds(site.group), time.monotonic()
    answers = site.ask(asked)
    used, lasted = cpu_seconds(site.group) - before, time.monotonic() - began
    return Load(answers, share=used / lasted, milliseconds=used * 1000 / len(asked))


class Team:
    """Projects with ended tasks, budgets, and people whose programs have tokens."""

    def __init__(self, size: Size, provider_url: str) -> None:
        self.credential = accounts.credential("gateway", "native", provider_url)
        accounts.credential("other gateway", "native", "http://127.0.0.1:9")
        self.projects = [Project.objects.get(), Project.objects.create(name="Second")]
        for first in range(0, size.tasks // 2, TURN):
            for project in self.projects:
                self._track(project, range(first, min(first + TURN, size.tasks // 2)))
        self.ids = [self._end(project) for project in self.projects]
        self.tokens = [self._token(number) for number in range(size.people)]
        for project in self.projects:
            Budget.objects.create(project=project, unit="tokens", limit=10**12)
        Budget.objects.create(credential=self.credential, unit="tokens", limit=10**12)

    def _token(self, number: int) -> str:
        project = self.projects[number % 2]
        person = accounts.person(f"person-{number}", [project])
        Budget.objects.create(project=project, person=person, unit="tokens", limit=10**12)
        request: Any = RequestFactory().get("/")
        _row, text = make_token(
            request,
            person,
            name="a program",
            scope=TokenScope.MAKE,
            now=timezone.now(),
            project=project,
            day_limit=Decimal(10**12),
        )
        return text

    def _track(self, project: Project, numbers: range) -> None:
        """Tasks that came by the API; those of both projects come in turns, as in a real week."""
        Task.objects.track(
            [f"cgt-20261120120000-{project.pk:03}{each:06}" for each in numbers],
            credential=self.credential,
            project=project,
            created_by=None,
            now=timezone.now(),
        )

    def _end(self, project: Project) -> list[str]:
        """Let all tasks of a project have ended; the newest ids for programs."""
        now, tasks = timezone.now(), list(Task.objects.filter(project=project).order_by("pk"))
        fields = {"model": MODEL, "prompt": PROMPT, "resolution": "720p", "duration": 5}
        Task.objects.filter(project=project).update(
            status=Status.SUCCEEDED, ended_at=now, check_after=None, total_tokens=108_900, **fields
        )
        asked = GenerationRequest(model=MODEL, prompt=PROMPT).to_json()
        batches = Batch.objects.bulk_create(
            (Batch(project=project, credential=self.credential, created_at=now) for _task in tasks),
            batch_size=2000,
        )
        rows = (
            Submission(task=task, batch=batch, state=SubmissionState.CREATED, request=asked)
            for task, batch in zip(tasks, batches, strict=True)
        )
        Submission.objects.bulk_create(rows, batch_size=2000)
        newest = Task.objects.filter(project=project).select_related("submission__batch")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as databases do by themselves while such rows come
        return [id_of(task) for task in newest.order_by("-pk")[:1000]]


class Site:
    """The running web server, and what programs ask of it."""

    def __init__(self, port: int, provider: int, group: int, team: Team, size: Size) -> None:
        self._port, self._provider, self.group = port, provider, group
        self._team, self.size = team, size
        self._prompts = itertools.count(1)

    def ask(self, asked: list[Asked]) -> dict[str, list[Answered]]:
        """Ask all of this at its time; the answers by their kind."""
        return asyncio.run(programs.ask_all(self._port, asked))

    def health(self, seconds: float) -> list[Asked]:
        number, rate = self.size.clients, self.size.reads
        head = programs.request("GET", "/healthz")
        return [
            Asked("health", client, due, head)
            for client, due in programs.spread(number, rate, seconds)
        ]

    def reads(self, rate: float, seconds: float) -> list[Asked]:
        """Single tasks and lists in turns, from all programs."""
        asked = []
        times = programs.spread(self.size.clients, rate, seconds)
        for number, (client, due) in enumerate(times):
            token = self._team.tokens[client % self.size.people]
            ids = self._team.ids[client % self.size.people % 2]
            kind = "list" if number % 2 else "get"
            path = f"{TASKS}?page_size=20" if number % 2 else f"{TASKS}/{ids[number % len(ids)]}"
            asked.append(Asked(kind, client, due, programs.request("GET", path, token)))
        return asked

    def creates(self, seconds: float) -> list[Asked]:
        """Creates with a key each; a fifth of them again a second later, under another kind."""
        asked: list[Asked] = []
        times = programs.spread(self.size.clients, self.size.creates, seconds)
        for number, (client, due) in enumerate(times):
            token = self._team.tokens[client % self.size.people]
            text = f"{PROMPT} --dur 5, take {next(self._prompts)}"
            body = {"model": MODEL, "content": [{"type": "text", "text": text}]}
            key = f"Idempotency-Key: {os.urandom(8).hex()}"
            sent = programs.request("POST", TASKS, token, json.dumps(body).encode(), key)
            asked.append(Asked("create", client, due, sent))
            if number % REPEATED == 0:
                asked.append(Asked("repeat", client, due + 1.0, sent))
        return asked

    def counts(self) -> dict[str, int]:
        """The numbers of questions that the provider was asked, by their kind."""
        told: dict[str, int] = httpx.get(f"http://127.0.0.1:{self._provider}/counts").json()
        return told


def _of_reads(site: Site, bare: Load) -> Iterator[Figure]:
    size, before = site.size, site.counts()["task"]
    load = _load(site, site.reads(size.reads, size.seconds))
    asked, found, health = site.counts()["task"] - before, load.answers, bare.answers["health"]
    which = f"{size.reads:.0f} a second from {size.clients} programs, {size.tasks:,} tasks"
    yield _latency(f"API, GET of one task, p95, {which}", found["get"], health, LONGEST_READ)
    yield _latency(f"API, list of 20 tasks, p95, {which}", found["list"], health, LONGEST_READ)
    yield Figure(
        name=f"API, web's share of a core, {which}",
        measured=f"{load.share:.0%}, {load.milliseconds:.2f} ms each",
        baseline=f"/healthz: {bare.share:.0%}, {bare.milliseconds:.2f} ms each",
        ratio=load.milliseconds / bare.milliseconds,
    )
    number = len(found["get"]) + len(found["list"])
    yield Figure(
        name=f"API, questions to the provider by {number:,} GETs and lists",
        measured=f"{asked}",
        baseline="none",
        ratio=None,
        goal="0",
        met=asked == 0,
        exact=True,
    )


def _of_creates(site: Site, bare: list[Answered]) -> Iterator[Figure]:
    size = site.size
    asked = site.creates(size.creating) + site.reads(size.reads / 5, size.creating)
    found = site.ask(asked)
    creates, repeats = found["create"], found.get("repeat", [])
    _wait_until_sent()
    which = f"{size.creates:.0f} a second, provider takes {size.latency:.1f} s"
    yield _latency(f"API, id of a create, p95, {which}", creates, bare, LONGEST_CREATE)
    yield _latency(f"API, GET of one task beside creates, p95, {which}", found["get"], bare)
    ids = {json.loads(each.body)["id"] for each in creates}
    again = {json.loads(each.body)["id"] for each in repeats}
    yield Figure(
        name=f"API, ids of {len(creates)} creates and {len(repeats)} repeats with the same key",
        measured=f"{len(ids | again)}",
        baseline=f"keys: {len(creates)}",
        ratio=len(ids | again) / len(creates),
        goal="the same",
        met=len(ids) == len(creates) and again <= ids,
        exact=True,
    )
    made = site.counts()["create"]
    yield Figure(
        name="API, creates that the provider was sent",
        measured=f"{made}",
        baseline=f"ids given: {len(ids)}",
        ratio=made / len(ids),
        goal="the same",
        met=made == len(ids),
        exact=True,
    )


def _latency(
    name: str, answers: list[Answered], bare: list[Answered], longest: float = 0.0
) -> Figure:
    seconds = [each.seconds for each in answers]
    lags = p95([each.lag for each in answers])
    found, base = p95(seconds), p95([each.seconds for each in bare])
    return Figure(
        name=name,
        measured=f"{found * 1000:.1f} ms (median {median(seconds) * 1000:.1f}; sent up to "
        f"{lags * 1000:.1f} late)",
        baseline=f"/healthz, as often: {base * 1000:.1f} ms",
        ratio=found / base,
        goal=f"≤ {longest * 1000:.0f} ms" if longest else "",
        met=found <= longest if longest else None,
    )


def _wait_until_sent() -> None:
    deadline = time.monotonic() + PATIENCE
    open_ones = (SubmissionState.WAITING, SubmissionState.SENDING)
    while Submission.objects.filter(state__in=open_ones).exists():
        assert time.monotonic() < deadline, "creates still wait"
        time.sleep(0.2)
