"""Another project's row, named in any address or form, answers byte for byte like a missing one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import (
    Batch,
    Copy,
    Credential,
    Project,
    SavedPrompt,
    Submission,
    Task,
    UntrackedTask,
    Upload,
)
from tests.conftest import MakeTask
from tests.providers.generations import generation
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.everyone import world
from tests.web.test_access import EXPECTED, undone

__all__ = ["world"]

MISSING = 999_999
#: Rows that an address of EXPECTED names.
ROWS: tuple[str, ...] = (
    "task",
    "credential",
    "batch",
    "prompt",
    "price",
    "upload",
    "bill",
    "person",
    "invitation",
)
ROWS += ("project",)
#: What differs between any two answers: form tokens, keys of buttons, and times.
CHANGING = re.compile(rb"value=\"[\w-]{36,64}\"|\d+:\d\d|\d{4}-\d\d-\d\dT[\d:.+]+|shown=\w+")

Send = Callable[[Client, Any], Any]


@pytest.fixture
def theirs(world: dict[str, Any], make_task: MakeTask, save_copy: SaveCopy) -> dict[str, int]:
    """More rows of the project that stranger and neighbour are not in."""
    now, task = timezone.now(), Task.objects.get(pk=world["task"])
    deleted, kept = make_task(deleted_at=now), make_task()
    save_copy(deleted, b"deleted with its task")
    untracked = UntrackedTask.objects.create(
        credential=task.credential, remote_id="cgt-theirs", **_listed(now)
    )
    batch = Batch.objects.get(pk=world["batch"])
    Submission.objects.create(task=kept, batch=batch, request=generation().to_json())
    return {
        **{name: world[name] for name in (*ROWS, "poster", "sprite", "proxy", "waveform", "sound")},
        "deleted": deleted.pk,
        "copy": save_copy(kept, b"deleted", deleted_at=now).pk,
        "untracked": untracked.pk,
        "member": User.objects.get(username="somebody").pk,
    }


def _listed(now: Any) -> dict[str, Any]:
    times = {"found_at": now, "seen_at": now, "remote_created_at": now}
    return {"base_url": "https://gateway.example", "status": "succeeded", **times}


@pytest.mark.exhaustive
@pytest.mark.parametrize("who", ["stranger", "neighbour"])
def test_every_address_that_names_a_row(
    who: str, request: pytest.FixtureRequest, client_of: ClientOf, theirs: dict[str, int]
) -> None:
    client, compared = client_of(request.getfixturevalue(who)), set()
    for (method, route), (address, _cells) in EXPECTED.items():
        for name in ROWS:
            if f"{{{name}}}" not in address:
                continue
            answers = [
                answer(
                    getattr(client, method.lower())(address.format(**theirs | {name: pk})),
                    theirs[name],
                )
                for pk in (theirs[name], MISSING)
            ]
            assert answers[0] == answers[1], (method, route)
            compared.add(name)
            assert answers[0][0] in (302, 308, 403, 404, 405), (method, route)
    assert compared == set(ROWS)


#: Whatever else takes the id of a row: (name of the row, how it is sent).
ELSEWHERE: dict[str, tuple[str, Send]] = {
    "list by project": ("project", lambda c, pk: c.get(f"/?project={pk}")),
    "list by credential": ("credential", lambda c, pk: c.get(f"/?credential={pk}")),
    "list by person": ("member", lambda c, pk: c.get(f"/?person={pk}")),
    "list by batch": ("batch", lambda c, pk: c.get(f"/?batch={pk}")),
    "page of the list": ("task", lambda c, pk: c.get(f"/?before={pk}")),
    "feed of a task": ("task", lambda c, pk: c.get(f"/live/?after=0&page=task&on={pk}en{0:08}")),
    "feed of a list": ("task", lambda c, pk: c.get(f"/live/?after=0&page=list&on={pk}en{0:08}")),
    "feed of a batch": ("batch", lambda c, pk: c.get(f"/live/?after=0&page=batch&batch={pk}")),
    "feed of files": ("copy", lambda c, pk: c.get(f"/live/?after=0&page=archive&on={pk}en{0:08}")),
    "form from a task": ("task", lambda c, pk: c.get(f"/tasks/new/?from={pk}")),
    "form from a prompt": ("prompt", lambda c, pk: c.get(f"/tasks/new/?prompt={pk}")),
    "form in a project": ("project", lambda c, pk: c.get(f"/tasks/new/?project={pk}")),
    "track in a project": ("project", lambda c, pk: c.get(f"/tasks/track/?project={pk}")),
    "track by a credential": ("credential", lambda c, pk: c.get(f"/tasks/track/?credential={pk}")),
    "prompts of a project": ("project", lambda c, pk: c.get(f"/prompts/?project={pk}")),
    "people of a project": ("project", lambda c, pk: c.get(f"/people/?project={pk}")),
    "audit of a project": ("project", lambda c, pk: c.get(f"/audit/?project={pk}")),
    "audit of a person": ("member", lambda c, pk: c.get(f"/audit/?person={pk}")),
    "place in a project": ("project", lambda c, pk: c.post("/tasks/new/", {"project": pk})),
    "place by a credential": (
        "credential",
        lambda c, pk: c.post("/tasks/new/", {"credential": pk, "prompt": "A boat"}),
    ),
    "place after a task": ("task", lambda c, pk: c.post("/tasks/new/", {"origin": pk})),
    "preview in a project": (
        "project",
        lambda c, pk: c.post("/tasks/new/preview/", {"project": pk}),
    ),
    "preview with a picture": (
        "upload",
        lambda c, pk: c.post(
            "/tasks/new/preview/", {"mode": "first_frame", "first_frame": f"upload:{pk}"}
        ),
    ),
    "save a prompt": (
        "project",
        lambda c, pk: c.post("/tasks/new/prompts/", {"project": pk, "prompt": "A boat"}),
    ),
    "give a picture": ("project", lambda c, pk: c.post("/tasks/new/upload/", {"project": pk})),
    "track": (
        "credential",
        lambda c, pk: c.post("/tasks/track/", {"credential": pk, "ids": "cgt-1"}),
    ),
    "invite": ("project", lambda c, pk: c.post("/people/invite/", {"project": pk, "role": "x"})),
    "export an audit": ("project", lambda c, pk: c.post("/audit/export.csv", {"project": pk})),
    "delete a task": ("task", lambda c, pk: c.post("/tasks/delete/", {"only": pk})),
    "save a task now": ("task", lambda c, pk: c.post("/archive/save-now/", {"only": pk})),
    "ZIP of a task": ("task", lambda c, pk: c.post("/tasks/download.zip", {"task": pk})),
    "restore a task": ("deleted", lambda c, pk: c.post("/trash/restore/", {"task": pk})),
    "restore a file": ("copy", lambda c, pk: c.post("/trash/restore/", {"copy": pk})),
    "purge a task": ("deleted", lambda c, pk: c.post("/trash/delete-for-good/", {"task": pk})),
    "purge a file": ("copy", lambda c, pk: c.post("/trash/delete-for-good/", {"copy": pk})),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("who", ["stranger", "neighbour"])
def test_whatever_else_takes_an_id(
    who: str, request: pytest.FixtureRequest, client_of: ClientOf, theirs: dict[str, int]
) -> None:
    client = client_of(request.getfixturevalue(who))
    assert differences(client, theirs, ELSEWHERE) == {}


def differences(
    client: Client, rows: dict[str, int], sent: dict[str, tuple[str, Send]]
) -> dict[str, list[Any]]:
    """Answers about a row that are not those about a missing one, by what was asked."""
    told = {}
    for what, (name, send) in sent.items():
        answers = []
        for pk in (rows[name], MISSING):
            client.cookies.pop("messages", None)  # what the next page would tell of the last one
            with undone():  # an export is noted, and the next one would have it
                answers.append(answer(send(client, pk), rows[name]))
        if answers[0] != answers[1]:
            told[what] = answers
    return told


def answer(response: Any, real: int) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, head and body, with N for either id, and without what differs between any answers."""
    body = b"".join(response) if response.streaming else response.content
    either = rf"(?<!\d)(?:{real}|{MISSING})(?!\d)"
    head = [
        (name, re.sub(either, "N", value))
        for name, value in sorted(response.headers.items())
        if name not in ("Content-Length", "Expires", "Last-Modified")
    ]
    if "messages" in response.cookies:  # signed with the second in which it was said
        head.append(("messages", response.cookies["messages"].value.partition(":")[0]))
    return response.status_code, head, re.sub(either.encode(), b"N", CHANGING.sub(b"", body))


# Many rows at once, and rows within rows


@pytest.fixture
def own(
    neighbour: User, make_task: MakeTask, save_copy: SaveCopy, theirs: dict[str, int]
) -> dict[str, int]:
    """The neighbour's own rows, of the same kinds."""
    now, elsewhere = timezone.now(), Project.objects.get(name="Elsewhere")
    account = Credential(name="Elsewhere's", provider="volcengine", base_url="https://ark.example")
    account.replace_key("sk-of-the-tests-0123456789")
    account.open_to_all = False
    account.save()
    account.projects.set([elsewhere])
    made = {"project": elsewhere, "credential": account}
    task, deleted = make_task(**made), make_task(deleted_at=now, **made)
    lost = make_task(status="unconfirmed", **made)
    batch = Batch.objects.create(created_at=now, takes=2, **made)
    for take, each in enumerate((task, lost), 1):
        state = "unconfirmed" if each is lost else "created"
        asked = {"request": generation().to_json(), "state": state, "sent_at": now}
        Submission.objects.create(task=each, batch=batch, take=take, **asked)
    untracked = UntrackedTask.objects.create(
        credential=account, remote_id="cgt-own", **_listed(now) | {"base_url": account.base_url}
    )
    return {
        "project": elsewhere.pk,
        "credential": account.pk,
        "task": task.pk,
        "lost": lost.pk,
        "batch": batch.pk,
        "deleted": deleted.pk,
        "copy": save_copy(make_task(**made), b"own", deleted_at=now).pk,
        "untracked": untracked.pk,
    }


def ids(rows: Iterable[Any]) -> set[int]:
    return {row.pk for row in rows}


def test_deleting_mixed_ids_deletes_own_ones(
    client_of: ClientOf, neighbour: User, own: dict[str, int], theirs: dict[str, int]
) -> None:
    trash = Task.objects.exclude(deleted_at=None)
    before, mixed = ids(trash.all()), {"task": [own["task"], theirs["task"], MISSING]}
    assert client_of(neighbour).post("/tasks/delete/", mixed).status_code == 302
    assert ids(trash) - before == {own["task"]}


def test_restoring_and_purging_mixed_ids_touch_own_ones(
    client_of: ClientOf, neighbour: User, own: dict[str, int], theirs: dict[str, int]
) -> None:
    client = client_of(neighbour)
    mixed = {
        "task": [own["deleted"], theirs["deleted"], MISSING],
        "copy": [own["copy"], theirs["copy"], MISSING],
    }
    sure = client.post("/trash/delete-for-good/", mixed).context
    assert [row["pk"] for row in sure["tasks"]] == [own["deleted"]]
    assert [row["pk"] for row in sure["copies"]] == [own["copy"]]
    with undone():
        assert client.post("/trash/delete-for-good/", mixed | {"sure": "1"}).status_code == 302
        purged = ids(Task.objects.filter(deleted_at__lt=timezone.now() - timedelta(days=29)))
        assert purged <= {own["deleted"]}
    assert client.post("/trash/restore/", mixed).status_code == 302
    assert Task.objects.get(pk=own["deleted"]).deleted_at is None
    assert Task.objects.get(pk=theirs["deleted"]).deleted_at is not None
    assert Copy.objects.get(pk=theirs["copy"]).deleted_at is not None
    assert Copy.objects.get(pk=own["copy"]).deleted_at is None


def test_adopting_mixed_ids_adopts_those_of_the_account(
    client_of: ClientOf, neighbour: User, own: dict[str, int], theirs: dict[str, int]
) -> None:
    url = f"/untracked/{own['credential']}/adopt/"
    mixed = {"found": [own["untracked"], theirs["untracked"], MISSING], "project": own["project"]}
    UntrackedTask.objects.update(raw='{"id": "cgt-own", "status": "succeeded"}')
    assert client_of(neighbour).post(url, mixed).status_code == 302
    assert UntrackedTask.objects.filter(pk=theirs["untracked"]).exists()
    assert not UntrackedTask.objects.filter(pk=own["untracked"]).exists()
    foreign = mixed | {"project": theirs["project"]}  # the account's only project is taken
    client_of(neighbour).post(url, foreign)
    assert not Task.objects.filter(project=theirs["project"], remote_id="cgt-own").exists()


def test_an_own_row_with_anothers_child_answers_as_with_a_missing_one(
    client_of: ClientOf, neighbour: User, own: dict[str, int], theirs: dict[str, int]
) -> None:
    batch, account = f"/batches/{own['batch']}/", f"/untracked/{own['credential']}/adopt/"
    again = f"/tasks/new/?from={own['task']}&as=continued"
    preview, first = "/tasks/new/preview/", {"mode": "first_frame"}
    nested: dict[str, tuple[str, Send]] = {
        "account in a form": ("credential", lambda c, pk: c.post(preview, {"credential": pk})),
        "picture in a form": (
            "upload",
            lambda c, pk: c.post(preview, {**first, "first_frame": f"upload:{pk}"}),
        ),
        "take of a batch": ("task", lambda c, pk: c.get(f"{batch}?take={pk}")),
        "found in an account": ("untracked", lambda c, pk: c.post(account, {"found": pk})),
        "frame of a task": ("upload", lambda c, pk: c.get(f"{again}&frame={pk}")),
    }
    assert differences(client_of(neighbour), theirs, nested) == {}


def test_a_picture_of_another_project_is_given_to_no_provider(
    client_of: ClientOf, neighbour: User, own: dict[str, int], theirs: dict[str, int]
) -> None:
    posted: dict[str, Any] = {"mode": "first_frame"}
    posted["first_frame"] = f"upload:{theirs['upload']}"
    posted |= {"project": own["project"], "credential": own["credential"], "prompt": "A boat"}
    before = ids(Submission.objects.all())
    client_of(neighbour).post("/tasks/new/", posted)
    assert ids(Submission.objects.all()) == before
    assert Upload.objects.get(pk=theirs["upload"]).submissions.count() == 0


def test_no_row_of_anothers_changes_hands_by_a_posted_project(
    client_of: ClientOf, manager: User, neighbour: User, own: dict[str, int], world: dict[str, Any]
) -> None:
    """Fields that no form has are ignored: whose a row is stays as it was."""
    client = client_of(manager)
    posted = {"project": own["project"], "name": "Boat", "text": "Two boats", "amount": "46"}
    for url in (f"/prompts/{world['prompt']}/", f"/budgets/{world['project']}/"):
        client.post(url, posted)
    task = Task.objects.get(pk=world["task"])
    client.post(f"/tasks/{task.pk}/star", posted)
    task.refresh_from_db()
    assert task.project_id == world["project"]
    assert SavedPrompt.objects.get(pk=world["prompt"]).project_id == world["project"]
