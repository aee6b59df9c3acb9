"""Caching by browsers, the redirect to HTTPS, and cookies."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tasks.models import Project
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.entering import first_link, link_for
from tests.web.test_factors import again, at, secret

__all__ = ["at", "secret"]

pytestmark = [pytest.mark.usefixtures("fresh_counts"), pytest.mark.looks]


# What browsers may keep


def kept(answer: Any) -> str:
    return str(answer.headers["Cache-Control"])


def test_pages_are_private_and_asked_for_anew_and_back_may_show_them_at_once(
    client_of: ClientOf, staff: User, make_task: MakeTask
) -> None:
    task = make_task()
    client = client_of(staff)
    for name in ("tasks", "archive", "compose", "track", "budgets", "people", "credentials"):
        assert kept(client.get(reverse(name))) == "private, no-cache", name
    for address in (f"/tasks/{task.pk}/", "/no-such-page", "/header-status/", "/live/"):
        assert kept(client.get(address)) == "private, no-cache", address
    assert kept(Client().get("/")) == "private, no-cache"


def test_pages_that_show_a_secret_are_kept_nowhere(
    client: Client, client_of: ClientOf, secret: str, member: User, manager: User, project: Project
) -> None:
    mine, manages = client_of(member), client_of(manager)
    again(mine), again(manages)
    invited = {"project": project.pk, "role": "viewer", "email": ""}
    made = manages.post(reverse("invite"), invited)
    joining = made.context["link"].partition("testserver")[2]
    pages = {
        "codes": mine.get(reverse("mfa_view_recovery_codes")),
        "download": mine.get(reverse("mfa_download_recovery_codes")),
        "app": manages.get(reverse("mfa_activate_totp")),
        "invitation": made,
        "join": client.get(joining),
        "enter": client.get(link_for(member)),
        "ended": client.get("/enter/nonsense/"),
        "reset": client.get("/account/reset/1-nonsense/"),
    }
    for name, page in pages.items():
        assert page.status_code in (200, 410), name
        assert "no-store" in kept(page), name


def test_the_first_account_is_made_on_a_page_that_is_kept_nowhere(db: None) -> None:
    assert "no-store" in kept(Client().get(first_link()))


def test_saved_files_keep_what_their_view_says(
    client_of: ClientOf, member: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task()
    save_copy(task, b"a video", poster=b"an image")
    poster = client_of(member).get(f"/tasks/{task.pk}/poster")
    assert "private" in kept(poster) and "no-cache" not in kept(poster)


def test_signing_out_clears_what_scripts_stored_and_makes_chromium_clear_no_cache(
    client_of: ClientOf, member: User
) -> None:
    """Chromium stops for seconds at "cache", and "cookies" are also those of neighbouring sites."""
    answer = client_of(member).post(reverse("sign_out"))
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert "Clear-Site-Data" not in client_of(member).get("/").headers


# HTTPS


def over(scheme: str, path: str = "/tasks/track/?a=b", **more: Any) -> Any:
    headers = {"x-forwarded-proto": scheme, "host": "localhost:80"} if scheme else {}
    return Client(headers=headers).get(path, **more)


def test_plain_http_is_redirected_where_the_proxy_says_so(db: None, settings: Any) -> None:
    settings.HTTPS, settings.PUBLIC_URL = True, ""
    answer = over("http")
    assert (answer.status_code, answer["Location"]) == (308, "https://localhost/tasks/track/?a=b")
    assert "Content-Security-Policy" in answer.headers
    settings.PUBLIC_URL = "https://localhost:8443"
    assert over("HTTP, https")["Location"] == "https://localhost:8443/tasks/track/?a=b"


def test_machines_inside_are_never_redirected(db: None, settings: Any) -> None:
    settings.HTTPS = True
    answers = {path: over("http", path).status_code for path in ("/healthz", "/readyz", "/statusz")}
    # Nobody tries here whether the process is ready.
    assert answers == {"/healthz": 200, "/readyz": 503, "/statusz": 401}


@pytest.mark.parametrize(("https", "scheme"), [(True, ""), (True, "https"), (False, "http")])
def test_nothing_is_redirected_without_header_or_setting(
    db: None, settings: Any, https: bool, scheme: str
) -> None:
    settings.HTTPS = https
    answer = over(scheme, "/sign-in/", follow=True)
    assert answer.status_code == 200 and not any(
        url.startswith("https") for url, _ in answer.redirect_chain
    )


# Cookies


def test_the_language_cookie_is_of_this_site_alone(client: Client, db: None) -> None:
    client.post("/language/", {"language": "zh-hans"})
    cookie = client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie["samesite"], cookie["httponly"]) == ("Lax", True)


@pytest.mark.process
def test_behind_https_every_cookie_is_secure() -> None:
    code = (
        "from tests.settings import *;"
        "print(*(v for n, v in list(globals().items()) if n.endswith('_COOKIE_SECURE')))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DAILIES_HTTPS": "1"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.split() == ["True"] * 3
