"""The form that makes videos: it knows the models, and says what is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Batch, Credential, ModelName, Project, Submission, Task
from tasks.providers.catalog import MODELS
from tasks.providers.wish import Mode
from tasks.status import Status
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.making import PRO, ark, desk, fields_of, filled, look

__all__ = ["ark", "desk"]


def test_one_press_places_one_task_and_shows_it(desk: Client, ark: Credential) -> None:
    answer = desk.post("/tasks/new/", filled())
    task = Task.objects.get()
    assert answer["Location"] == f"/tasks/{task.pk}/"
    assert (task.status, task.prompt) == (Status.SUBMITTING, "A paper boat on a canal, dusk")
    wish = task.submission.wished
    assert (wish.resolution, wish.ratio, wish.duration) == ("720p", "16:9", 5)
    assert wish.known_as == "seedance-2-0-260128"
    assert desk.get(answer["Location"]).status_code == 200


def test_a_second_press_of_the_same_form_makes_nothing_more(desk: Client) -> None:
    form = filled(takes="3")
    desk.post("/tasks/new/", form)
    desk.post("/tasks/new/", form)
    assert (Batch.objects.count(), Task.objects.count()) == (1, 3)


def test_every_new_form_has_a_key_of_its_own(desk: Client) -> None:
    keys = {
        re.findall(r'name="key" value="([^"]+)"', desk.get("/tasks/new/").content.decode())[0]
        for _ in range(3)
    }
    assert len(keys) == 3


def test_a_model_is_chosen_by_its_short_name_and_told_by_the_one_it_is_sent_by(
    desk: Client,
) -> None:
    page = look(desk, model=PRO)
    assert dict(page.context["form"].fields["model"].choices)[PRO] == "Seedance 1.0 pro"
    assert f'Sent as <span class="mono">{PRO}</span>' in page.content.decode()
    assert "Sent as" not in look(desk, model=PRO, several="on").content.decode()


def test_two_names_of_one_model_are_told_apart_and_are_text(desk: Client) -> None:
    name = "ep-<b>20261120</b>"
    ModelName.objects.create(provider="volcengine", name=name, known_as="seedance-1-0-pro-250528")
    page = look(desk, model=name)
    labels = dict(page.context["form"].fields["model"].choices)
    assert labels[PRO] == f"Seedance 1.0 pro · {PRO}"
    assert labels[name] == f"Seedance 1.0 pro · {name}"
    assert "<b>20261120" not in page.content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("mode", Mode)
def test_what_a_model_cannot_do_is_not_offered(desk: Client, model: Any, mode: Mode) -> None:
    page = look(desk, model=f"doubao-{model.name}", mode=mode)
    form = page.context["form"]
    assert form.model_chosen == model
    is_final = form.mode_chosen == Mode.FINAL  # which has these of its draft
    assert ("generate_audio" in form.fields) == (model.has_audio and not is_final)
    assert ("camera_fixed" in form.fields) == (model.has_camera_fixed and not is_final)
    assert ("seeding" in form.fields) == (model.has_seed and not is_final)
    assert ("service_tier" in form.fields) == model.has_flex
    offered = [value for value, _label in form.fields["resolution"].choices]
    assert set(offered) <= set(model.resolutions)
    assert not form.errors


def test_a_gateway_offers_only_what_it_hands_on(desk: Client, ark: Credential) -> None:
    Credential.objects.filter(pk=ark.pk).update(provider="yescale")
    page = look(desk, model="doubao-seedance-1-0-pro-250528", mode="reference")
    assert not fields_of(page) & {"seeds", "watermark", "priority", "expires", "reference_image"}
    assert [value for value, _ in page.context["form"].fields["mode"].choices] == [
        "text",
        "first_frame",
    ]


def test_a_switch_that_was_away_comes_back_as_it_begins(desk: Client) -> None:
    """One model has sound and the next has none: on the way back nobody has switched it off."""
    silent = look(desk, model=PRO, known_switch=["generate_audio", "watermark"])
    assert "generate_audio" not in fields_of(silent)
    back = look(desk, known_switch=["watermark"])
    assert back.context["form"]["generate_audio"].value()
    off = look(desk, known_switch=["generate_audio", "watermark"])
    assert not off.context["form"]["generate_audio"].value()
    assert 'name="known_switch" value="generate_audio"' in off.content.decode()


def test_another_provider_offers_the_same_model_under_its_own_name(
    desk: Client, ark: Credential
) -> None:
    other = Credential(name="Other", provider="byteplus", base_url="https://ark2.example/api/v3")
    other.replace_key("sk-of-the-tests-0123456789")
    other.save()
    page = look(desk, credential=other.pk, model="doubao-seedance-2-0-fast-260128")
    assert page.context["form"].data["model"] == "dreamina-seedance-2-0-fast-260128"


def test_a_name_that_the_team_added_is_offered_and_sent(desk: Client) -> None:
    ModelName.objects.create(
        provider="volcengine", name="ep-20261120-abcde", known_as="seedance-2-0-260128"
    )
    desk.post("/tasks/new/", filled(model="ep-20261120-abcde"))
    wish = Submission.objects.get().wished
    assert (wish.model, wish.known_as) == ("ep-20261120-abcde", "seedance-2-0-260128")


def test_sizes_are_told_in_pixels(desk: Client) -> None:
    assert "1280 × 720" in look(desk).content.decode()
    assert "720 × 1280" in look(desk, ratio="9:16").content.decode()


def test_looking_says_what_two_choices_make_impossible_and_nags_about_nothing(
    desk: Client,
) -> None:
    page = look(desk, model="doubao-seedance-2-5-260628", mode="reference", prompt="")
    assert not page.context["form"].errors
    page = look(
        desk,
        model="doubao-seedance-2-5-260628",
        mode="reference",
        reference_image="\n".join(["https://a.example/1.jpg"] * 31),
    )
    assert "At most 30 of these." in page.content.decode()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"prompt": " "}, "Say in words what is to be seen."),
        ({"mode": "first_frame"}, "Give at least one."),
        ({"mode": "first_frame", "first_frame": "no link"}, "Enter a valid URL."),
        ({"mode": "first_frame", "first_frame": "data:text/html,x"}, "Enter a valid URL."),
        ({"model": PRO, "seeding": "list", "seeds": ""}, "Give at least one seed."),
        ({"model": PRO, "seeding": "list", "seeds": "x"}, "Seeds are whole numbers"),
        ({"model": PRO, "seeding": "same", "seeds": "1,2"}, "One seed for all."),
        ({"model": PRO, "seeding": "list", "seeds": "4294967296"}, "The largest seed is"),
        ({"model": PRO, "measure": "frames", "frames": "58"}, "25 and a multiple of 4"),
        ({"model": PRO, "measure": "frames", "frames": "x"}, "Frames are whole numbers"),
        ({"model": PRO, "measure": "frames", "frames": "57 61"}, "Give one number"),
        ({"takes": "21"}, "At most 20 takes at one press"),
        ({"duration": "99"}, "99 is not one of the available choices"),
        ({"model": "another"}, "another is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_placed(
    desk: Client, more: dict[str, Any], said: str
) -> None:
    page = desk.post("/tasks/new/", filled(**more))
    assert said in page.content.decode()
    assert not Task.objects.exists()
    assert "A paper boat" in page.content.decode() or "prompt" in more


def test_takes_have_seeds_of_their_own_where_there_are_seeds(desk: Client) -> None:
    desk.post("/tasks/new/", filled(model=PRO, takes="4"))
    seeds = {row.wished.seed for row in Submission.objects.all()}
    assert len(seeds) == 4 and None not in seeds
    for given in ({"seeding": "list", "seeds": "11, 12 12"}, {"seeding": "same", "seeds": "7"}):
        desk.post("/tasks/new/", filled(model=PRO, takes="2", **given))
    newest = Submission.objects.order_by("-pk")[:4]
    assert [row.wished.seed for row in newest] == [7, 7, 12, 11]


def test_one_seed_for_all_is_chosen_by_chance_where_none_is_said(desk: Client) -> None:
    desk.post("/tasks/new/", filled(model=PRO, takes="3", seeding="same", seeds=""))
    [seed] = {row.wished.seed for row in Submission.objects.all()}
    assert seed is not None


def test_where_a_model_takes_frames_they_can_be_given_instead_of_seconds(desk: Client) -> None:
    page = look(desk, model=PRO, measure="frames", frames="121")
    assert "duration" not in fields_of(page)
    whole = page.context["form"].outlook.total.tokens
    assert whole == look(desk, model=PRO, duration="5").context["form"].outlook.total.tokens
    assert (
        "25 and a multiple of 4"
        in look(desk, model=PRO, measure="frames", frames="122").content.decode()
    )
    desk.post("/tasks/new/", filled(model=PRO, measure="frames", frames="57"))
    wish = Submission.objects.get().wished
    assert (wish.frames, wish.duration) == (57, None)
    again = desk.get(f"/tasks/new/?from={Task.objects.get().pk}").context["form"]
    assert (again["measure"].value(), again["frames"].value()) == ("frames", 57)


def test_frames_are_not_offered_where_they_would_not_be_taken(
    desk: Client, ark: Credential
) -> None:
    assert not fields_of(look(desk)) & {"measure", "frames"}
    Credential.objects.filter(pk=ark.pk).update(provider="yescale")
    assert not fields_of(look(desk, model=PRO)) & {"measure", "frames"}


def test_tokens_are_estimated_for_all_takes(desk: Client) -> None:
    assert "217,800 tokens" in look(desk, takes="2").content.decode()
    assert "108,900 tokens" in desk.get("/tasks/new/").content.decode()
    unsized = look(desk, ratio="adaptive").content.decode()
    assert "108,900 tokens to 109,586 tokens" in unsized
    assert "only known afterwards" in unsized


def test_nothing_that_is_posted_beside_the_form_counts(
    desk: Client, project: Project, staff: User
) -> None:
    other = Project.objects.create(name="Elsewhere")
    desk.post(
        "/tasks/new/",
        filled(project=other.pk, created_by=staff.pk, status="succeeded", total_tokens="1"),
    )
    task = Task.objects.get()
    assert (task.project, task.created_by.username) == (project, "member")  # type: ignore[union-attr]
    assert (task.status, task.total_tokens) == (Status.SUBMITTING, None)


def test_a_credential_of_other_projects_is_not_to_be_had(desk: Client, ark: Credential) -> None:
    Credential.objects.filter(pk=ark.pk).update(open_to_all=False)
    page = desk.get("/tasks/new/")
    assert "There is no active credential yet" in page.content.decode()
    desk.post("/tasks/new/", filled(credential=ark.pk))
    assert not Task.objects.exists()


def test_a_task_that_was_tracked_fills_the_form(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    task = make_task(
        credential=ark,
        model="doubao-seedance-1-5-pro-251215",
        prompt="A lantern",
        resolution="1080p",
        ratio="4:3",
        duration=8,
    )
    form = desk.get(f"/tasks/new/?from={task.pk}").context["form"]
    said = {name: form[name].value() for name in ("model", "prompt", "resolution", "ratio")}
    assert said == {
        "model": "doubao-seedance-1-5-pro-251215",
        "prompt": "A lantern",
        "resolution": "1080p",
        "ratio": "4:3",
    }
    assert str(form["duration"].value()) == "8"


def test_a_task_that_was_made_here_fills_the_form_with_all_it_was_made_of(desk: Client) -> None:
    desk.post(
        "/tasks/new/",
        filled(
            mode="first_and_last_frame",
            first_frame="https://a.example/1.jpg",
            last_frame="asset://two",
            watermark="on",
            expires="6",
        ),
    )
    again = desk.get(f"/tasks/new/?from={Task.objects.get().pk}").context["form"]
    names = ("mode", "first_frame", "last_frame", "watermark", "expires")
    assert [again[name].value() for name in names] == [
        Mode.FIRST_AND_LAST_FRAME,
        "https://a.example/1.jpg",
        "asset://two",
        True,
        6,
    ]


def test_another_projects_task_fills_no_form(
    client_of: ClientOf, stranger: User, ark: Credential, make_task: MakeTask
) -> None:
    assert client_of(stranger).get(f"/tasks/new/?from={make_task().pk}").status_code == 404
