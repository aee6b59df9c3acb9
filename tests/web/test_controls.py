"""Every link, form and button of every page, tried by the people who see it: none is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tasks.models import Copy, CopyKind, Credential, Membership, Project, Role
from tasks.providers.status import Status
from tests.batched import put_into_a_batch
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.web.conftest import SaveCopy

pytestmark = pytest.mark.exhaustive

REFUSALS = {403, 404, 405}
ENDS_THE_SESSION = "/sign-out/"


@dataclass
class Form:
    action: str
    method: str
    waits_for_rows: bool = False  # it shows itself only while rows are ticked
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # where to, name, value

    def submissions(self) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
        if self.method == "dialog" or self.waits_for_rows:  # the former only closes it
            return
        for to, name, value in self.buttons or [("", "", "")]:
            yield self.method, to or self.action, [*self.fields, *([(name, value)] if name else [])]


class Controls(HTMLParser):
    """The requests that a page's controls would send, with every row chosen."""

    def __init__(self, here: str, html: str) -> None:
        super().__init__()
        self.here = here
        self.links: set[str] = set()
        self.forms: dict[str, Form] = {}
        self._open = ""
        self._apart: list[tuple[str, tuple[str, str]]] = []
        self.feed(html)
        for owner, pair in self._apart:
            self.forms[owner].fields.append(pair)
            self.forms[owner].waits_for_rows = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "hx-get", "src"):
            if name in given and tag != "use":
                self.links.add(urljoin(self.here, given[name]))
        if tag == "form":
            self._begin_form(given)
        elif tag in ("input", "select", "textarea") and given.get("name"):
            self._note_field(given)
        elif tag == "button" and self._open and given.get("type") != "reset":
            to = given.get("formaction") or given.get("hx-post", "")
            to = urljoin(self.here, to) if to else ""
            button = (to, given.get("name", ""), given.get("value", ""))
            self.forms[self._open].buttons.append(button)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = ""

    def _begin_form(self, given: dict[str, str]) -> None:
        self._open = given.get("id") or f"form {len(self.forms)}"
        action = urljoin(self.here, given.get("action") or self.here)
        waits = "selection" in given.get("class", "").split()
        self.forms[self._open] = Form(action, given.get("method", "get").lower(), waits)

    def _note_field(self, given: dict[str, str]) -> None:
        pair = (given["name"], given.get("value", ""))
        if "form" in given:
            self._apart.append((given["form"], pair))
        elif self._open:
            self.forms[self._open].fields.append(pair)


@pytest.fixture
def lively(
    make_task: MakeTask,
    save_copy: SaveCopy,
    project: Project,
    credential: Credential,
    member: User,
) -> None:
    """Tasks in every status and copies in every state, so that every control is on some page."""
    soon = timezone.now() + timedelta(minutes=30)
    for status in Status:
        make_task(status=status, prompt=f"A take that is {status}", created_by=member)
    for fields in (
        {"state": "waiting"},
        {"state": "waiting", "trouble": "storage", "tries": 3},
        {"state": "saving", "bytes_done": 5, "bytes_total": 10},
        {"state": "gone", "trouble": "link_dead"},
    ):
        task = make_task(status="succeeded", video_url="https://x.volces.com/a.mp4")
        now = timezone.now()
        Copy.objects.create(
            task=task, kind=CopyKind.VIDEO, created_at=now, due_at=now, link_ends_at=soon, **fields
        )
    kept = make_task(status="succeeded", prompt="Archive")
    save_copy(kept, b"a video", poster=b"an image")
    save_copy(kept, png(), kind=CopyKind.LAST_FRAME)
    model = "doubao-seedance-1-0-pro-250528"
    takes = [make_task(status="succeeded", model=model, seed=seed) for seed in (1, 2)]
    save_copy(takes[0], b"a video")
    put_into_a_batch(takes, parent=kept, model=model)
    Credential.objects.update(trouble="unauthorized", trouble_since=timezone.now())


def is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.scheme and not parts.netloc and not parts.path.startswith("/static/")


def walk(client: Client, person: User) -> list[tuple[str, int, str]]:
    """Every page that can be reached by links, then every control on them: (what, answer, where).

    From an address with a query no other one is followed: filters of filters have no end.
    """
    waiting, seen = ["/", "/welcome/"], set[str]()
    tried, pages = [], []
    while waiting:
        url = waiting.pop().partition("#")[0]
        if url in seen or not is_ours(url):
            continue
        seen.add(url)
        answer = client.get(url)
        tried.append((f"GET {url}", answer.status_code, url))
        if "text/html" in answer.headers.get("Content-Type", ""):
            page = Controls(url, answer.content.decode())
            waiting += sorted(link for link in page.links if not ("?" in url and "?" in link))
            pages.append(page)
    for page in pages:
        tried += press(client, page, seen)
    client.force_login(person)
    return tried


def press(client: Client, page: Controls, seen: set[str]) -> Iterator[tuple[str, int, str]]:
    """Press each button and undo what it did, for the next one needs what it may have deleted."""
    for form in page.forms.values():
        for method, to, fields in form.submissions():
            what = f"{method.upper()} {to} {sorted(set(dict(fields)) - {'csrfmiddlewaretoken'})}"
            if what in seen or to == ENDS_THE_SESSION:
                continue
            seen.add(what)
            with transaction.atomic():
                answer = (client.get if method == "get" else client.post)(to, _many(fields))
                transaction.set_rollback(True)
            yield what, answer.status_code, page.here


def _many(fields: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


#: What members reach asks the database whatever the others reach asks it.
ELSEWHERE = [pytest.param(who, marks=pytest.mark.looks) for who in ("viewer", "stranger", "nobody")]


@pytest.mark.parametrize("who", ["member", *ELSEWHERE])
def test_no_control_on_any_page_would_be_refused(
    request: pytest.FixtureRequest, lively: None, who: str
) -> None:
    person = User.objects.create_user("nobody") if who == "nobody" else request.getfixturevalue(who)
    client = Client()
    client.force_login(person)
    tried = walk(client, person)
    assert [each for each in tried if each[1] in REFUSALS or each[1] >= 500] == []
    if who in ("viewer", "member"):
        assert len([what for what, _, _ in tried if what.startswith("GET /tasks/")]) > 15
    posts = [what for what, _, _ in tried if what.startswith("POST")]
    assert any("refresh" in what for what in posts) == (who == "member")
    assert any("save-now" in what for what in posts) == (who == "member")
    assert any("run-again" in what for what in posts) == (who == "member")
    assert any("continue" in what for what in posts) == (who == "member")


@pytest.mark.looks
def test_a_viewer_of_one_project_who_works_in_another_is_offered_work_there_only(
    viewer: User, lively: None, make_task: MakeTask
) -> None:
    other = Project.objects.create(name="Second")
    Membership.objects.create(project=other, user=viewer, role=Role.MEMBER)
    theirs = make_task(project=other, created_by=viewer)
    client = Client()
    client.force_login(viewer)
    tried = walk(client, viewer)
    refused = [each for each in tried if each[1] in REFUSALS or each[1] >= 500]
    assert refused == []
    refreshed = [what for what, _, _ in tried if "/refresh/" in what]
    assert refreshed == [f"POST /tasks/{theirs.pk}/refresh/ []"]
