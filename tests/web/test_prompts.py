"""The prompt box: its length, variables, what a project saved and a person wrote last."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.models import AuditEntry, Membership, Project, Role, SavedPrompt, Submission, Task, Verb
from tasks.models.prompt import MOST_SAVED
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.making import ark, desk, fields_of, filled, look
from tests.web.test_matrix import several, words

__all__ = ["ark", "desk"]


@pytest.fixture
def boat(project: Project, member: User) -> SavedPrompt:
    text = "A {{colour}} boat on {{水}}"
    return SavedPrompt.objects.create(project=project, created_by=member, name="Boat", text=text)


@pytest.fixture
def elsewhere(stranger: User) -> SavedPrompt:
    project = Project.objects.get(name="Elsewhere")
    return SavedPrompt.objects.create(
        project=project, created_by=stranger, name="Theirs", text="A secret of theirs"
    )


# How long


def test_the_length_is_said_beside_the_models_advice(desk: Client) -> None:
    page = words(look(desk, prompt="纸船 on a canal"))
    assert "Characters <b>2</b> / 500" in page and "Words <b>3</b> / 1,000" in page
    assert "at most 500 Chinese characters or 1,000 English words" in page


def test_too_long_is_a_warning_and_no_refusal(desk: Client) -> None:
    page = look(desk, prompt="船" * 501)
    assert page.context["form"].is_long
    assert not look(desk, prompt="船" * 500).context["form"].is_long
    desk.post("/tasks/new/", filled(prompt="船" * 501))
    assert Task.objects.get().prompt == "船" * 501


# Variables


def test_a_variable_is_a_field_and_is_filled_in_on_the_server(desk: Client) -> None:
    typed = {"prompt": "A {{colour}} boat on {{水}}", "fill-colour": "red"}
    page = look(desk, **typed, **{"fill-水": "a canal"})
    assert {"fill-colour", "fill-水"} <= fields_of(page)
    assert '<span id="prompt-filled">A red boat on a canal</span>' in words(page)
    desk.post("/tasks/new/", filled(**typed, **{"fill-水": "a canal"}))
    assert Task.objects.get().prompt == "A red boat on a canal"


def test_an_empty_variable_is_asked_for_and_nothing_is_placed(desk: Client) -> None:
    page = desk.post("/tasks/new/", filled(prompt="A {{colour}} boat"))
    assert "Say what {{colour}} is to be." in words(page)
    assert not Task.objects.exists()
    assert "Say what" not in words(look(desk, prompt="A {{colour}} boat"))


@pytest.mark.parametrize(
    ("prompt", "value", "said"),
    [
        ("A {{two words}} boat", "x", "A variable is written {{name}}"),
        ("A {{colour boat", "x", "A variable is written {{name}}"),
        ("A {{colour}} boat", "{{colour}}", "A value holds no variables of its own."),
        (" ".join(f"{{{{v{n}}}}}" for n in range(11)), "x", "At most 10 variables."),
        ("{{colour}}" * 10, "x" * 4_000, "Filled in, a prompt has more than 20000 characters."),
    ],
)
def test_what_cannot_be_filled_in_is_said(desk: Client, prompt: str, value: str, said: str) -> None:
    given = filled(prompt=prompt, **{"fill-colour": value})
    assert said in words(desk.post("/tasks/new/", given))
    assert said in words(desk.post("/tasks/new/look/", given))
    assert not Task.objects.exists()


def test_several_values_make_a_video_each(desk: Client) -> None:
    typed = {"prompt": "A {{colour}} boat", "fill-colour": "red\r\nblue\r\n\r\nred", "takes": "2"}
    page = words(look(desk, **typed))
    assert "4 videos" in page and "2 prompts × 2 takes" in page
    desk.post("/tasks/new/", filled(**typed))
    made = [row.wished.prompt for row in Submission.objects.order_by("take")]
    assert made == ["A red boat"] * 2 + ["A blue boat"] * 2


# Saved


def save(desk: Client, **more: Any) -> Any:
    return desk.post("/tasks/new/prompts/", filled(**{"prompt_name": "Boat"} | more))


def test_a_prompt_is_saved_and_the_form_stays_as_it_was(
    desk: Client, project: Project, member: User
) -> None:
    page = save(desk, prompt="A boat\r\n{{colour}}", ratio="9:16")
    row = SavedPrompt.objects.get()
    assert (row.project, row.created_by, row.name) == (project, member, "Boat")
    assert row.text == "A boat\n{{colour}}"
    form = page.context["form"]
    assert form["ratio"].value() == "9:16"
    assert "Saved as “Boat”" in words(page)
    assert not Task.objects.exists()


def test_with_htmx_only_the_form_comes_back(desk: Client) -> None:
    given = filled(prompt_name="Boat")
    page = desk.post("/tasks/new/prompts/", given, headers={"hx-request": "true"})
    assert "<html" not in page.content.decode() and "Saved as “Boat”" in words(page)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "This project has a saved prompt of this name."),
        ({"prompt_name": " "}, "This field is required."),
        ({"prompt": "", "prompt_name": "Other"}, "This field is required."),
        ({"prompt_name": "x" * 81}, "at most 80 characters"),
    ],
)
def test_what_cannot_be_saved_is_said(
    desk: Client, boat: SavedPrompt, more: dict[str, Any], said: str
) -> None:
    page = save(desk, **more)
    assert said in words(page)
    assert SavedPrompt.objects.count() == 1
    assert page.context["form"].prompt_name == more.get("prompt_name", "Boat")


def test_a_project_keeps_so_many_and_no_more(desk: Client, project: Project) -> None:
    SavedPrompt.objects.bulk_create(
        SavedPrompt(project=project, name=f"No. {n}", text="x") for n in range(MOST_SAVED)
    )
    assert "keeps 100 prompts already" in words(save(desk))


def test_a_saved_prompt_fills_the_box_with_and_without_scripts(
    desk: Client, boat: SavedPrompt
) -> None:
    for address in ("/tasks/new/look/", "/tasks/new/"):
        page = desk.post(address, filled(use=f"saved:{boat.pk}"))
        assert page.context["form"]["prompt"].value() == boat.text
        assert {"fill-colour", "fill-水"} <= fields_of(page)
    assert not Task.objects.exists()
    page = desk.get(f"/tasks/new/?prompt={boat.pk}")
    assert page.context["form"]["prompt"].value() == boat.text
    assert {"fill-colour", "fill-水"} <= fields_of(page)


def test_where_several_are_tried_it_is_put_beside_what_is_there(
    desk: Client, boat: SavedPrompt
) -> None:
    page = look(desk, **several(prompt="A raft", use=f"+saved:{boat.pk}"))
    assert page.context["form"]["prompt"].value() == f"A raft\n---\n{boat.text}"


def test_many_saved_prompts_cost_no_more_questions_than_one(
    desk: Client, boat: SavedPrompt, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(2):
        with django_assert_num_queries(10):
            desk.get("/prompts/")
        SavedPrompt.objects.bulk_create(
            SavedPrompt(project=boat.project, created_by=boat.created_by, name=f"No. {n}", text="x")
            for n in range(number * 20, number * 20 + 20)
        )


def test_another_projects_prompt_is_none(
    desk: Client, client_of: ClientOf, elsewhere: SavedPrompt, boat: SavedPrompt, stranger: User
) -> None:
    page = look(desk, use=f"saved:{elsewhere.pk}")
    assert "A secret of theirs" not in words(page)
    missing = desk.get("/tasks/new/?prompt=987654")
    hidden = desk.get(f"/tasks/new/?prompt={elsewhere.pk}")
    assert (hidden.status_code, hidden.content) == (404, missing.content)
    other = client_of(stranger)
    for address in (f"/prompts/{boat.pk}/", f"/prompts/{boat.pk}/delete/"):
        assert other.post(address, {"name": "Mine", "text": "x"}).status_code == 404
    assert "Boat" not in words(other.get(f"/prompts/?project={boat.project_id}"))
    boat.refresh_from_db()
    assert boat.name == "Boat"


def test_nothing_posted_beside_the_fields_counts(
    desk: Client, boat: SavedPrompt, elsewhere: SavedPrompt, member: User
) -> None:
    sent = {"name": "Ship", "text": "A ship", "project": elsewhere.project_id, "created_by": ""}
    desk.post(f"/prompts/{boat.pk}/", sent)
    was = boat.project_id
    boat.refresh_from_db()
    assert (boat.name, boat.text, boat.project_id, boat.created_by) == (
        "Ship",
        "A ship",
        was,
        member,
    )


def test_ones_own_can_be_renamed_and_deleted_and_managers_may_all(
    client_of: ClientOf, desk: Client, boat: SavedPrompt, manager: User, project: Project
) -> None:
    SavedPrompt.objects.create(project=project, created_by=manager, name="Raft", text="A raft")
    page = desk.get("/prompts/")
    assert [(each.name, own) for each, own in page.context["shown"]] == [
        ("Boat", True),
        ("Raft", False),
    ]
    raft = SavedPrompt.objects.get(name="Raft")
    assert desk.post(f"/prompts/{raft.pk}/delete/").status_code == 404
    taken = desk.post(f"/prompts/{boat.pk}/", {"name": "Raft", "text": "x"})
    assert "This project has a saved prompt of this name." in words(taken)
    assert desk.post(f"/prompts/{boat.pk}/", {"name": "Ship", "text": "x"}).status_code == 302
    client_of(manager).post(f"/prompts/{boat.pk}/delete/")
    assert not SavedPrompt.objects.filter(pk=boat.pk).exists()
    entry = AuditEntry.objects.get(verb=Verb.DELETED)
    assert (entry.label, entry.project_id, entry.kind) == ("Ship", project.pk, "savedprompt")


def record() -> list[tuple[str, str, dict[str, Any]]]:
    entries = AuditEntry.objects.order_by("pk")
    return [(entry.verb, entry.label, entry.changes) for entry in entries]


def test_who_saves_renames_and_changes_a_prompt_is_on_record(
    desk: Client, member: User, project: Project
) -> None:
    save(desk, prompt="A boat")
    row = SavedPrompt.objects.get()
    desk.post(f"/prompts/{row.pk}/", {"name": "Ship", "text": "A boat"})
    desk.post(f"/prompts/{row.pk}/", {"name": "Ship", "text": "A ship\r\nat sea"})
    assert record() == [
        (Verb.PROMPT_SAVED, "Boat", {}),
        (Verb.PROMPT_CHANGED, "Ship", {"name": ["Boat", "Ship"]}),
        (Verb.PROMPT_CHANGED, "Ship", {"characters": [6, 13]}),
    ]
    for entry in AuditEntry.objects.all():
        assert (entry.actor_id, entry.project_id) == (member.pk, project.pk)
        assert (entry.kind, entry.object_id) == ("savedprompt", row.pk)


def test_what_was_refused_or_is_the_same_is_not_on_record(desk: Client, boat: SavedPrompt) -> None:
    save(desk)
    desk.post(f"/prompts/{boat.pk}/", {"name": "", "text": "A ship"})
    SavedPrompt.objects.filter(pk=boat.pk).update(text="A boat\nat sea")
    desk.post(f"/prompts/{boat.pk}/", {"name": "Boat", "text": "A boat\r\nat sea"})
    assert record() == []


def test_who_left_may_change_theirs_no_more(
    client_of: ClientOf, boat: SavedPrompt, member: User
) -> None:
    Membership.objects.filter(user=member).update(role=Role.VIEWER)
    assert client_of(member).get(f"/prompts/{boat.pk}/").status_code == 404
    Membership.objects.filter(user=member).delete()
    assert client_of(member).get(f"/prompts/{boat.pk}/").status_code == 404


# Recent


def test_the_last_distinct_prompts_of_a_person_are_offered(
    desk: Client, make_task: MakeTask, member: User, manager: User
) -> None:
    for prompt in ("First", "Second", "First", "", "Third"):
        make_task(prompt=prompt, created_by=member)
    make_task(prompt="Somebody else's", created_by=manager)
    page = desk.get("/tasks/new/")
    recent = page.context["form"].shelf.recent
    assert [each.text for each in recent] == ["Third", "First", "Second"]
    page = look(desk, use=recent[2].key)
    assert page.context["form"]["prompt"].value() == "Second"
    theirs = Task.objects.get(prompt="Somebody else's")
    page = look(desk, use=f"recent:{theirs.pk}")
    assert page.context["form"]["prompt"].value() != "Somebody else's"


def test_what_is_in_the_trash_or_saved_is_not_recent(
    desk: Client, make_task: MakeTask, member: User, boat: SavedPrompt
) -> None:
    make_task(prompt=boat.text, created_by=member)
    task = make_task(prompt="Regretted", created_by=member)
    desk.post("/tasks/delete/", {"task": task.pk})
    assert desk.get("/tasks/new/").context["form"].shelf.recent == []


@pytest.mark.parametrize("key", ["saved:", "saved:x", "saved:²", "recent:9" * 9, "what:1", "+"])
def test_nonsense_is_not_used(desk: Client, key: str) -> None:
    assert look(desk, use=key).context["form"]["prompt"].value() == filled()["prompt"]
