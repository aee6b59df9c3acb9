"""Every preset from the form to the video, against the simulator's dialect of it.

What a browser adds is in tests/browser/test_presets.py, for a provider that can do all of it and
for one that can neither list nor cancel.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import Cancellation, Credential, Reconciliation, Task, UntrackedTask
from tasks.providers import Provider
from tasks.providers.registry import PROVIDERS
from tasks.simulator.server import Simulator
from tasks.submission.cancel import attempt_cancel
from tasks.submission.send import send_waiting
from tasks.tracking import refresh
from tests.browser.test_presets import MORE_WORDS, PROMPT, model_at
from tests.tracking.conftest import Account, Clock, Look
from tests.web.composing import filled
from tests.web.conftest import ClientOf, client_of
from tests.web.live_pages import ask

__all__ = ["client_of"]

pytestmark = pytest.mark.exhaustive
LINK = re.compile(r'<video[^>]*\bsrc="(http[^"]+)"')


@pytest.fixture
def clock() -> Clock:
    """A clock that begins now, as the pages go by the real time."""
    clock = Clock()
    clock.now = timezone.now()
    return clock


@pytest.mark.parametrize("service", PROVIDERS, ids=lambda service: service.slug)
def test_a_preset_creates_lists_and_cancels_as_far_as_it_can(
    service: Provider,
    client_of: ClientOf,
    member: User,
    manager: User,
    account: Account,
    clock: Clock,
    sim: Simulator,
    look: Look,
) -> None:
    credential = {each.slug: account(each.slug) for each in PROVIDERS}[service.slug]
    desk = client_of(member)
    task = press_generate(desk, credential, service, clock)
    watch_it_become_a_video(desk, task, look, can_cancel=service.can_cancel)
    [record] = sim.tasks
    task.refresh_from_db()
    assert (task.remote_id, task.provider) == (record.public_id, service.slug)
    assert record.order.prompt.startswith(PROMPT)
    if service.can_cancel:
        cancel_another(desk, press_generate(desk, credential, service, clock), look, clock)
        assert [bool(record.cancelled_at) for record in sim.tasks] == [False, True]
    theirs = sim.create(
        "Dunes", preset=service.slug, key="sim-test", model=model_at(service), ago=3_600
    )
    office = client_of(manager)
    section = f'id="account-{credential.pk}"'
    assert (section in text(office.get("/untracked/"))) == service.can_list
    if service.can_list:
        find_and_adopt(office, credential, theirs, clock)


def press_generate(desk: Client, credential: Credential, service: Provider, clock: Clock) -> Task:
    """Send the form, which offers account and model, and have the worker send the create."""
    words = PROMPT + MORE_WORDS.get(service.slug, "")
    chosen = filled(credential=credential.pk, model=model_at(service), prompt=words)
    form = text(desk.post("/tasks/new/preview/", chosen))
    for value in (credential.pk, model_at(service)):
        assert re.search(rf'<option value="{value}"[^>]* selected', form), value
    answer = desk.post("/tasks/new/", chosen)
    assert answer.status_code == 302, answer.context["form"].errors
    assert send_waiting(10, clock=clock) == 1
    return Task.objects.latest("pk")


def watch_it_become_a_video(desk: Client, task: Task, look: Look, *, can_cancel: bool) -> None:
    """Watch the task on one open page, which is never reloaded."""
    page = desk.get(task.get_absolute_url())
    for after, status in ((1, "queued"), (1_200, "running"), (1_200, "succeeded")):
        assert look(task, after=after).status == status
        page = ask(desk, page)
        assert "HX-Refresh" not in page.headers
        assert f'data-status="{status}"' in text(page)
        if status != "succeeded":
            assert ('id="cancel"' in text(page)) == (can_cancel and status == "queued")
    whole = desk.get(task.get_absolute_url())
    [link] = LINK.findall(text(whole))
    policy = dict(part.split(" ", 1) for part in whole["Content-Security-Policy"].split("; "))
    host = "/".join(link.split("/")[:3])
    assert host in policy["media-src"].split()


def cancel_another(desk: Client, task: Task, look: Look, clock: Clock) -> None:
    assert look(task, after=1).status == "queued"
    page = desk.get(task.get_absolute_url())
    assert desk.post(f"/tasks/{task.pk}/cancel/").status_code == 302
    attempt_cancel(Cancellation.objects.get(task=task).pk, clock.now)
    assert look(task, after=1).status == "cancelled"
    assert 'data-status="cancelled"' in text(ask(desk, page))


def find_and_adopt(office: Client, credential: Credential, remote_id: str, clock: Clock) -> None:
    office.post(f"/untracked/{credential.pk}/compare/")
    clock.go_on(1)
    refresh.sweep(3, clock=clock)
    assert Reconciliation.objects.latest("pk").outcome == "compared"
    assert remote_id in text(office.get("/untracked/"))
    found = UntrackedTask.objects.get(remote_id=remote_id)
    assert office.post(f"/untracked/{credential.pk}/adopt/", {"found": found.pk}).status_code == 302
    task = Task.objects.get(remote_id=remote_id)
    assert 'data-status="succeeded"' in text(office.get(task.get_absolute_url()))


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())
