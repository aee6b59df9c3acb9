"""Sending the form in the background: one key makes one batch, whatever becomes of the answers."""

from __future__ import annotations

import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import (
    Batch,
    Budget,
    Credential,
    Membership,
    Project,
    Submission,
    Task,
    Upload,
)
from tests.web.at_once import at_once
from tests.web.composing import PRO, ark, desk, filled
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import line_of, uploaded

__all__ = ["ark", "desk", "save_copy"]

BY_SCRIPT = {"Accept": "application/json"}
OTHER = "A lantern on a river, at night"


def send(desk: Client, **form: Any) -> Any:
    return desk.post("/tasks/new/", filled(**form), headers=BY_SCRIPT)


def words(answer: Any, part: str = "outcome") -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.json()[part]).split())


def test_the_answer_says_what_was_sent_and_gives_a_new_key(desk: Client) -> None:
    key = str(uuid.uuid4())
    answer = send(desk, key=key, takes="2")
    batch = Batch.objects.get()
    parts = answer.json()
    assert answer.status_code == 200
    assert (parts["batch"], parts["url"]) == (batch.pk, f"/batches/{batch.pk}/")
    assert words(answer) == "2 requests sent. Show them"
    assert f'href="/batches/{batch.pk}/"' in parts["outcome"]
    assert uuid.UUID(parts["key"]) != uuid.UUID(key) == batch.key


def test_a_single_request_is_shown_by_its_task(desk: Client) -> None:
    answer = send(desk)
    assert answer.json()["url"] == f"/tasks/{Task.objects.get().pk}/"
    assert words(answer) == "1 request sent. Show it"


def test_a_combination_that_is_left_out_is_named(desk: Client) -> None:
    both = ["doubao-seedance-2-0-260128", PRO]
    answer = send(
        desk, several="on", model=both, duration=["12", "14"], ratio=["16:9"], resolution=["720p"]
    )
    assert answer.status_code == 200, answer.content
    assert words(answer).startswith("3 requests sent. 1 combination was left out")


@pytest.mark.parametrize("more", [{}, {"model": PRO}, {"model": PRO, "takes": "4"}])
def test_the_same_form_sent_again_makes_nothing_more(desk: Client, more: dict[str, str]) -> None:
    """Seeds that are drawn by chance are the same again."""
    form = filled(**more)
    first = desk.post("/tasks/new/", form, headers=BY_SCRIPT)
    again = desk.post("/tasks/new/", form, headers=BY_SCRIPT)
    assert (again.status_code, Batch.objects.count()) == (200, 1)
    assert again.json()["url"] == first.json()["url"]
    assert words(again).startswith("Already sent: ")
    assert Task.objects.count() == int(more.get("takes", 1))


def test_seeds_differ_between_takes_and_between_keys(desk: Client) -> None:
    for _ in range(2):
        send(desk, model=PRO, takes="3")
    seeds = [row.generation.seed for row in Submission.objects.all()]
    assert None not in seeds and len(set(seeds)) == 6


def test_a_changed_form_is_told_what_its_key_has_sent_and_goes_under_a_new_one(
    desk: Client,
) -> None:
    key = str(uuid.uuid4())
    send(desk, key=key)
    answer = send(desk, key=key, prompt=OTHER)
    assert (answer.status_code, Batch.objects.count()) == (409, 1)
    assert "been sent" in words(answer)
    assert "Already sent: 1 request. Show it" in words(answer)
    assert answer.json()["url"] == f"/tasks/{Task.objects.get().pk}/"
    send(desk, key=answer.json()["key"], prompt=OTHER)
    assert set(Task.objects.values_list("prompt", flat=True)) == {filled()["prompt"], OTHER}


@pytest.mark.parametrize("change", ["project", "credential", "takes", "seeds"])
def test_every_change_counts(
    desk: Client, ark: Credential, project: Project, member: User, change: str
) -> None:
    other = Credential(name="Other", provider="volcengine", base_url="https://b.example/api/v3")
    other.replace_key("sk-of-the-tests-0123456789")
    other.save()
    elsewhere = Project.objects.create(name="Elsewhere")
    Membership.objects.create(project=elsewhere, user=member, role="member")
    form = filled(model=PRO, seeds="7", project=project.pk, credential=ark.pk)
    changes = {"project": elsewhere.pk, "credential": other.pk, "takes": "2", "seeds": "8"}
    assert send(desk, **form).status_code == 200
    assert send(desk, **form | {change: changes[change]}).status_code == 409
    assert Batch.objects.get().project == project


def test_a_changed_form_goes_under_its_key_where_the_first_try_made_nothing(desk: Client) -> None:
    key = str(uuid.uuid4())
    assert send(desk, key=key, prompt="").status_code == 422
    assert send(desk, key=key, prompt=OTHER).status_code == 200
    assert Batch.objects.get().key == uuid.UUID(key)


@pytest.mark.django_db(transaction=True)
def test_of_two_contents_at_once_under_one_key_one_is_placed_and_the_other_told(
    client_of: ClientOf, ark: Credential, member: User
) -> None:
    key = str(uuid.uuid4())
    statuses: list[tuple[int, str]] = []
    prompts = ["One", "Another"] * 3
    desks = [client_of(member) for _ in prompts]

    def press(desk: Client, prompt: str) -> None:
        statuses.append((send(desk, key=key, prompt=prompt).status_code, prompt))

    at_once([partial(press, *pair) for pair in zip(desks, prompts, strict=True)])
    task = Task.objects.get()
    other = "Another" if task.prompt == "One" else "One"
    assert sorted(statuses) == sorted([(200, task.prompt)] * 3 + [(409, other)] * 3)


def test_errors_come_back_as_the_form_with_the_focus_on_the_first(desk: Client) -> None:
    answer = send(desk, prompt="")
    assert (answer.status_code, Batch.objects.count()) == (422, 0)
    assert words(answer) == "Nothing was sent. Fix the marked fields."
    box = re.findall(r"<textarea[^>]+name=\"prompt\"[^>]*>", answer.json()["body"])[0]
    assert "autofocus" in box and "is-invalid" in box
    assert "key" not in answer.json()


def test_a_refusal_of_the_budget_is_told_beside_the_button(desk: Client, project: Project) -> None:
    Budget.objects.create(project=project, limit=1)
    answer = send(desk)
    assert (answer.status_code, Task.objects.count()) == (422, 0)
    assert "budget" in words(answer) and "budget" in words(answer, "body")


def test_without_a_credential_the_form_on_the_page_is_left_alone(
    desk: Client, ark: Credential
) -> None:
    Credential.objects.update(active=False)
    answer = send(desk)
    assert answer.status_code == 422
    assert answer.json() == {"outcome": answer.json()["outcome"]}
    assert words(answer) == "Nothing was sent. This project no longer has an active credential."


@pytest.mark.usefixtures("save_copy")  # the storage is the test's own
def test_a_removed_picture_is_told_in_a_draft_and_when_it_is_sent(desk: Client) -> None:
    upload = uploaded(desk)
    form = filled(mode="first_frame", first_frame=line_of(upload))
    Upload.objects.all().delete()
    restored = desk.post("/tasks/new/preview/", form)
    gone = "A picture is no longer in this project. Add it again."
    assert restored.status_code == 200 and gone in restored.content.decode()
    assert gone in send(desk, **form).json()["body"]
    assert not Batch.objects.exists()


def test_an_ended_session_is_no_answer(desk: Client) -> None:
    key = str(uuid.uuid4())
    desk.logout()
    assert send(desk, key=key).status_code == 401
    assert desk.get(f"/tasks/new/{key}/", headers=BY_SCRIPT).status_code == 401


def test_somebody_elses_key_is_refused(desk: Client, client_of: ClientOf, manager: User) -> None:
    key = str(uuid.uuid4())
    send(desk, key=key)
    assert send(client_of(manager), key=key).status_code == 403
    assert client_of(manager).get(f"/tasks/new/{key}/").status_code == 204


def test_a_key_tells_its_own_person_what_it_has_sent(desk: Client) -> None:
    key = str(uuid.uuid4())
    nothing = desk.get(f"/tasks/new/{key}/")
    assert (nothing.status_code, nothing.content) == (204, b"")
    send(desk, key=key, takes="3")
    assert words(desk.get(f"/tasks/new/{key}/")) == "Already sent: 3 requests. Show them"


def test_without_scripts_a_changed_form_is_told_and_can_be_sent_as_well(desk: Client) -> None:
    """Back out of the browser's memory shows the form with its old key."""
    form = filled()
    desk.post("/tasks/new/", form)
    page = desk.post("/tasks/new/", form | {"prompt": OTHER})
    text = page.content.decode()
    assert Batch.objects.count() == 1
    assert f'<a href="/tasks/{Task.objects.get().pk}/">Already sent: 1 request.</a>' in text
    key = re.findall(r'name="key" value="([^"]+)"', text)[0]
    assert key != form["key"]
    desk.post("/tasks/new/", form | {"prompt": OTHER, "key": key})
    assert set(Task.objects.values_list("prompt", flat=True)) == {form["prompt"], OTHER}
