"""The view of a viewer: clips, prompts and settings, and no detail unless a manager shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tasks.models import AuditEntry, Batch, Membership, Project, Task
from tests.web.canaries import CANARIES, found_in, planted
from tests.web.conftest import ClientOf
from tests.web.everyone import world
from tests.web.test_access import EXPECTED, undone

__all__ = ["planted", "world"]


@pytest.fixture
def shown(project: Project) -> None:
    """The project shows its details to viewers."""
    project.viewers_see_details = True
    project.save(update_fields=["viewers_see_details"])


@pytest.mark.exhaustive
def test_no_address_tells_a_viewer_a_detail(
    client_of: ClientOf, viewer: User, planted: dict[str, Task], world: dict[str, Any]
) -> None:
    answers = [
        *answers_to_all(client_of(viewer), world),
        *answers_of_pages(client_of(viewer), planted, world),
    ]
    assert len(answers) > 200
    assert found_in(answers) == {}


@pytest.mark.exhaustive
@pytest.mark.looks
@pytest.mark.parametrize("who", ["member", "manager"])
def test_members_and_managers_find_every_detail(
    who: str,
    request: pytest.FixtureRequest,
    client_of: ClientOf,
    planted: dict[str, Task],
    world: dict[str, Any],
) -> None:
    client = client_of(request.getfixturevalue(who))
    found = found_in(answers_of_pages(client, planted, world, feeds=False))
    assert CANARIES.keys() - found.keys() == set()


@pytest.mark.exhaustive
@pytest.mark.looks
def test_viewers_to_whom_a_manager_shows_them_find_every_detail(
    client_of: ClientOf, viewer: User, planted: dict[str, Task], world: dict[str, Any], shown: None
) -> None:
    found = found_in(answers_of_pages(client_of(viewer), planted, world, feeds=False))
    assert CANARIES.keys() - found.keys() == set()


@pytest.mark.exhaustive
def test_somebody_who_works_elsewhere_sees_no_detail_where_they_are_a_viewer(
    client_of: ClientOf, viewer: User, planted: dict[str, Task], world: dict[str, Any]
) -> None:
    elsewhere = Project.objects.create(name="Elsewhere")
    Membership.objects.create(project=elsewhere, user=viewer, role="member")
    found = found_in(answers_of_pages(client_of(viewer), planted, world))
    # A heartbeat and the archive's list are of the whole site, and they work in it.
    assert found.keys() == {"a silent worker", "the archive's list of them"}


def answers_to_all(client: Client, world: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The whole answer of every address in the table of rights, to GET and to POST."""
    for (method, route), (address, _expected) in EXPECTED.items():
        if "sign_out" in route:
            continue
        url = address.format(**world)
        with undone():
            yield f"{method} {url}", whole(getattr(client, method.lower())(url))


def answers_of_pages(
    client: Client, tasks: dict[str, Task], world: dict[str, Any], *, feeds: bool = True
) -> Iterator[tuple[str, bytes]]:
    """The whole answers of the pages that show these tasks, of their feeds, and of their files."""
    batch, credential = Batch.objects.latest("pk").pk, world["credential"]
    takes = f"?take={tasks['saved'].pk}&take={tasks['refused'].pk}"
    states = ("at_risk", "saving", "waiting", "saved", "gone")
    pages = [
        *(task.get_absolute_url() for task in tasks.values()),
        *("/", "/?status=failed", f"/?credential={credential}", "/?provider=volcengine"),
        *(f"/batches/{batch}/", f"/batches/{batch}/{takes}"),
        *("/archive/", *(f"/archive/?state={state}" for state in states)),
    ]
    for url in pages:
        page = client.get(url)
        yield url, whole(page)
        if feeds:
            yield f"feed of {url}", whole(client.get(news_of(page)))
    project, saved = world["project"], tasks["saved"].pk
    for url in (
        *("/header-status/", "/notifications/?after=0", "/budgets/", f"/budgets/{project}/"),
        *(f"/tasks/{saved}/video", f"/tasks/{saved}/video?download", f"/tasks/new/?from={saved}"),
    ):
        yield url, whole(client.get(url))
    with undone():
        every = {"task": [task.pk for task in tasks.values()]}
        yield "ZIP", whole(client.post("/tasks/download.zip", every))


def news_of(page: Any) -> str:
    """The address of the page's feed, as if every row on it had changed since."""
    return re.sub(r"after=\d+", "after=0", page.context["feed"].url)


def whole(response: Any) -> bytes:
    """The head and the body of an answer."""
    body = b"".join(response) if response.streaming else response.content
    head = "".join(f"{name}: {value}\n" for name, value in response.headers.items())
    return head.encode() + body


@pytest.mark.parametrize(
    ("fate", "sentence"),
    [
        (
            "failed",
            "The video couldn't be generated. Project members can see what the provider said.",
        ),
        ("without an account", "The team's account with the provider couldn't generate this."),
        ("refused", "Refused: nothing was created"),
        ("waiting", "Waiting to be sent"),
        ("unconfirmed", "Unconfirmed: this may or may not have been created"),
        ("unsaved", "You can watch it here as soon as it"),
        ("gone", "The video is lost."),
    ],
)
def test_a_viewer_is_told_in_plain_words_what_became_of_a_take(
    fate: str, sentence: str, client_of: ClientOf, viewer: User, planted: dict[str, Task]
) -> None:
    page = client_of(viewer).get(planted[fate].get_absolute_url())
    assert sentence in " ".join(page.content.decode().replace("&#x27;", "'").split())


def test_the_family_of_a_failure_is_told_on_page_list_and_feed(
    client_of: ClientOf, viewer: User, planted: dict[str, Task]
) -> None:
    refused = {"error_code": "InputTextSensitiveContentDetected", "error_message": "No."}
    Task.objects.filter(pk=planted["failed"].pk).update(**refused)
    client = client_of(viewer)
    sentence = b"The provider&#x27;s moderation rejected the prompt."
    for url in (planted["failed"].get_absolute_url(), "/"):
        page = client.get(url)
        assert sentence in page.content and sentence in client.get(news_of(page)).content


@pytest.mark.exhaustive
@pytest.mark.looks
@pytest.mark.parametrize("who", ["viewer", "member"])
def test_a_feed_brings_the_same_elements_as_the_page(
    who: str, client_of: ClientOf, viewer: User, member: User, planted: dict[str, Task]
) -> None:
    client = client_of({"viewer": viewer, "member": member}[who])
    batch = reverse("batch", args=[Batch.objects.latest("pk").pk])
    for url in ("/", batch, "/archive/", *(each.get_absolute_url() for each in planted.values())):
        page = client.get(url)
        on_page, news = elements(page), elements(client.get(news_of(page)))
        swapped = {pk: words for pk, words in news.items() if "hx-swap-oob=true" in words[0]}
        assert swapped, url
        for pk, words in swapped.items():
            assert [each.replace(" hx-swap-oob=true", "") for each in words] == on_page[pk], url


def elements(response: Any) -> dict[str, list[str]]:
    """The tags and words within each element that has an id, without what differs by design."""
    reader = Elements()
    reader.feed(CHANGING.sub("", response.content.decode()))
    return reader.elements


#: Clocks, the tokens of forms, and the key of a button.
CHANGING = re.compile(r"\d+:\d\d|value=\"[\w-]{36,64}\"")


class Elements(HTMLParser):
    """A reader of `elements`."""

    VOID = ("input", "img", "br", "link", "meta", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.elements: dict[str, list[str]] = {}
        self._open: list[list[str] | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = self.elements.setdefault(name, []) if (name := dict(attrs).get("id")) else None
        if tag not in self.VOID:
            self._open.append(element)
        self._add(" ".join([tag, *(f"{name}={value}" for name, value in attrs)]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if words := " ".join(data.split()):
            self._add(words)

    def _add(self, words: str) -> None:
        for element in self._open:
            if element is not None:
                element.append(words)


def test_a_managers_switch_is_told_and_noted(
    client_of: ClientOf, manager: User, project: Project
) -> None:
    client, url = client_of(manager), reverse("viewer_details", args=[project.pk])
    assert b"What viewers see" in client.get(f"/people/?project={project.pk}").content
    for posted, shown in (({"viewers_see_details": "on"}, True), ({}, False)):
        for _twice in range(2):
            page = client.post(url, posted, follow=True)
        project.refresh_from_db()
        assert project.viewers_see_details == shown
        assert b"Viewers can now see" in page.content
    notes = AuditEntry.objects.filter(verb="project_changed", project_id=project.pk)
    changes = list(notes.order_by("pk").values_list("changes__viewers_see_details", flat=True))
    assert changes == [[False, True], [True, False]]
    audit = client.get("/audit/").content
    assert b"viewers see costs and technical details" in audit


def test_staff_change_it_in_the_admin_and_that_is_noted(
    client_of: ClientOf, staff: User, project: Project
) -> None:
    inline = {f"membership_set-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    posted = {"name": project.name, "viewers_see_details": "on", **inline}
    client_of(staff).post(f"/admin/tasks/project/{project.pk}/change/", posted)
    project.refresh_from_db()
    assert project.viewers_see_details
    [note] = AuditEntry.objects.filter(verb="project_changed")
    assert note.changes == {"viewers_see_details": [False, True]}


def test_a_viewer_finds_costs_and_budgets_only_where_they_are_shown(
    client_of: ClientOf, viewer: User, project: Project
) -> None:
    client = client_of(viewer)
    assert b'href="/costs/"' not in client.get("/").content
    assert client.get("/budgets/").status_code == 403
    Project.objects.update(viewers_see_details=True)
    assert b'href="/costs/"' in client.get("/").content
    assert b'href="/budgets/"' in client.get("/costs/").content
    assert client.get("/budgets/").status_code == 200
