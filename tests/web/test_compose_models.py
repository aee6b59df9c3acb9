"""Models in the compose form that have ended, that are new, that are finals, that are limited."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tasks.models import AvailableModel, Credential, Price, Submission, Task
from tasks.providers.catalog.models import tokens
from tasks.providers.catalog.rules import Caution
from tasks.providers.dialects.model_list import ListedModel
from tests.conftest import MakeTask
from tests.web.composing import ark, desk, filled, preview

__all__ = ["ark", "desk"]

NEW = "doubao-seedance-3-0-270115"
V25 = "doubao-seedance-2-5-260628"


@pytest.fixture
def byteplus(ark: Credential) -> Credential:
    Credential.objects.filter(pk=ark.pk).update(provider="byteplus")
    ark.refresh_from_db()
    return ark


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Any:
    def today(day: date) -> None:
        monkeypatch.setattr(timezone, "localdate", lambda *args: day)

    return today


def model_errors(page: Any) -> list[str]:
    return list(page.context["form"].errors.get("model", []))


@pytest.mark.parametrize(("day", "is_refused"), [(10, False), (11, True), (30, True)])
def test_a_model_is_refused_from_the_day_of_its_end_and_its_replacement_is_told(
    day: int, is_refused: bool, desk: Client, byteplus: Credential, today: Any
) -> None:
    today(date(2026, 11, day))
    page = preview(desk, model="seedance-1-5-pro-251215")
    errors = model_errors(page)
    assert bool(errors) == is_refused
    assert all("2026-11-11" in each and "Seedance 2.0 mini" in each for each in errors)
    hint = str(page.context["form"].fields["model"].help_text)
    assert "2026-11-11" in hint and "Seedance 2.0 mini" in hint
    desk.post("/tasks/new/", filled(model="seedance-1-5-pro-251215"))
    assert Submission.objects.exists() != is_refused


def test_a_model_that_ended_elsewhere_is_offered_here(desk: Client) -> None:
    page = preview(desk, model="doubao-seedance-1-5-pro-251215")
    assert not model_errors(page)
    assert "2026-11-11" not in str(page.context["form"].fields["model"].help_text)


def test_a_model_that_only_old_tasks_carry_is_not_offered(
    desk: Client, byteplus: Credential
) -> None:
    offered = dict(preview(desk).context["form"].fields["model"].choices)
    assert "dreamina-seedance-2-5-flash-261115" in offered
    assert "dreamina-seedance-2-5-premium-260915" not in offered


@pytest.mark.parametrize(
    ("model", "numbers"),
    [
        ("doubao-seedance-2-0-260128", ["runs 3 tasks", "10 for", "1 in 4K"]),
        ("doubao-seedance-2-0-fast-260128", ["runs 3 tasks", "10 for"]),
        ("doubao-seedance-1-0-pro-250528", ["runs 10 tasks"]),
    ],
)
def test_the_form_tells_how_many_tasks_of_a_model_run_at_once(
    model: str, numbers: list[str], desk: Client
) -> None:
    hint = str(preview(desk, model=model).context["form"].fields["model"].help_text)
    assert all(each in hint for each in numbers)
    assert ("4K" in hint) == ("1 in 4K" in numbers)


def test_a_gateways_limits_are_not_taken_for_arks(desk: Client, ark: Credential) -> None:
    Credential.objects.filter(pk=ark.pk).update(provider="newapi")
    assert "at once" not in str(preview(desk).context["form"].fields["model"].help_text)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"mode": "reference", "ratio": "16:9", "duration": "-1"}, [Caution.MAY_FAIL_LATER]),
        ({"mode": "reference", "ratio": "adaptive", "duration": "5"}, [Caution.MAY_FAIL_LATER]),
        ({"mode": "reference", "ratio": "adaptive", "duration": "-1"}, []),
        ({"mode": "edit", "ratio": "adaptive", "duration": "-1"}, [Caution.GIVEN_VIDEO_LENGTH]),
    ],
)
def test_settings_beside_an_input_video_are_warned_about(
    fields: dict[str, str], found: list[Caution], desk: Client
) -> None:
    video = {"reference_video": "https://videos.example.com/take.mp4"}
    page = preview(desk, model=V25, **fields, **video)
    assert page.context["form"].plan.cautions == found
    assert page.content.decode().count("data-caution") == len(found)
    assert not preview(desk, **fields | {"mode": "reference"}, **video).context["cautions"]


def test_the_final_of_a_draft_is_1080p_and_is_estimated_by_the_drafts_geometry(
    desk: Client, ark: Credential, make_task: MakeTask
) -> None:
    draft = make_task(credential=ark, model=V25, ratio="16:9", duration=5, draft=True)
    final: dict[str, Any] = {"model": V25, "mode": "final", "draft_task_id": draft.remote_id}
    final["credential"] = ark.pk
    page = preview(desk, **final)
    assert page.context["form"].fields["resolution"].choices == [("1080p", "1080p")]
    desk.post("/tasks/new/", filled(**final, resolution="1080p"))
    placed = Submission.objects.get()
    assert (placed.estimated_least, placed.estimated_tokens) == (245_025, 245_025)
    assert placed.generation.resolution == "1080p"


def test_the_final_of_a_draft_made_elsewhere_is_never_estimated_below_1080p(desk: Client) -> None:
    final = {"model": V25, "mode": "final", "draft_task_id": "cgt-20261120120000-draft"}
    desk.post("/tasks/new/", filled(**final, resolution="1080p"))
    assert Submission.objects.get().estimated_least == tokens(1920, 1080, 4)


# New models


@pytest.fixture
def listed(ark: Credential) -> Credential:
    rows = [ListedModel(name=NEW, status="Active"), ListedModel(name="doubao-seedance-2.0-face")]
    AvailableModel.objects.replace(ark, rows, timezone.now())
    return ark


def test_a_new_model_is_offered_as_unchecked_with_the_settings_of_its_relative(
    desk: Client, listed: Credential
) -> None:
    page = preview(desk, model=NEW)
    form = page.context["form"]
    assert "unverified" in str(dict(form.fields["model"].choices)[NEW])
    assert "verified" in str(form.fields["model"].help_text)
    assert [value for value, _ in form.fields["resolution"].choices] == [
        "480p",
        "720p",
        "1080p",
        "4k",
    ]
    assert not form.errors


def test_a_new_model_is_placed_without_a_price_and_with_an_unknown_estimate(
    desk: Client, listed: Credential
) -> None:
    page = preview(desk, model=NEW)
    assert page.context["estimate"].is_unknown
    assert 'data-estimate="unknown"' in page.content.decode()
    assert 'class="make-sum"' not in page.content.decode()
    desk.post("/tasks/new/", filled(model=NEW))
    placed = Submission.objects.get()
    assert (placed.generation.model, placed.generation.known_as) == (NEW, "")
    assert placed.estimated_money is None
    assert placed.generation.catalogued is None
    relative = placed.generation.written_for
    assert relative and not relative.is_checked
    assert Task.objects.get().model == NEW


def test_a_new_model_with_a_price_of_its_own_is_estimated_in_money(
    desk: Client, listed: Credential
) -> None:
    Price.objects.create(
        credential=listed,
        model=NEW,
        unit="video",
        amount=3,
        currency="CNY",
        valid_from=date(2026, 1, 1),
    )
    page = preview(desk, model=NEW)
    assert not page.context["estimate"].is_unknown
    assert 'class="make-sum"' in page.content.decode()


def test_values_of_a_new_model_are_not_rejected_by_its_relatives_rules(
    desk: Client, listed: Credential
) -> None:
    video = {"reference_video": "https://videos.example.com/take.mp4"}
    for fields in ({"mode": "edit", "ratio": "adaptive", "duration": "-1"} | video, {}):
        assert not preview(desk, model=NEW, **fields).context["form"].errors


def test_a_gateways_own_name_of_a_known_model_is_offered_with_the_catalogs_settings(
    desk: Client, listed: Credential
) -> None:
    desk.post("/tasks/new/", filled(model="doubao-seedance-2.0-face"))
    generation = Submission.objects.get().generation
    assert (generation.model, generation.known_as) == (
        "doubao-seedance-2.0-face",
        "seedance-2-0-260128",
    )


def test_a_listed_model_that_has_ended_is_not_offered(desk: Client, ark: Credential) -> None:
    AvailableModel.objects.replace(ark, [ListedModel(name=NEW, status="Shutdown")], timezone.now())
    assert NEW not in dict(preview(desk).context["form"].fields["model"].choices)


def test_another_credential_is_not_offered_the_model(desk: Client, listed: Credential) -> None:
    other = Credential(name="Other", provider="volcengine", base_url="https://ark2.example/api/v3")
    other.replace_key("sk-of-the-tests-0123456789")
    other.save()
    assert NEW not in dict(
        preview(desk, credential=other.pk).context["form"].fields["model"].choices
    )
