"""A strict policy on every response, and nothing inline in any template."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tasks.providers import PROVIDERS
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

pytestmark = pytest.mark.looks

FOLDER = settings.BASE_DIR / "templates"
#: All but e-mails, whose readers know neither our style sheet nor our policy.
TEMPLATES = sorted(set(FOLDER.rglob("*.html")) - set(FOLDER.glob("email/*.html")))
INLINE = re.compile(
    r"\sstyle=|<style|javascript:|\shx-on|\son(?:click|load|error|change|submit|input)=", re.I
)
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I)
FILTER = re.compile(r"hx-trigger=\"[^\"]*\[")


FORBIDDEN = (INLINE, SCRIPT, FILTER)


def test_no_template_holds_a_script_a_style_or_a_filter_that_needs_eval() -> None:
    assert len(TEMPLATES) > 200
    texts = {str(path.relative_to(settings.BASE_DIR)): path.read_text() for path in TEMPLATES}
    held = {name: [each.findall(text) for each in FORBIDDEN] for name, text in texts.items()}
    assert {name: found for name, found in held.items() if any(found)} == {}


@pytest.mark.parametrize(
    "text",
    [
        '<p style="x">',
        "<style>",
        '<p onclick="x()">',
        "<script>x()</script>",
        'hx-trigger="click[x]"',
    ],
)
def test_what_no_template_may_hold_is_found(text: str) -> None:
    assert any(each.search(text) for each in FORBIDDEN)


def policy_of(response: object) -> dict[str, list[str]]:
    text = response["Content-Security-Policy"]  # type: ignore[index]
    parts = [directive.split() for directive in text.split("; ")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize(
    "path", ["/", "/sign-in/", "/no-such-page", "/admin/", "/healthz", "/live/"]
)
def test_every_response_carries_the_policy(client_of: ClientOf, staff: User, path: str) -> None:
    policy = policy_of(client_of(staff).get(path))
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert "unsafe" not in str(policy)


def test_a_page_that_breaks_carries_it_too(
    client_of: ClientOf, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("tasks.web.views.tasks.task_page", broken)
    client = client_of(staff)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert policy_of(response)["default-src"] == ["'none'"]
    assert b"Something went wrong" in response.content


def test_a_page_may_play_from_the_hosts_of_its_own_tasks_only(
    client_of: ClientOf, member: User, make_task: MakeTask
) -> None:
    presented = make_task(status="succeeded", video_url="https://cdn.example:8443/a.mp4")
    make_task(status="succeeded", video_url="https://other.example/b.mp4")
    media = policy_of(client_of(member).get(f"/tasks/{presented.pk}/"))["media-src"]
    assert "https://cdn.example:8443" in media
    assert "https://*.volces.com" in media
    assert "https://other.example" not in media


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://a.example;script-src *",
        "https://a.example,b/",
        "data:video/mp4,x",
        "https://[::1]/",
        "https://x.example:99999/",
        "http://",
    ],
)
def test_a_hostile_link_never_reaches_the_policy_or_a_player(
    client_of: ClientOf, member: User, make_task: MakeTask, url: str
) -> None:
    task = make_task(status="succeeded", video_url=url, last_frame_url=url, file_url=url)
    response = client_of(member).get(f"/tasks/{task.pk}/")
    assert policy_of(response)["script-src"] == ["'self'"]
    known = {host for provider in PROVIDERS for host in provider.media_hosts}
    assert set(policy_of(response)["media-src"]) == {"'self'", "https://gateway.example"} | known
    assert b"<video" not in response.content
    assert b'rel="noreferrer noopener"' not in response.content


def test_a_page_that_is_not_there_is_shown_to_anyone_in_our_own_frame(client: Client) -> None:
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert b"This page doesn't exist" in response.content
    assert b"csrf" not in response.content  # a token would make two such pages differ
