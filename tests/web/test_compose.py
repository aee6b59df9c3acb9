"""The compose form: it knows the models, and reports errors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Batch, Credential, ModelName, Project, Submission, Task
from tasks.providers.catalog.models import MODELS
from tasks.providers.catalog.request import Mode
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.web.composing import PRO, ark, desk, fields_of, filled, preview
from tests.web.conftest import ClientOf

__all__ = ["ark", "desk"]


def test_placing_the_form_creates_one_task_and_shows_it(desk: Client, ark: Credential) -> None:
    answer = desk.post("/tasks/new/", filled())
    task = Task.objects.get()
    assert answer["Location"] == f"/tasks/{task.pk}/"
    assert (task.status, task.prompt) == (Status.SUBMITTING, "A paper boat on a canal, dusk")
    generation = task.submission.generation
    assert (generation.resolution, generation.ratio, generation.duration) == ("720p", "16:9", 5)
    assert generation.known_as == "seedance-2-0-260128"
    assert desk.get(answer["Location"]).status_code == 200


def test_placing_the_same_form_twice_creates_nothing_more(desk: Client) -> None:
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


def test_a_model_is_offered_by_its_label_with_the_name_it_is_sent_by(
    desk: Client,
) -> None:
    page = preview(desk, model=PRO)
    assert dict(page.context["form"].fields["model"].choices)[PRO] == "Seedance 1.0 pro"
    assert f'Sent as <span class="mono">{PRO}</span>' in page.content.decode()
    assert "Sent as" not in preview(desk, model=PRO, several="on").content.decode()


def test_two_names_of_one_model_are_distinguished_and_escaped(desk: Client) -> None:
    name = "ep-<b>20261120</b>"
    ModelName.objects.create(provider="volcengine", name=name, known_as="seedance-1-0-pro-250528")
    page = preview(desk, model=name)
    labels = dict(page.context["form"].fields["model"].choices)
    assert labels[PRO] == f"Seedance 1.0 pro · {PRO}"
    assert labels[name] == f"Seedance 1.0 pro · {name}"
    assert "<b>20261120" not in page.content.decode()


OF_VOLCENGINE = [each for each in MODELS if each.is_offered and "volcengine" in each.vendors]


@pytest.mark.parametrize("model", OF_VOLCENGINE, ids=lambda model: model.name)
@pytest.mark.parametrize("mode", Mode)
def test_settings_that_a_model_lacks_are_not_offered(desk: Client, model: Any, mode: Mode) -> None:
    page = preview(desk, model=f"doubao-{model.name}", mode=mode)
    form = page.context["form"]
    assert form.choices.models == [model]
    is_final = form.choices.mode == Mode.FINAL  # it inherits these from its draft
    assert ("generate_audio" in form.fields) == (model.has_audio and not is_final)
    assert ("camera_fixed" in form.fields) == (model.has_camera_fixed and not is_final)
    assert ("seeding" in form.fields) == (model.has_seed and not is_final)
    assert ("service_tier" in form.fields) == model.has_flex
    offered = [value for value, _label in form.fields["resolution"].choices]
    assert set(offered) <= set(model.resolutions)
    assert not form.errors


def test_a_gateway_offers_only_settings_that_it_forwards(desk: Client, ark: Credential) -> None:
    Credential.objects.filter(pk=ark.pk).update(provider="yescale")
    page = preview(desk, model="doubao-seedance-1-0-pro-250528", mode="reference")
    assert not fields_of(page) & {"seeds", "watermark", "priority", "expires", "reference_image"}
    assert [value for value, _ in page.context["form"].fields["mode"].choices] == [
        "text",
        "first_frame",
    ]


def test_a_switch_that_was_absent_returns_with_its_initial_value(desk: Client) -> None:
    """A model without sound in between must not switch the sound off."""
    silent = preview(desk, model=PRO, known_switch=["generate_audio", "watermark"])
    assert "generate_audio" not in fields_of(silent)
    back = preview(desk, known_switch=["watermark"])
    assert back.context["form"]["generate_audio"].value()
    off = preview(desk, known_switch=["generate_audio", "watermark"])
    assert not off.context["form"]["generate_audio"].value()
    assert 'name="known_switch" value="generate_audio"' in off.content.decode()


def test_another_provider_offers_the_same_model_under_its_own_name(
    desk: Client, ark: Credential
) -> None:
    other = Credential(name="Other", provider="byteplus", base_url="https://ark2.example/api/v3")
    other.replace_key("sk-of-the-tests-0123456789")
    other.save()
    page = preview(desk, credential=other.pk, model="doubao-seedance-2-0-fast-260128")
    assert page.context["form"].data["model"] == "dreamina-seedance-2-0-fast-260128"


def test_a_name_that_the_team_added_is_offered_and_sent(desk: Client) -> None:
    ModelName.objects.create(
        provider="volcengine", name="ep-20261120-abcde", known_as="seedance-2-0-260128"
    )
    desk.post("/tasks/new/", filled(model="ep-20261120-abcde"))
    generation = Submission.objects.get().generation
    assert (generation.model, generation.known_as) == ("ep-20261120-abcde", "seedance-2-0-260128")


def test_resolutions_are_shown_in_pixels(desk: Client) -> None:
    assert "1280 × 720" in preview(desk).content.decode()
    assert "720 × 1280" in preview(desk, ratio="9:16").content.decode()


def test_the_preview_shows_violated_rules_but_no_errors_of_empty_fields(
    desk: Client,
) -> None:
    page = preview(desk, model="doubao-seedance-2-5-260628", mode="reference", prompt="")
    assert not page.context["form"].errors
    page = preview(
        desk,
        model="doubao-seedance-2-5-260628",
        mode="reference",
        reference_image="\n".join(["https://a.example/1.jpg"] * 31),
    )
    assert "Add at most 30." in page.content.decode()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"prompt": " "}, "Describe the video in words."),
        ({"mode": "first_frame"}, "Add at least one."),
        ({"mode": "first_frame", "first_frame": "no link"}, "Enter a valid URL."),
        ({"mode": "first_frame", "first_frame": "data:text/html,x"}, "Enter a valid URL."),
        ({"model": PRO, "seeding": "list", "seeds": ""}, "Enter at least one seed."),
        ({"model": PRO, "seeding": "list", "seeds": "x"}, "Seeds must be whole numbers"),
        ({"model": PRO, "seeding": "same", "seeds": "1,2"}, "Enter one seed for all takes."),
        ({"model": PRO, "seeding": "list", "seeds": "4294967296"}, "The largest seed is"),
        ({"model": PRO, "measure": "frames", "frames": "58"}, "25 plus a multiple of 4"),
        ({"model": PRO, "measure": "frames", "frames": "x"}, "Frames must be whole numbers"),
        ({"model": PRO, "measure": "frames", "frames": "57 61"}, "Enter one number"),
        ({"takes": "21"}, "at most 20 takes per request"),
        ({"duration": "99"}, "99 is not one of the available choices"),
        ({"model": "another"}, "another is not one of the available choices"),
    ],
)
def test_errors_are_shown_and_nothing_is_placed(
    desk: Client, more: dict[str, Any], message: str
) -> None:
    page = desk.post("/tasks/new/", filled(**more))
    assert message in page.content.decode()
    assert not Task.objects.exists()
    assert "A paper boat" in page.content.decode() or "prompt" in more


def test_takes_have_seeds_of_their_own_where_there_are_seeds(desk: Client) -> None:
    desk.post("/tasks/new/", filled(model=PRO, takes="4"))
    seeds = {row.generation.seed for row in Submission.objects.all()}
    assert len(seeds) == 4 and None not in seeds
    for given in ({"seeding": "list", "seeds": "11, 12 12"}, {"seeding": "same", "seeds": "7"}):
        desk.post("/tasks/new/", filled(model=PRO, takes="2", **given))
    newest = Submission.objects.order_by("-pk")[:4]
    assert [row.generation.seed for row in newest] == [7, 7, 12, 11]


def test_a_shared_seed_is_random_where_none_is_given(desk: Client) -> None:
    desk.post("/tasks/new/", filled(model=PRO, takes="3", seeding="same", seeds=""))
    [seed] = {row.generation.seed for row in Submission.objects.all()}
    assert seed is not None


def test_a_length_can_be_given_in_frames_where_the_model_takes_them(desk: Client) -> None:
    page = preview(desk, model=PRO, measure="frames", frames="121")
    assert "duration" not in fields_of(page)
    whole = page.context["estimate"].total.tokens
    assert whole == preview(desk, model=PRO, duration="5").context["estimate"].total.tokens
    assert (
        "25 plus a multiple of 4"
        in preview(desk, model=PRO, measure="frames", frames="122").content.decode()
    )
    desk.post("/tasks/new/", filled(model=PRO, measure="frames", frames="57"))
    generation = Submission.objects.get().generation
    assert (generation.frames, generation.duration) == (57, None)
    again = desk.get(f"/tasks/new/?from={Task.objects.get().pk}").context["form"]
    assert (again["measure"].value(), again["frames"].value()) == ("frames", 57)


def test_frames_are_not_offered_where_they_would_not_be_taken(
    desk: Client, ark: Credential
) -> None:
    assert not fields_of(preview(desk)) & {"measure", "frames"}
    Credential.objects.filter(pk=ark.pk).update(provider="yescale")
    assert not fields_of(preview(desk, model=PRO)) & {"measure", "frames"}


def test_tokens_are_estimated_for_all_takes(desk: Client) -> None:
    assert "217,800 tokens" in preview(desk, takes="2").content.decode()
    assert "108,900 tokens" in desk.get("/tasks/new/").content.decode()
    unsized = preview(desk, ratio="adaptive").content.decode()
    assert "108,900 tokens to 109,586 tokens" in unsized
    assert "known only after" in unsized


def test_posted_values_beside_the_form_are_ignored(
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


def test_a_credential_of_other_projects_cannot_be_used(desk: Client, ark: Credential) -> None:
    Credential.objects.filter(pk=ark.pk).update(open_to_all=False)
    page = desk.get("/tasks/new/")
    assert "No active credential yet" in page.content.decode()
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
    values = {name: form[name].value() for name in ("model", "prompt", "resolution", "ratio")}
    assert values == {
        "model": "doubao-seedance-1-5-pro-251215",
        "prompt": "A lantern",
        "resolution": "1080p",
        "ratio": "4:3",
    }
    assert str(form["duration"].value()) == "8"


def test_a_task_that_was_placed_here_fills_the_form_with_its_whole_request(desk: Client) -> None:
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
