"""Single sign-on with a real OpenID provider: the people it signs in, and those it refuses."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ops.homes import Home
from tests.processes.conftest import eventually
from tests.sso.provider import CLIENT, SECRET, Provider

#: One process for all of it, as each takes more than a second to start.
PEOPLE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
for name in ("olive", "umber", "slate", "coral"):
    User.objects.create_user(name, f"{name}@example.com", "a password of the tests")
User.objects.create_superuser("boss", "", "a password of the tests")
from allauth.mfa.totp.internal.auth import TOTP
TOTP.activate(User.objects.get(username="slate"), "JBSWY3DPEHPK3PXP")
from django.utils import timezone
from tasks.models import Invitation, Project
for email in ("", "wanted@example.com"):
    made = Invitation.objects.make(project=Project.objects.get(), role="member", email=email,
                                   invited_by=User.objects.get(username="boss"), now=timezone.now())
    print(made[1])
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture(scope="module")
def at_rest(furnished: Path, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An installation with this provider that is not serving yet."""
    folder = shutil.copytree(furnished, tmp_path_factory.mktemp("sso") / "data")
    known = {"DAILIES_OIDC_URL": provider.url, "DAILIES_OIDC_ID": CLIENT}
    return Home(folder, **known, DAILIES_OIDC_SECRET=SECRET, DAILIES_OIDC_NAME="The studio")


@pytest.fixture(scope="module")
def invitations(at_rest: Home) -> list[str]:
    """Two invitations, for anybody and for one e-mail address; creates the people too."""
    return [f"/join/{token}/" for token in at_rest.shell(PEOPLE).split()]


@pytest.fixture(scope="module")
def home(at_rest: Home, invitations: list[str]) -> Iterator[Home]:
    home = at_rest
    home.start("web", "--port", str(home.port))
    url = f"http://127.0.0.1:{home.port}"
    eventually(lambda: "200" in status(url), within=30)
    # Commands run beside the server do not write to its log.
    home.log = home.log.with_name("beside.log")
    yield home
    home.end()


def status(url: str) -> str:
    try:
        return str(httpx.get(f"{url}/healthz").status_code)
    except httpx.TransportError:
        return "away"


@pytest.fixture
def browser(home: Home) -> Iterator[httpx.Client]:
    url = f"http://127.0.0.1:{home.port}"
    with httpx.Client(base_url=url, follow_redirects=True) as browser:
        yield browser


def post(browser: httpx.Client, page: httpx.Response, path: str, **data: str) -> httpx.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token, page.text
    return browser.post(path, data={"csrfmiddlewaretoken": token[1], **data})


def through(browser: httpx.Client, page: httpx.Response) -> httpx.Response:
    """Press the button on this page, and follow the redirects to the provider and back."""
    button = re.search(r'action="([^"]*/sso/oidc/[^"]*)"', page.text)
    assert button, page.text
    between = post(browser, page, unescape(button[1]))
    away = re.search(r'href="(http[^"]+/authorize[^"]*)"', between.text)
    assert away, between.text
    return browser.get(unescape(away[1]))


def sign_in(browser: httpx.Client, there: str = "/account/") -> httpx.Response:
    page = browser.get("/sign-in/", params={"next": there})
    assert "The studio" in page.text
    return through(browser, page)


def identity(sub: str, email: str, *, verified: bool = True) -> dict[str, Any]:
    return {"sub": sub, "email": email, "email_verified": verified, "preferred_username": sub}


def names(home: Home) -> set[str]:
    return {name for (name,) in home.ask("SELECT username FROM auth_user")}


def is_in(browser: httpx.Client) -> bool:
    return browser.get("/account/", follow_redirects=False).status_code == 200


def test_a_stranger_is_refused_and_no_account_is_made(
    home: Home, provider: Provider, browser: httpx.Client
) -> None:
    before = names(home)
    provider.identity = identity("stranger", "stranger@example.com")
    answer = sign_in(browser)
    assert answer.status_code == 403 and "No account here" in answer.text
    assert names(home) == before
    assert not is_in(browser)


def test_a_verified_e_mail_signs_in_to_its_account_and_stays_connected(
    home: Home, provider: Provider, browser: httpx.Client
) -> None:
    provider.identity = identity("o-1", "Olive@example.com")
    assert "Sign-in and security" in sign_in(browser).text
    provider.identity = identity("o-1", "another@example.com")
    browser.cookies.clear()
    assert "Sign-in and security" in sign_in(browser).text
    assert "olive" in browser.get("/").text


def test_an_unverified_e_mail_signs_in_nobody(provider: Provider, browser: httpx.Client) -> None:
    provider.identity = identity("u-1", "umber@example.com", verified=False)
    assert sign_in(browser).status_code == 403
    assert not is_in(browser)


def test_a_person_with_an_app_is_still_asked_for_its_code(
    provider: Provider, browser: httpx.Client
) -> None:
    provider.identity = identity("s-1", "slate@example.com")
    assert "Two-step verification" in sign_in(browser).text
    assert not is_in(browser)


def test_an_invitation_makes_an_account_and_lets_one_person_in(
    home: Home, provider: Provider, browser: httpx.Client, invitations: list[str]
) -> None:
    link, _ = invitations
    provider.identity = identity("newcomer", "newcomer@example.com")
    assert sign_in(browser, link).status_code == 200
    assert is_in(browser)
    assert "newcomer" in names(home)
    role = "SELECT role FROM tasks_membership m JOIN auth_user u ON u.id = m.user_id"
    assert home.ask(f"{role} WHERE username = 'newcomer'") == [("member",)]
    browser.cookies.clear()
    provider.identity = identity("latecomer", "latecomer@example.com")
    assert sign_in(browser, link).status_code == 403
    assert "latecomer" not in names(home)


def test_an_invitation_for_somebody_else_lets_nobody_in(
    home: Home, provider: Provider, browser: httpx.Client, invitations: list[str]
) -> None:
    _, link = invitations
    provider.identity = identity("other", "other@example.com")
    assert sign_in(browser, link).status_code == 403
    provider.identity = identity("other", "wanted@example.com", verified=False)
    assert sign_in(browser, link).status_code == 403
    assert "other" not in names(home)
    provider.identity = identity("wanted", "Wanted@example.com")
    assert sign_in(browser, link).status_code == 200
    assert is_in(browser)


def test_a_signed_in_person_connects_and_disconnects_an_account_elsewhere(
    home: Home, provider: Provider, browser: httpx.Client
) -> None:
    page = browser.get("/sign-in/")
    post(browser, page, "/sign-in/", login="coral", password="a password of the tests")
    provider.identity = identity("c-1", "somewhere@example.com")
    connected = through(browser, browser.get("/account/sso/"))
    row = re.search(r'name="account" value="(\d+)"', connected.text)
    assert row, connected.text
    browser.cookies.clear()
    sign_in(browser)
    assert "coral" in browser.get("/").text
    post(browser, browser.get("/account/sso/"), "/account/sso/", account=row[1])
    browser.cookies.clear()
    assert sign_in(browser).status_code == 403


def test_only_a_post_starts_single_sign_on(browser: httpx.Client) -> None:
    assert browser.get("/account/sso/oidc/").status_code == 405
    assert browser.post("/account/sso/oidc/").status_code == 403  # without its token


def test_an_unrequested_answer_signs_in_nobody(browser: httpx.Client) -> None:
    answer = browser.get("/account/sso/oidc/back/", params={"code": "x", "state": "y"})
    assert "Sign-in failed" in answer.text
    assert not is_in(browser)
    for path in ("/account/sso/signup/", "/account/signup/"):
        assert browser.get(path).status_code == 404
