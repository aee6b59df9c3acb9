"""Passkeys in a real Chromium, with a virtual authenticator in place of a finger on a key."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("fresh_counts")]

PASSWORD = "a password of the tests"


@pytest.fixture
def fresh_counts(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def site(live_server: Any) -> str:
    """The site's address by host name, as passkeys do not work with IP addresses."""
    return str(live_server.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def authenticator(page: Page) -> Callable[..., None]:
    """authenticator(): a virtual key that confirms by itself; verifies=False makes an older one."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")

    def add(*, verifies: bool = True) -> None:
        options = {
            "protocol": "ctap2",
            "transport": "internal" if verifies else "usb",
            "hasResidentKey": verifies,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    return add


def sign_in(page: Page, site: str, name: str = "member") -> None:
    page.goto(f"{site}/sign-in/?next=/account/")
    page.fill("#id_login", name)
    page.fill("#id_password", PASSWORD)
    page.click("main form >> nth=0 >> button[type=submit]")


Look = Callable[[Page], None]


def add_passkey(
    page: Page, name: str, *, alone: bool = True, look: Look = lambda page: None
) -> None:
    """Add a passkey, calling `look` on each page on the way."""
    page.click("text=Add a passkey")
    page.fill("#id_password", PASSWORD)
    page.click("text=Continue")
    page.fill("#id_name", name)
    page.set_checked("#passkey-alone", alone)
    look(page)
    page.click("#passkey-go")
    expect(page.locator("h1")).to_have_text("Recovery codes")
    look(page)


@pytest.fixture
def blue_key(site: str, page: Page, authenticator: Callable[..., None], member: User) -> None:
    """Sign a member in, who adds a passkey of this name."""
    authenticator()
    sign_in(page, site)
    add_passkey(page, "blue key")


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


def test_a_passkey_is_added_and_signs_in_without_name_and_password(
    site: str, page: Page, blue_key: None, complaints: list[str]
) -> None:
    page.goto(f"{site}/account/")
    expect(page.locator(".signin-keys")).to_contain_text("blue key")
    assert_accessible(page)
    sign_out(page)
    page.goto(f"{site}/sign-in/?next=/account/")
    assert_accessible(page)
    page.click("#passkey-go")
    expect(page.locator("h1")).to_have_text("Sign-in and security")
    assert page.url == f"{site}/account/"
    assert Authenticator.objects.get(type="webauthn").last_used_at


def test_a_key_without_user_verification_is_a_second_factor(
    site: str,
    page: Page,
    authenticator: Callable[..., None],
    member: User,
    complaints: list[str],
) -> None:
    authenticator(verifies=False)
    sign_in(page, site)
    add_passkey(page, "old key", alone=False, look=assert_accessible)
    sign_out(page)
    sign_in(page, site)
    expect(page.locator("h1")).to_have_text("Two-step verification")
    assert_accessible(page)
    page.click("#passkey-go")
    expect(page.locator("h1")).to_have_text("Sign-in and security")


def test_a_passkey_proves_who_one_is_before_something_changes(
    site: str, page: Page, blue_key: None, complaints: list[str]
) -> None:
    sign_out(page)
    page.goto(f"{site}/sign-in/?next=/account/")
    page.click("#passkey-go")
    page.click("text=Remove >> nth=0")
    page.click("text=Use a passkey")
    assert_accessible(page)
    page.click("#passkey-go")
    page.get_by_role("main").get_by_role("button", name="Remove").click()
    expect(page.locator("#toasts")).to_contain_text("Passkey removed.")
    assert not Authenticator.objects.exists()


def test_an_unknown_key_signs_in_nobody(
    site: str, page: Page, blue_key: None, complaints: list[str]
) -> None:
    sign_out(page)
    Authenticator.objects.all().delete()
    page.goto(f"{site}/sign-in/")
    page.click("#passkey-go")
    expect(page.locator("#toasts")).to_contain_text("wrong or has already been used")
    assert page.url.startswith(f"{site}/sign-in/")


def test_a_cancelled_passkey_is_reported(
    site: str, page: Page, member: User, complaints: list[str]
) -> None:
    refusal = "Promise.reject(new DOMException('no', 'NotAllowedError'))"
    page.add_init_script(f"navigator.credentials.get = () => {refusal}")
    page.goto(f"{site}/sign-in/")
    page.click("#passkey-go")
    expect(page.locator("[data-why=cancelled]")).to_be_visible()
    assert_accessible(page)


def test_the_page_says_why_passkeys_cannot_work(
    live_server: Any, page: Page, member: User, settings: Any, complaints: list[str]
) -> None:
    page.goto(f"{live_server.url.replace('localhost', '127.0.0.1')}/sign-in/")
    expect(page.locator("[data-why=number]")).to_be_visible()
    expect(page.locator("#passkey-go")).to_be_hidden()
    assert_accessible(page)
    settings.PUBLIC_URL = "https://dailies.example.com"
    page.goto(f"{live_server.url.replace('127.0.0.1', 'localhost')}/sign-in/")
    expect(page.locator("[data-why=elsewhere]")).to_contain_text("dailies.example.com")
    expect(page.locator("#passkey-go")).to_be_hidden()


def test_over_plain_http_the_page_says_that_passkeys_need_https(
    live_server: Any, page: Page, member: User, complaints: list[str]
) -> None:
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.goto(f"{live_server.url}/sign-in/")
    expect(page.locator("[data-why=insecure]")).to_be_visible()
    expect(page.locator("#passkey-go")).to_be_hidden()


@pytest.mark.looks
def test_the_pages_of_ones_account_are_accessible(
    page: Page, enter: Enter, member: User, complaints: list[str]
) -> None:
    enter(member, "/account/app/")
    check_appearance(page)
    page.fill("#id_password", PASSWORD)
    page.click("text=Continue")
    expect(page.locator(".signin-qr")).to_be_visible()
    assert page.evaluate("document.querySelector('.signin-qr').naturalWidth") > 0
    origin = page.url.removesuffix("/account/app/")
    for path in ("/account/", "/account/passkeys/add/", "/account/sessions/", "/password/"):
        page.goto(origin + path)
        check_appearance(page)
