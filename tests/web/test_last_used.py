"""The form opens as this person last used it, in any project or in the one that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Credential, Membership, Project, SavedPrompt, TakeLimits, Task
from tests.conftest import MakeTask
from tests.web.composing import PRO, ark, desk, filled
from tests.web.conftest import ClientOf

__all__ = ["ark", "desk"]


@pytest.fixture
def other(db: None) -> Credential:
    """A second account, which comes first in the alphabet."""
    row = Credential(name="Aaa", provider="byteplus", base_url="https://ark2.example/api/v3")
    row.replace_key("sk-of-the-tests-0123456789")
    row.save()
    return row


def opened(desk: Client, query: str = "") -> dict[str, Any]:
    """The values of the form's fields."""
    form = desk.get(f"/tasks/new/{query}").context["form"]
    return {name: form[name].value() for name in form.fields}


def test_account_model_and_settings_are_those_of_the_last_press(
    desk: Client, ark: Credential, other: Credential
) -> None:
    used = {"model": PRO, "ratio": "9:16", "resolution": "480p", "duration": "7", "takes": "3"}
    switched = {"camera_fixed": "on", "watermark": "on", "expires": "6", "service_tier": "flex"}
    desk.post("/tasks/new/", filled(credential=str(ark.pk), **used, **switched))
    now = opened(desk)
    assert {name: str(now[name]) for name in used} == used
    assert (now["credential"], now["camera_fixed"], now["watermark"]) == (ark.pk, True, True)
    assert (now["expires"], now["service_tier"]) == (6, "flex")


def test_words_pictures_and_their_mode_are_not_taken_over(desk: Client) -> None:
    frame = {"mode": "first_frame", "first_frame": "https://a.example/1.jpg"}
    desk.post("/tasks/new/", filled(**frame, ratio="1:1"))
    now = opened(desk)
    assert (now["mode"], now["prompt"], now["ratio"]) == ("text", "", "1:1")


def test_a_seed_is_not_taken_over_as_it_would_repeat_the_video(desk: Client) -> None:
    desk.post("/tasks/new/", filled(model=PRO, seeding="same", seeds="7"))
    now = opened(desk)
    assert (now["model"], now["seeding"], "seeds" in now) == (PRO, "chance", False)


def test_a_sound_that_was_switched_off_stays_off(desk: Client) -> None:
    assert opened(desk)["generate_audio"] is True
    desk.post("/tasks/new/", filled())  # without the switch
    assert opened(desk)["generate_audio"] is False


def test_a_length_in_frames_is_taken_over(desk: Client) -> None:
    desk.post("/tasks/new/", filled(model=PRO, measure="frames", frames="57"))
    now = opened(desk)
    assert (now["measure"], str(now["frames"])) == ("frames", "57")


def test_several_settings_are_no_number_of_takes(desk: Client) -> None:
    desk.post("/tasks/new/", filled(several="on", ratio=["16:9", "9:16"], takes="2"))
    assert Task.objects.count() == 4
    now = opened(desk)
    assert (now["takes"], bool(now["several"]), now["ratio"]) == (1, False, "16:9")


def test_no_more_takes_are_taken_over_than_the_project_allows(
    desk: Client, project: Project
) -> None:
    desk.post("/tasks/new/", filled(takes="4"))
    TakeLimits.objects.create(project=project, most_takes=2)
    assert opened(desk)["takes"] == 2


def test_each_project_has_its_own_last_settings(
    desk: Client, member: User, project: Project
) -> None:
    second = Project.objects.create(name="Another")
    Membership.objects.create(project=second, user=member, role="member")
    for where, ratio in ((second, "1:1"), (project, "9:16")):
        desk.post("/tasks/new/", filled(project=str(where.pk), ratio=ratio))
    assert (opened(desk)["project"], opened(desk)["ratio"]) == (project.pk, "9:16")
    there = opened(desk, f"?project={second.pk}")
    assert (str(there["project"]), there["ratio"]) == (str(second.pk), "1:1")
    saved = SavedPrompt.objects.create(
        project=second, created_by=member, name="Boat", text="A saved boat"
    )
    there = opened(desk, f"?prompt={saved.pk}")
    assert (there["prompt"], there["ratio"]) == ("A saved boat", "1:1")


def test_what_others_made_is_no_last_use(
    desk: Client, client_of: ClientOf, manager: User, ark: Credential
) -> None:
    client_of(manager).post("/tasks/new/", filled(ratio="21:9"))
    assert opened(desk)["ratio"] == "16:9"


def test_a_task_whose_form_is_asked_for_wins(desk: Client) -> None:
    desk.post("/tasks/new/", filled(ratio="3:4"))
    first = Task.objects.get()
    desk.post("/tasks/new/", filled(ratio="21:9"))
    assert opened(desk, f"?from={first.pk}")["ratio"] == "3:4"


def test_without_a_last_press_the_account_that_was_used_last_is_chosen(
    desk: Client, ark: Credential, other: Credential, make_task: MakeTask
) -> None:
    make_task(credential=ark)
    assert opened(desk)["credential"] == str(ark.pk)
    make_task(credential=other)
    assert opened(desk)["credential"] == str(other.pk)


def test_an_account_that_is_no_longer_offered_is_replaced_with_its_settings_kept(
    desk: Client, ark: Credential, other: Credential
) -> None:
    desk.post("/tasks/new/", filled(credential=str(ark.pk), ratio="4:3"))
    Credential.objects.filter(pk=ark.pk).update(active=False)
    page = desk.get("/tasks/new/")
    form = page.context["form"]
    assert form.credential_chosen == other
    assert (form["ratio"].value(), form["model"].value()) == (
        "4:3",
        "dreamina-seedance-2-0-260128",
    )


def test_tasks_that_were_purged_leave_the_account(
    desk: Client, ark: Credential, other: Credential
) -> None:
    desk.post("/tasks/new/", filled(credential=str(ark.pk), ratio="4:3"))
    Task.objects.all().delete()
    assert (opened(desk)["credential"], opened(desk)["ratio"]) == (ark.pk, "16:9")
