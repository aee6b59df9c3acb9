"""Trying several: told before the click, refused above the limit, and one batch in the end."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tasks.making import form as making
from tasks.making import wishing
from tasks.models import Batch, ModelName, Submission
from tests.web.making import PRO, ark, desk, fields_of, filled, look

__all__ = ["ark", "desk"]

OMNI, FAST = "doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128"


def several(**more: Any) -> dict[str, Any]:
    return {"several": "on", **more}


def words(page: Any) -> str:
    return " ".join(page.content.decode().split())


def test_what_is_tried_is_counted_and_told_before_the_click(desk: Client) -> None:
    page = look(desk, **several(ratio=["16:9", "9:16"], resolution=["480p", "720p"], takes="3"))
    assert "12 videos" in words(page)
    assert "2 ratios × 2 resolutions × 3 takes" in words(page)
    assert "<li>9:16 · 480p</li>" in words(page)
    assert page.context["form"].outlook.total.total.tokens.most == 3 * sum(
        look(desk, ratio=ratio, resolution=size).context["form"].outlook.total.total.tokens.most
        for ratio in ("16:9", "9:16")
        for size in ("480p", "720p")
    )


def test_all_of_it_is_one_batch(desk: Client) -> None:
    tried = several(model=[OMNI, FAST], duration=["4", "8"], prompt="A boat\n---\nA raft")
    desk.post("/tasks/new/", filled(**tried))
    assert Batch.objects.count() == 1
    made = [row.wished for row in Submission.objects.order_by("take")]
    assert [(wish.prompt, wish.model, wish.duration) for wish in made] == [
        (prompt, model, seconds)
        for prompt in ("A boat", "A raft")
        for model in (FAST, OMNI)  # as they are offered
        for seconds in (4, 8)
    ]


def test_what_a_model_cannot_make_is_left_out_and_said(desk: Client) -> None:
    tried = several(model=[OMNI, FAST], resolution=["720p", "1080p"])
    page = words(look(desk, **tried))
    assert "3 videos" in page and "Left out" in page
    assert "Seedance 2.0 fast, Resolution: Possible here: 480p, 720p. (1)" in page
    page = words(desk.post("/tasks/new/", filled(**tried), follow=True))
    assert "1 combination was left out" in page
    assert Submission.objects.count() == 3


def test_what_none_can_make_is_refused(desk: Client) -> None:
    tried = several(model=[PRO, FAST], measure="frames", frames="57", seeding="same", seeds="7")
    page = words(look(desk, **tried))
    assert "1 video" in page and "Seedance 2.0 fast, Frames: This model cannot do that." in page
    tried = several(model=[PRO, FAST], duration=["15"], resolution=["1080p"])
    assert "None of these combinations can be made." in words(
        desk.post("/tasks/new/", filled(**tried))
    )
    assert not Submission.objects.exists()


def test_models_without_sound_and_seeds_are_named_not_left_out(desk: Client) -> None:
    page = words(look(desk, **several(model=[PRO, FAST], generate_audio="on")))
    assert "2 videos" in page
    assert "Without sound: Seedance 1.0 pro." in page
    assert "Take no seeds: Seedance 2.0 fast." in page


def test_more_than_the_limit_is_refused_with_both_numbers(desk: Client) -> None:
    tried = several(ratio=["16:9", "9:16", "1:1"], takes="7")
    said = "That makes 21 videos; at most 20 can be made at once."
    assert said in words(look(desk, **tried))
    assert said in words(desk.post("/tasks/new/", filled(**tried)))
    assert not Submission.objects.exists()


def test_the_limit_is_the_projects(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishing, "most_wishes", lambda project: 2)
    assert "at most 2 can be made" in words(look(desk, takes="3"))
    assert "at most 2 can be made" not in words(look(desk, takes="2"))


def test_numbers_beyond_reason_cost_no_time(desk: Client) -> None:
    values = "\n".join(map(str, range(400)))
    names = "abcdefgh"
    filled_in = {f"fill-{name}": values for name in names}
    prompt = " ".join(f"{{{{{name}}}}}" for name in names)
    said = words(look(desk, prompt=prompt, **filled_in))
    assert f"That makes {400**8} videos" in said


def test_seeds_as_a_list_say_how_many_takes(desk: Client) -> None:
    tried = several(model=PRO, ratio=["16:9", "1:1"], seeding="list", seeds="11 12 13")
    assert not {"takes"} & fields_of(look(desk, **tried))
    desk.post("/tasks/new/", filled(**tried))
    made = [row.wished for row in Submission.objects.order_by("take")]
    assert [(wish.ratio, wish.seed) for wish in made] == [
        (ratio, seed) for ratio in ("16:9", "1:1") for seed in (11, 12, 13)
    ]


def test_ways_are_those_of_any_chosen_model(desk: Client) -> None:
    page = look(desk, **several(model=[PRO, FAST], mode="reference"))
    assert page.context["form"].mode_chosen == "reference"
    assert "Seedance 1.0 pro: This model does not work in this way." in words(page).replace(
        ", Way:", ":"
    )


def test_models_are_named_shortly_where_that_tells_them_apart(desk: Client) -> None:
    ModelName.objects.create(provider="volcengine", name="ep-1", known_as="seedance-2-0-260128")
    offered = dict(look(desk, **several()).context["form"].fields["model"].choices)
    assert offered[FAST] == "Seedance 2.0 fast"
    assert (offered[OMNI], offered["ep-1"]) == (f"Seedance 2.0 · {OMNI}", "Seedance 2.0 · ep-1")


def test_nothing_chosen_of_several_is_said(desk: Client) -> None:
    form = filled(**several())
    del form["ratio"]
    assert "This field is required." in words(desk.post("/tasks/new/", form))
    assert not Submission.objects.exists()


def test_back_from_several_the_first_choices_stay(desk: Client) -> None:
    page = look(desk, ratio=["9:16", "1:1"], model=[FAST, OMNI])
    form = page.context["form"]
    assert (form["ratio"].value(), form["model"].value()) == ("9:16", FAST)
    assert isinstance(form, making.MakeForm) and not form.is_several
