"""A preset of each kind from the form to the video, against the simulator's dialect of it.

All presets go the same way without a browser: tests/tracking/test_presets.py.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tasks.models import Credential, Project, Task
from tasks.providers import Provider, provider
from tasks.providers.registry import PROVIDERS
from tasks.simulator.server import Simulator
from tests.browser.conftest import Clock, Enter
from tests.browser.sweeps import brisk

__all__ = ["brisk"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("complaints", "brisk", "working"),
    pytest.mark.parametrize("slug", ["volcengine", "openrouter"]),  # can all, can neither
]

KEY = "sim-browser-0123"
PROMPT = "A lighthouse in fog sim:queue=1000 sim:run=1000 sim:ok"
#: A link of OpenRouter's needs the key, and no browser has it, unless a copy is kept there.
MORE_WORDS = {"openrouter": " sim:stored"}
IS_PLAYING = "video => !video.paused && video.currentTime > 0"
PATIENCE = 60_000  # ms, for a busy machine; nothing takes so long on a quiet one


@pytest.fixture
def accounts(project: Project, sim: Simulator) -> dict[str, Credential]:
    """A credential at every provider, checked as often as possible."""
    rows = {}
    for each in PROVIDERS:
        url = sim.base_url(each.slug)
        row = Credential(
            name=f"Ours at {each.label}", provider=each.slug, base_url=url, check_seconds=0.2
        )
        row.replace_key(KEY)
        row.save()
        rows[each.slug] = row
    return rows


def model_at(service: Provider) -> str:
    """The provider's name of a model that nearly every one of them sells."""
    names = {model.name: name for name, model in service.models_by_name().items()}
    return names["seedance-2-0-260128"]


def choose(page: Page, name: str, value: str) -> None:
    """Choose a value, and wait for the renewed form."""
    with page.expect_response("**/tasks/new/preview/"):
        page.select_option(f"#id_{name}", value)
    expect(page.locator("#compose-body.htmx-request")).to_have_count(0)
    expect(page.locator(f"#id_{name}")).to_have_value(value)


def choose_from_all(page: Page) -> None:
    """Have the form offer every credential, not only those used last."""
    with page.expect_response("**/tasks/new/preview/"):
        page.select_option("#id_credential", "…")
    expect(page.locator("#compose-body.htmx-request")).to_have_count(0)


def press_generate(page: Page) -> Task:
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("link", name="Show it").click()
    expect(page.locator("#task-status")).to_be_visible(timeout=PATIENCE)
    return Task.objects.latest("pk")


def see(page: Page, status: str) -> None:
    """Wait for the status, which appears without a reload."""
    badge = page.locator("#task-status .state").first
    expect(badge).to_have_attribute("data-status", status, timeout=PATIENCE)


def test_a_preset_creates_lists_and_cancels_as_far_as_it_can(
    slug: str,
    enter: Enter,
    member: User,
    manager: User,
    accounts: dict[str, Credential],
    clock: Clock,
    sim: Simulator,
) -> None:
    page, account, service = enter(member, "/tasks/new/"), accounts[slug], provider(slug)
    page.locator("#compose-more > summary").click()
    if account.name not in page.locator("#id_credential").inner_text():
        choose_from_all(page)
    choose(page, "credential", str(account.pk))
    choose(page, "model", model_at(service))
    page.get_by_label("Prompt", exact=True).fill(PROMPT + MORE_WORDS.get(service.slug, ""))
    task = press_generate(page)
    watch_it_become_a_video(page, task, clock, can_cancel=service.can_cancel)
    [record] = sim.tasks
    task.refresh_from_db()
    assert (task.remote_id, task.provider) == (record.public_id, service.slug)
    assert record.order.prompt.startswith(PROMPT)
    if service.can_cancel:
        cancel_another(page, task, sim)
    theirs = sim.create("Dunes", preset=service.slug, key=KEY, model=model_at(service), ago=3_600)
    enter(manager, "/untracked/")
    if service.can_list:
        find_and_adopt(page, account, theirs)
    else:
        expect(page.locator(f"#account-{account.pk}")).to_have_count(0)
        expect(page.locator(".found-without")).to_contain_text(account.name)


def watch_it_become_a_video(page: Page, task: Task, clock: Clock, *, can_cancel: bool) -> None:
    """Watch the task on one page that is never reloaded."""
    opened = page.evaluate("window.opened = Math.random()")
    see(page, "queued")
    button = page.get_by_role("button", name="Cancel task")
    expect(button).to_have_count(1 if can_cancel else 0)
    clock.ahead += 1_200
    see(page, "running")
    expect(button).to_be_hidden()
    clock.ahead += 1_200
    see(page, "succeeded")
    video = page.locator(".task-stage video").element_handle(timeout=PATIENCE)
    video.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function(IS_PLAYING, arg=video, timeout=PATIENCE)
    assert page.evaluate("window.opened") == opened


def cancel_another(page: Page, task: Task, sim: Simulator) -> None:
    page.get_by_role("link", name="Edit and rerun").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    another = press_generate(page)
    assert another != task
    see(page, "queued")
    page.get_by_role("button", name="Cancel task").click()
    see(page, "cancelled")
    expect(page.locator("#task-status")).not_to_contain_text("Cancellation")
    assert [bool(record.cancelled_at) for record in sim.tasks] == [False, True]


def find_and_adopt(page: Page, account: Credential, remote_id: str) -> None:
    section = page.locator(f"#account-{account.pk}")
    section.get_by_role("button", name="Compare now").click()
    expect(section).to_contain_text(remote_id, timeout=PATIENCE)
    section.get_by_role("button", name="Adopt it").click()
    expect(page.locator("#toasts")).to_contain_text("1 task adopted into Dailies")
    task = Task.objects.get(remote_id=remote_id)
    page.goto(page.url.partition("/untracked/")[0] + task.get_absolute_url())
    see(page, "succeeded")
