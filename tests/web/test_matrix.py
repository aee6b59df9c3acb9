"""Trying several values: shown in the preview, refused above the limit, placed as one batch."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tasks.models import Batch, ModelName, Project, Submission, TakeLimits
from tasks.web.compose.form import ComposeForm
from tests.web.composing import PRO, ark, desk, fields_of, filled, preview

__all__ = ["ark", "desk"]

OMNI, FAST = "doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128"


def several(**more: Any) -> dict[str, Any]:
    return {"several": "on", **more}


def words(page: Any) -> str:
    return " ".join(page.content.decode().replace("&#x27;", "'").split())


def test_the_preview_shows_the_number_of_videos_and_their_settings(desk: Client) -> None:
    page = preview(desk, **several(ratio=["16:9", "9:16"], resolution=["480p", "720p"], takes="3"))
    assert "12 videos" in words(page)
    assert "2 ratios × 2 resolutions × 3 takes" in words(page)
    assert "<li>9:16 · 480p</li>" in words(page)
    assert page.context["estimate"].total.total.tokens.most == 3 * sum(
        preview(desk, ratio=ratio, resolution=size).context["estimate"].total.total.tokens.most
        for ratio in ("16:9", "9:16")
        for size in ("480p", "720p")
    )


def test_all_combinations_become_one_batch(desk: Client) -> None:
    tried = several(model=[OMNI, FAST], duration=["4", "8"], prompt="A boat\n---\nA raft")
    desk.post("/tasks/new/", filled(**tried))
    assert Batch.objects.count() == 1
    requests = [row.generation for row in Submission.objects.order_by("take")]
    assert [(request.prompt, request.model, request.duration) for request in requests] == [
        (prompt, model, seconds)
        for prompt in ("A boat", "A raft")
        for model in (FAST, OMNI)  # in the order of the options
        for seconds in (4, 8)
    ]


def test_combinations_that_a_model_cannot_make_are_left_out_and_named(desk: Client) -> None:
    tried = several(model=[OMNI, FAST], resolution=["720p", "1080p"])
    page = words(preview(desk, **tried))
    assert "3 videos" in page and "Left out" in page
    assert "Seedance 2.0 fast, Resolution: Possible values: 480p, 720p. (1)" in page
    page = words(desk.post("/tasks/new/", filled(**tried), follow=True))
    assert "1 combination was left out" in page
    assert Submission.objects.count() == 3


def test_a_plan_without_a_possible_combination_is_refused(desk: Client) -> None:
    tried = several(model=[PRO, FAST], measure="frames", frames="57", seeding="same", seeds="7")
    page = words(preview(desk, **tried))
    assert (
        "1 video" in page and "Seedance 2.0 fast, Frames: This model doesn't support that." in page
    )
    tried = several(model=[PRO, FAST], duration=["15"], resolution=["1080p"])
    assert "None of these combinations is possible." in words(
        desk.post("/tasks/new/", filled(**tried))
    )
    assert not Submission.objects.exists()


def test_models_without_sound_or_seeds_are_named_but_not_left_out(desk: Client) -> None:
    page = words(preview(desk, **several(model=[PRO, FAST], generate_audio="on")))
    assert "2 videos" in page
    assert "Without sound: Seedance 1.0 pro." in page
    assert "No seeds with: Seedance 2.0 fast." in page


def test_more_than_the_limit_is_refused_with_both_numbers(desk: Client) -> None:
    tried = several(ratio=["16:9", "9:16", "1:1"], takes="7")
    message = "This makes 21 videos. You can generate at most 20 at once."
    assert message in words(preview(desk, **tried))
    assert message in words(desk.post("/tasks/new/", filled(**tried)))
    assert not Submission.objects.exists()


def test_the_limit_is_the_projects(desk: Client, project: Project) -> None:
    TakeLimits.objects.create(project=project, most_takes=2)
    three = several(ratio=["16:9", "9:16", "1:1"])
    assert "generate at most 2 at once" in words(preview(desk, **three))
    assert "generate at most 2 at once" not in words(preview(desk, takes="2"))
    assert preview(desk).context["form"].fields["takes"].widget.attrs["max"] == 2


def test_enormous_numbers_of_combinations_are_only_counted(desk: Client) -> None:
    values = "\n".join(map(str, range(400)))
    names = "abcdefgh"
    filled_in = {f"fill-{name}": values for name in names}
    prompt = " ".join(f"{{{{{name}}}}}" for name in names)
    page = words(preview(desk, prompt=prompt, **filled_in))
    assert f"This makes {400**8} videos" in page


def test_a_list_of_seeds_sets_the_number_of_takes(desk: Client) -> None:
    tried = several(model=PRO, ratio=["16:9", "1:1"], seeding="list", seeds="11 12 13")
    assert not {"takes"} & fields_of(preview(desk, **tried))
    desk.post("/tasks/new/", filled(**tried))
    requests = [row.generation for row in Submission.objects.order_by("take")]
    assert [(request.ratio, request.seed) for request in requests] == [
        (ratio, seed) for ratio in ("16:9", "1:1") for seed in (11, 12, 13)
    ]


def test_modes_of_any_chosen_model_are_offered(desk: Client) -> None:
    page = preview(desk, **several(model=[PRO, FAST], mode="reference"))
    assert page.context["form"].choices.mode == "reference"
    assert "Seedance 1.0 pro: This model doesn't support this mode." in words(page).replace(
        ", Mode:", ":"
    )


def test_models_have_short_names_where_these_are_unique(desk: Client) -> None:
    ModelName.objects.create(provider="volcengine", name="ep-1", known_as="seedance-2-0-260128")
    offered = dict(preview(desk, **several()).context["form"].fields["model"].choices)
    assert offered[FAST] == "Seedance 2.0 fast"
    assert (offered[OMNI], offered["ep-1"]) == (f"Seedance 2.0 · {OMNI}", "Seedance 2.0 · ep-1")


def test_a_setting_without_any_chosen_value_is_an_error(desk: Client) -> None:
    form = filled(**several())
    del form["ratio"]
    assert "This field is required." in words(desk.post("/tasks/new/", form))
    assert not Submission.objects.exists()


def test_back_to_single_values_the_first_choices_stay(desk: Client) -> None:
    page = preview(desk, ratio=["9:16", "1:1"], model=[FAST, OMNI])
    form = page.context["form"]
    assert (form["ratio"].value(), form["model"].value()) == ("9:16", FAST)
    assert isinstance(form, ComposeForm) and not form.is_several
