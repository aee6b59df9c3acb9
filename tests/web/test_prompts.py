"""The prompt box: its length, its variables, saved and recent prompts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.models import (
    AuditAction,
    AuditEntry,
    Membership,
    Project,
    Role,
    SavedPrompt,
    Submission,
    Task,
)
from tasks.models.prompt import MOST_SAVED
from tests.conftest import MakeTask
from tests.web.composing import ark, desk, fields_of, filled, preview
from tests.web.conftest import ClientOf
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


# Length


def test_the_length_is_shown_beside_the_models_advice(desk: Client) -> None:
    page = words(preview(desk, prompt="纸船 on a canal"))
    assert "Characters <b>2</b> / 500" in page and "Words <b>3</b> / 1,000" in page
    assert "up to 500 Chinese characters or 1,000 English words" in page


def test_a_prompt_that_is_too_long_causes_a_warning_but_no_error(desk: Client) -> None:
    page = preview(desk, prompt="船" * 501)
    assert page.context["is_long"]
    assert not preview(desk, prompt="船" * 500).context["is_long"]
    desk.post("/tasks/new/", filled(prompt="船" * 501))
    assert Task.objects.get().prompt == "船" * 501


# Variables


def test_a_variable_is_a_field_and_is_filled_in_on_the_server(desk: Client) -> None:
    typed = {"prompt": "A {{colour}} boat on {{水}}", "fill-colour": "red"}
    page = preview(desk, **typed, **{"fill-水": "a canal"})
    assert {"fill-colour", "fill-水"} <= fields_of(page)
    assert '<span id="prompt-filled">A red boat on a canal</span>' in words(page)
    desk.post("/tasks/new/", filled(**typed, **{"fill-水": "a canal"}))
    assert Task.objects.get().prompt == "A red boat on a canal"


def test_an_empty_variable_is_asked_for_and_nothing_is_placed(desk: Client) -> None:
    page = desk.post("/tasks/new/", filled(prompt="A {{colour}} boat"))
    assert "Enter a value for {{colour}}." in words(page)
    assert not Task.objects.exists()
    assert "Enter a value" not in words(preview(desk, prompt="A {{colour}} boat"))


@pytest.mark.parametrize(
    ("prompt", "value", "message"),
    [
        ("A {{two words}} boat", "x", "Write a variable as {{name}}"),
        ("A {{colour boat", "x", "Write a variable as {{name}}"),
        ("A {{colour}} boat", "{{colour}}", "A value can't contain variables."),
        (" ".join(f"{{{{v{n}}}}}" for n in range(11)), "x", "at most 10 variables."),
        (
            "{{colour}}" * 10,
            "x" * 4_000,
            "With its variables filled in, a prompt is longer than 20000 characters.",
        ),
    ],
)
def test_prompts_that_cannot_be_filled_in_are_errors(
    desk: Client, prompt: str, value: str, message: str
) -> None:
    form = filled(prompt=prompt, **{"fill-colour": value})
    assert message in words(desk.post("/tasks/new/", form))
    assert message in words(desk.post("/tasks/new/preview/", form))
    assert not Task.objects.exists()


def test_each_value_of_a_variable_makes_a_video(desk: Client) -> None:
    typed = {"prompt": "A {{colour}} boat", "fill-colour": "red\r\nblue\r\n\r\nred", "takes": "2"}
    page = words(preview(desk, **typed))
    assert "4 videos" in page and "2 prompts × 2 takes" in page
    desk.post("/tasks/new/", filled(**typed))
    prompts = [row.generation.prompt for row in Submission.objects.order_by("take")]
    assert prompts == ["A red boat"] * 2 + ["A blue boat"] * 2


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
    form = filled(prompt_name="Boat")
    page = desk.post("/tasks/new/prompts/", form, headers={"hx-request": "true"})
    assert "<html" not in page.content.decode() and "Saved as “Boat”" in words(page)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "This project has a saved prompt of this name."),
        ({"prompt_name": " "}, "This field is required."),
        ({"prompt": "", "prompt_name": "Other"}, "This field is required."),
        ({"prompt_name": "x" * 81}, "at most 80 characters"),
    ],
)
def test_errors_of_a_saved_prompt_are_shown(
    desk: Client, boat: SavedPrompt, more: dict[str, Any], message: str
) -> None:
    page = save(desk, **more)
    assert message in words(page)
    assert SavedPrompt.objects.count() == 1
    assert page.context["prompt_name"] == more.get("prompt_name", "Boat")


def test_a_project_keeps_a_limited_number_of_prompts(desk: Client, project: Project) -> None:
    SavedPrompt.objects.bulk_create(
        SavedPrompt(project=project, name=f"No. {n}", text="x") for n in range(MOST_SAVED)
    )
    assert "already has 100 saved prompts" in words(save(desk))


def test_a_saved_prompt_fills_the_box_with_and_without_scripts(
    desk: Client, boat: SavedPrompt
) -> None:
    for address in ("/tasks/new/preview/", "/tasks/new/"):
        page = desk.post(address, filled(use=f"saved:{boat.pk}"))
        assert page.context["form"]["prompt"].value() == boat.text
        assert {"fill-colour", "fill-水"} <= fields_of(page)
    assert not Task.objects.exists()
    page = desk.get(f"/tasks/new/?prompt={boat.pk}")
    assert page.context["form"]["prompt"].value() == boat.text
    assert {"fill-colour", "fill-水"} <= fields_of(page)


def test_a_library_prompt_can_be_added_to_the_prompts_in_the_box(
    desk: Client, boat: SavedPrompt
) -> None:
    page = preview(desk, **several(prompt="A raft", use=f"+saved:{boat.pk}"))
    assert page.context["form"]["prompt"].value() == f"A raft\n---\n{boat.text}"


def test_many_saved_prompts_need_no_more_queries_than_one(
    desk: Client, boat: SavedPrompt, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(2):
        with django_assert_num_queries(8):
            desk.get("/prompts/")
        SavedPrompt.objects.bulk_create(
            SavedPrompt(project=boat.project, created_by=boat.created_by, name=f"No. {n}", text="x")
            for n in range(number * 20, number * 20 + 20)
        )


def test_another_projects_prompt_is_not_found(
    desk: Client, client_of: ClientOf, elsewhere: SavedPrompt, boat: SavedPrompt, stranger: User
) -> None:
    page = preview(desk, use=f"saved:{elsewhere.pk}")
    assert "A secret of theirs" not in words(page)
    missing = desk.get("/tasks/new/?prompt=987654")
    hidden = desk.get(f"/tasks/new/?prompt={elsewhere.pk}")
    shown = [re.sub(r"<[^>]+>", "", words(page)) for page in (missing, hidden)]
    assert (hidden.status_code, shown[1]) == (404, shown[0])
    other = client_of(stranger)
    for address in (f"/prompts/{boat.pk}/", f"/prompts/{boat.pk}/delete/"):
        assert other.post(address, {"name": "Mine", "text": "x"}).status_code == 404
    assert "Boat" not in words(other.get(f"/prompts/?project={boat.project_id}"))
    boat.refresh_from_db()
    assert boat.name == "Boat"


def test_posted_values_beside_the_fields_are_ignored(
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


def test_people_edit_their_own_prompts_and_managers_all(
    client_of: ClientOf, desk: Client, boat: SavedPrompt, manager: User, project: Project
) -> None:
    SavedPrompt.objects.create(project=project, created_by=manager, name="Raft", text="A raft")
    page = desk.get("/prompts/")
    assert [(each.name, own) for each, own in page.context["presented"]] == [
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
    entry = AuditEntry.objects.get(verb=AuditAction.DELETED)
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
        (AuditAction.PROMPT_SAVED, "Boat", {}),
        (AuditAction.PROMPT_CHANGED, "Ship", {"name": ["Boat", "Ship"]}),
        (AuditAction.PROMPT_CHANGED, "Ship", {"characters": [6, 13]}),
    ]
    for entry in AuditEntry.objects.all():
        assert (entry.actor_id, entry.project_id) == (member.pk, project.pk)
        assert (entry.kind, entry.object_id) == ("savedprompt", row.pk)


def test_refused_and_empty_changes_are_not_on_record(desk: Client, boat: SavedPrompt) -> None:
    save(desk)
    desk.post(f"/prompts/{boat.pk}/", {"name": "", "text": "A ship"})
    SavedPrompt.objects.filter(pk=boat.pk).update(text="A boat\nat sea")
    desk.post(f"/prompts/{boat.pk}/", {"name": "Boat", "text": "A boat\r\nat sea"})
    assert record() == []


def test_who_left_the_project_cannot_change_their_prompts(
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
    recent = page.context["library"].recent
    assert [each.text for each in recent] == ["Third", "First", "Second"]
    page = preview(desk, use=recent[2].key)
    assert page.context["form"]["prompt"].value() == "Second"
    theirs = Task.objects.get(prompt="Somebody else's")
    page = preview(desk, use=f"recent:{theirs.pk}")
    assert page.context["form"]["prompt"].value() != "Somebody else's"


def test_prompts_that_are_saved_or_in_the_trash_are_not_recent(
    desk: Client, make_task: MakeTask, member: User, boat: SavedPrompt
) -> None:
    make_task(prompt=boat.text, created_by=member)
    task = make_task(prompt="Regretted", created_by=member)
    desk.post("/tasks/delete/", {"task": task.pk})
    assert desk.get("/tasks/new/").context["library"].recent == []


@pytest.mark.parametrize("key", ["saved:", "saved:x", "saved:²", "recent:9" * 9, "what:1", "+"])
def test_unknown_library_keys_are_ignored(desk: Client, key: str) -> None:
    assert preview(desk, use=key).context["form"]["prompt"].value() == filled()["prompt"]
