"""A manager invites a client, who views clips on a phone in Chinese."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tasks.models import (
    ApiToken,
    CopyKind,
    Invitation,
    Membership,
    Project,
    Role,
    Task,
    TokenScope,
)
from tasks.team.tokens import make_service
from tests.browser.conftest import Enter, watch
from tests.browser.looks import (
    STOP_ANIMATIONS,
    assert_accessible,
    assert_no_sideways_scrolling,
    check_appearance,
)
from tests.browser.test_copies import FILM, IMAGE, IS_PLAYING, copy_of, saved
from tests.conftest import MakeTask
from tests.tokens import asked_by, token_of
from tests.web.test_access import EXPECTED

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

PHONE: Any = {
    "viewport": {"width": 375, "height": 720},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "zh-CN",
}
PASSWORD = "tall-orange-7"
MAIN_BUTTON = "main button[type=submit].btn-primary"


@pytest.fixture
def phone(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A phone set to Chinese on which nobody is signed in."""
    complaints: list[str] = []
    with browser.new_context(base_url=live_server.url, **PHONE) as context:
        context.add_init_script(STOP_ANIMATIONS)
        page = context.new_page()
        watch(page, complaints)
        yield page
    assert not complaints


@pytest.fixture
def secret(make_task: MakeTask, project: Project) -> Task:
    """A saved clip of another project."""
    other = Project.objects.create(name="Elsewhere")
    long_ago = timezone.now() - timedelta(days=20)
    task = make_task(
        "cgt-secret",
        status="succeeded",
        prompt="A secret plan",
        project=other,
        created_at=long_ago,
    )
    copy_of(task, **saved(task, FILM, IMAGE))
    copy_of(task, CopyKind.LAST_FRAME, **saved(task, IMAGE))
    return task


@pytest.fixture
def clips(make_task: MakeTask, secret: Task) -> Task:
    """Create a clip a day for two weeks, the oldest first, and return last Tuesday's."""
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    found = None
    for ago in range(14, 0, -1):
        day = noon - timedelta(days=ago)
        task = make_task(
            f"cgt-{day:%m%d}",
            status="succeeded",
            prompt=f"纸船漂过水洼，{day:%m-%d}",
            created_at=day,
            ratio="16:9",
            duration=5,
        )
        copy_of(task, **saved(task, FILM, IMAGE))
        if day.weekday() == 1:
            found = task
    assert found
    return found


def test_a_manager_invites_a_client_who_finds_and_plays_last_tuesdays_clip(
    enter: Enter, page: Page, phone: Page, manager: User, clips: Task, secret: Task
) -> None:
    link = invite(enter(manager), "client@example.com")
    make_an_account(phone, link)
    sign_in_again(phone)
    find_and_play(phone, clips)
    see_nothing_else(phone, secret)
    assert Membership.objects.get(user__username="client").role == Role.VIEWER
    phone.goto(link)
    expect(phone.locator("h1")).to_be_visible()
    expect(phone.locator("form input[name=username]")).to_have_count(0)


def invite(page: Page, email: str) -> str:
    page.click(".rail >> text=People")
    page.select_option("#id_role", "viewer")
    page.fill("#id_email", email)
    page.click("main button[type=submit].btn-primary")
    expect(page.locator("#invitation-link")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scrolling(page)
    return page.inner_text("#invitation-link")


def make_an_account(phone: Page, link: str) -> None:
    phone.goto(link)
    expect(phone.locator("html")).to_have_attribute("lang", "zh-hans")
    assert_accessible(phone)
    assert_no_sideways_scrolling(phone)
    expect(phone.locator("#id_email")).to_have_value("client@example.com")
    phone.fill("#id_username", "client")
    phone.fill("#id_password1", PASSWORD)
    phone.fill("#id_password2", PASSWORD)
    phone.click(MAIN_BUTTON)
    expect(phone.locator(".take").first).to_be_visible()


def sign_in_again(phone: Page) -> None:
    phone.click(".bar .menu summary")
    phone.click("form[action='/sign-out/'] button")
    phone.goto("/sign-in/")
    expect(phone.locator("html")).to_have_attribute("lang", "zh-hans")
    assert_accessible(phone)
    phone.fill("#id_login", "client")
    phone.fill("#id_password", PASSWORD)
    phone.click(MAIN_BUTTON)
    expect(phone.locator(".take").first).to_be_visible()


def find_and_play(phone: Page, clip: Task) -> None:
    day = f"{clip.created_at:%Y-%m-%d}"
    phone.click(".days summary")
    assert_accessible(phone)
    assert_no_sideways_scrolling(phone)
    phone.fill("[name=since]", day)
    phone.fill("[name=until]", day)
    phone.click(".days-body button")
    expect(phone.locator(".take")).to_have_count(1)
    expect(phone.locator(".chip")).to_have_count(1)
    assert_no_sideways_scrolling(phone)
    phone.click("[data-row-link]")
    expect(phone.locator("h1")).to_have_text(clip.prompt)
    expect(phone.locator("[data-refresh], [data-save-now]")).to_have_count(0)
    player = phone.locator(".task-stage video")
    player.evaluate("video => { video.muted = true; return video.play(); }")
    phone.wait_for_function(IS_PLAYING, arg=player.element_handle())


def see_nothing_else(phone: Page, secret: Task) -> None:
    """Try all addresses with the ids of the other project."""
    theirs = defaultdict(lambda: secret.pk, project=secret.project_id)
    pages = [
        address.format_map(theirs)
        for (method, _), (address, _) in EXPECTED.items()
        if method == "GET" and address != "/readyz"  # nobody tries here whether it is ready
    ]
    asked = [
        "/?q=secret",
        f"/?project={secret.project_id}",
        f"/archive/?project={secret.project_id}",
    ]
    live = f"/live/?after=0&counted=0&of=00000000&page=task&on={secret.pk}ls0000000"
    for url in {*pages, *asked, live}:
        answer = phone.request.get(url)
        assert answer.status < 500, url
        body = answer.body()
        assert b"A secret plan" not in body and b"cgt-secret" not in body, url
        assert body not in (FILM, IMAGE), url
    for tail in ("", "video", "poster", "last-frame", "video?download"):
        assert phone.request.get(f"/tasks/{secret.pk}/{tail}").status == 404
    phone.goto(f"/tasks/{secret.pk}/")
    assert_accessible(phone)
    token = phone.context.cookies()
    csrf = next(cookie["value"] for cookie in token if cookie["name"] == "csrftoken")
    zipped = phone.request.post(
        "/tasks/download.zip", form={"task": str(secret.pk), "csrfmiddlewaretoken": csrf}
    )
    assert zipped.status == 404


@pytest.mark.looks
def test_the_people_pages_fit_and_are_accessible(
    enter: Enter,
    page: Page,
    live_server: Any,
    staff: User,
    viewer: User,
    member: User,
    project: Project,
) -> None:
    Project.objects.create(name="A second project with a rather long name " + "x" * 50)
    User.objects.filter(pk=member.pk).update(
        email="a-long-name.of-somebody@a-long-host.example.com"
    )
    now = timezone.now()
    invited = Invitation.objects.make(
        project=project, role="viewer", email="someone@example.com", invited_by=staff, now=now
    )
    Invitation.objects.make(
        project=project, role="member", invited_by=viewer, now=now - timedelta(days=9)
    )
    row = Membership.objects.get(user=member)
    for path in (
        "/people/",
        f"/people/{row.pk}/remove/",
        f"/join/{invited[1]}/",
        "/join/nonsense/",
    ):
        enter(staff, path)
        check_appearance(page, closely=(320, 1440))
    page.goto(f"{live_server.url}/people/")
    page.click(".menu-more summary")

    def is_there(width: int) -> None:
        expect(page.locator(".menu-more .menu-item").first).to_be_in_viewport()

    check_appearance(page, closely=(320, 1440), also=is_there)


@pytest.mark.looks
def test_the_pages_of_tokens_fit_and_are_accessible(
    enter: Enter, page: Page, manager: User, project: Project
) -> None:
    Project.objects.create(name="A second project with a rather long name " + "x" * 50)
    request, now = asked_by(manager), timezone.now()
    service = make_service(request, project, name="render-farm", role="member", now=now)
    limited: dict[str, Any] = {
        "day_limit": Decimal(500_000),
        "expires_at": now + timedelta(days=30),
    }
    used, _text = token_of(service.user, project=project, name="Night run", **limited)
    ApiToken.objects.filter(pk=used.pk).update(last_used_at=now, last_used_from="2001:db8::ffff:1")
    ended, _text = token_of(manager, TokenScope.MANAGE, project, name="n" * 60)
    ApiToken.objects.filter(pk=ended.pk).update(revoked_at=now)
    for path in ("/account/", "/account/tokens/", "/people/tokens/", "/connect/"):
        enter(manager, path)
        check_appearance(page, closely=(320, 1440))
    page.click("main form button[type=submit]")
    expect(page.locator("#first-call")).to_be_visible()
    check_appearance(page, closely=(320, 1440))
    enter(manager, "/people/tokens/")
    page.fill("[name=token-name]", "Farm")
    page.click("form[action='/people/tokens/'] button[type=submit]")
    expect(page.locator("#token-text")).to_contain_text("dly_")
    check_appearance(page, closely=(320, 1440))


def test_a_role_is_changed_where_it_stands(
    enter: Enter, page: Page, manager: User, viewer: User
) -> None:
    enter(manager, "/people/")
    row = Membership.objects.get(user=viewer)
    page.select_option(f"#role-of-{row.pk}", "member")
    expect(page.locator("#toasts")).to_contain_text("viewer is now: member")
    expect(page.locator(f"#role-of-{row.pk}")).to_have_value("member")
    mine = Membership.objects.get(user=manager)
    page.select_option(f"#role-of-{mine.pk}", "viewer")
    expect(page.locator("#toasts")).to_contain_text("A project needs at least one manager")
    expect(page.locator(f"#role-of-{mine.pk}")).to_have_value("manager")


def test_without_scripts_people_are_invited_changed_and_removed(
    browser: Browser, live_server: Any, enter: Enter, manager: User, viewer: User
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(manager, "/people/", page=context.new_page())
        row = Membership.objects.get(user=viewer)
        page.select_option(f"#role-of-{row.pk}", "member")
        page.click(f"#role-{row.pk} button")
        expect(page.locator("#toasts")).to_contain_text("viewer is now: member")
        page.click(f"a[href='/people/{row.pk}/remove/']")
        page.click("text=Remove >> nth=-1")
        expect(page.locator("#toasts")).to_contain_text("viewer was removed.")
        page.click(MAIN_BUTTON)
        expect(page.locator("#invitation-link")).to_contain_text(f"{live_server.url}/join/")
