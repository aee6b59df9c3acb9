"""Running a request again, and the form filled from tasks that were created elsewhere."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import Budget, CopyKind, Credential, Price, Relation, Submission, Task, Upload
from tasks.providers.catalog.rules import LARGEST_SEED
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.web.composing import PRO, ark, desk
from tests.web.conftest import ClientOf, SaveCopy, save_copy
from tests.web.giving import line_of, uploaded
from tests.web.test_lineage import DRAFTING, SEEDED, became, came, press

__all__ = ["ark", "desk", "save_copy"]

OMNI = "doubao-seedance-2-0-260128"


def once_more(desk: Client, task: Task, key: str = "") -> Task:
    key = key or str(uuid.uuid4())
    assert desk.post(f"/tasks/{task.pk}/run-again/", {"key": key}).status_code == 302
    return Task.objects.select_related("submission").order_by("pk").last()  # type: ignore[return-value]


def test_the_same_request_is_sent_again_with_another_seed(desk: Client) -> None:
    parent = became(press(desk, model=SEEDED, seeds="77", watermark="on"), Status.SUCCEEDED)
    children = [once_more(desk, parent) for _ in range(3)]
    for child in children:
        same = replace(child.submission.generation, seed=77)
        assert same == parent.submission.generation
        assert came(child) == (parent.pk, Relation.AGAIN)
        assert child.submission.batch.takes == 1
    seeds = {child.submission.generation.seed for child in children}
    assert len(seeds | {77}) == 4
    assert all(seed is not None and 0 <= seed <= LARGEST_SEED for seed in seeds)


def test_a_request_without_a_seed_is_sent_again_without_one(desk: Client) -> None:
    parent = became(press(desk), Status.SUCCEEDED)
    assert parent.submission.generation.seed is None
    assert once_more(desk, parent).submission.generation == parent.submission.generation


def test_a_final_is_run_again_with_its_drafts_seed_and_says_so(desk: Client) -> None:
    draft = became(
        press(desk, model=DRAFTING, resolution="480p", draft="on"), Status.SUCCEEDED, draft=True
    )
    final = press(
        desk, model=DRAFTING, mode="final", draft_task_id=draft.remote_id, origin=str(draft.pk)
    )
    final = became(final, Status.SUCCEEDED)
    for task, keeps in ((draft, False), (final, True)):
        page = desk.get(task.get_absolute_url())
        assert page.context["followups"].keeps_seed is keeps
        assert ("A final keeps the seed" in page.content.decode()) is keeps
        assert ("new random seed" in page.content.decode()) is not keeps
    again = once_more(desk, final).submission.generation
    assert again == final.submission.generation
    assert (again.draft_task_id, again.seed) == (draft.remote_id, None)


def test_running_again_asks_once_with_the_price(desk: Client, ark: Credential) -> None:
    task = became(press(desk), Status.SUCCEEDED)
    words = " ".join(desk.get(task.get_absolute_url()).content.decode().split())
    assert "Same prompt and settings, new random seed. You'll be charged again." in words
    assert "About 108,900 tokens" in words
    Price.objects.create(
        credential=ark, model="seedance-2-0-260128", amount=46, valid_from=timezone.localdate()
    )
    words = " ".join(desk.get(task.get_absolute_url()).content.decode().split())
    assert "About ¥5.01" in words


def test_a_budget_that_would_refuse_it_says_so_where_one_is_asked(desk: Client) -> None:
    task = became(press(desk), Status.SUCCEEDED)
    Budget.objects.create(project=task.project, limit=100)
    page = desk.get(task.get_absolute_url())
    words = " ".join(unescape(page.content.decode()).split())
    refusal = page.context["estimate"].refusal
    assert refusal and str(refusal) in words


def test_a_double_click_places_one_task(desk: Client) -> None:
    parent, key = became(press(desk), Status.QUEUED), str(uuid.uuid4())
    assert once_more(desk, parent, key) == once_more(desk, parent, key) != parent
    assert Task.objects.count() == 2


def test_every_page_has_a_button_with_a_key_of_its_own(desk: Client) -> None:
    url = press(desk).get_absolute_url()
    keys = {desk.get(url).context["once_more"] for _ in range(3)}
    assert len(keys) == 3


def test_running_a_failed_task_again_is_a_retry(desk: Client) -> None:
    parent = became(press(desk), Status.FAILED)
    assert came(once_more(desk, parent)) == (parent.pk, Relation.RETRY)


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.UNCONFIRMED])
def test_a_task_that_may_exist_is_not_sent_again(desk: Client, status: Status) -> None:
    parent = press(desk)
    Task.objects.update(status=status)
    assert once_more(desk, parent) == parent
    assert Task.objects.count() == 1


def test_a_request_that_cannot_be_sent_unchanged_is_put_into_the_form(
    desk: Client, ark: Credential
) -> None:
    parent = became(press(desk), Status.SUCCEEDED)
    Credential.objects.filter(pk=ark.pk).update(active=False)
    answer = desk.post(f"/tasks/{parent.pk}/run-again/", {"key": str(uuid.uuid4())}, follow=True)
    assert answer.redirect_chain == [(f"/tasks/new/?from={parent.pk}", 302)]
    assert "can no longer be used in this project" in answer.content.decode()
    assert Task.objects.count() == 1


def test_a_rule_that_has_changed_since_is_applied(desk: Client) -> None:
    parent = became(press(desk), Status.SUCCEEDED)
    row = parent.submission
    row.request = row.request | {"duration": 99}
    row.save()
    answer = desk.post(f"/tasks/{parent.pk}/run-again/", {"key": str(uuid.uuid4())}, follow=True)
    assert "Check the settings." in answer.content.decode()
    assert Task.objects.count() == 1


@pytest.mark.usefixtures("save_copy")  # the storage is the test's own
def test_a_picture_that_is_gone_is_asked_for(desk: Client) -> None:
    upload = uploaded(desk)
    parent = became(press(desk, mode="first_frame", first_frame=line_of(upload)), Status.SUCCEEDED)
    again = once_more(desk, parent)
    assert list(again.submission.uploads.all()) == [upload]
    Upload.objects.update(sha256="")
    answer = desk.post(f"/tasks/{parent.pk}/run-again/", {"key": str(uuid.uuid4())}, follow=True)
    assert "A file is no longer here." in answer.content.decode()
    assert Submission.objects.count() == 2


def test_only_workers_may_run_again_and_only_tasks_placed_here(
    desk: Client, client_of: ClientOf, viewer: User, stranger: User, make_task: MakeTask
) -> None:
    ours, tracked = press(desk), make_task()
    key = {"key": str(uuid.uuid4())}
    for reader in (viewer, stranger):
        assert client_of(reader).post(f"/tasks/{ours.pk}/run-again/", key).status_code == 404
        assert client_of(reader).post(f"/tasks/{ours.pk}/continue/").status_code == 404
    assert "/run-again/" not in client_of(viewer).get(ours.get_absolute_url()).content.decode()
    assert desk.post(f"/tasks/{tracked.pk}/run-again/", key).status_code == 404
    assert "/run-again/" not in desk.get(tracked.get_absolute_url()).content.decode()
    assert desk.post(f"/tasks/{ours.pk}/run-again/", {"key": "none"}).status_code == 400
    assert Submission.objects.count() == 1


def test_somebody_elses_key_is_refused(desk: Client, client_of: ClientOf, manager: User) -> None:
    parent, key = became(press(desk), Status.QUEUED), str(uuid.uuid4())
    once_more(desk, parent, key)
    theirs = client_of(manager).post(f"/tasks/{parent.pk}/run-again/", {"key": key})
    assert theirs.status_code == 403


# Offered followups


def test_a_seed_is_offered_where_the_model_takes_one(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    done = {"credential": ark, "status": Status.SUCCEEDED, "seed": 77}
    can = desk.get(make_task(model=SEEDED, **done).get_absolute_url()).content.decode()
    assert "Use this seed: 77" in " ".join(can.split())
    for task in (
        make_task(model="doubao-seedance-2-0-260128", **done),
        make_task(model=SEEDED, **done | {"status": Status.RUNNING}),
    ):
        assert "as=seed" not in desk.get(task.get_absolute_url()).content.decode()


def test_a_final_is_offered_of_a_draft_for_as_long_as_the_provider_keeps_it(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    fields = {"credential": ark, "status": Status.SUCCEEDED, "model": DRAFTING}
    draft = make_task(draft=True, **fields)
    assert "as=final" in desk.get(draft.get_absolute_url()).content.decode()
    assert "as=final" not in desk.get(make_task(**fields).get_absolute_url()).content.decode()
    Task.objects.update(created_at=timezone.now() - timedelta(days=7))
    late = desk.get(draft.get_absolute_url()).content.decode()
    assert "as=final" not in late and "the provider keeps drafts for 7 days" in late


def test_no_final_is_offered_at_a_gateway_that_does_not_forward_drafts(
    desk: Client, make_task: MakeTask
) -> None:
    draft = make_task(draft=True, status=Status.SUCCEEDED, model=DRAFTING)
    assert "as=final" not in desk.get(draft.get_absolute_url()).content.decode()


LINK = "https://cdn.example/a.mp4"
OFFERED = 'id="use-as-reference"'


def reference_of(desk: Client, task: Task) -> dict[str, str]:
    """The references in the form that "Use as reference" opens."""
    assert OFFERED in desk.get(task.get_absolute_url()).content.decode()
    opened = desk.post(f"/tasks/{task.pk}/continue/", {"as": "reference"}, follow=True)
    form = opened.context["form"]
    assert form["mode"].value() == "reference"
    names = ("reference_video", "reference_image")
    return {name: form[name].value() for name in names if form[name].value()}


def test_a_clip_is_a_reference_while_its_link_lives_and_its_last_frame_afterwards(
    desk: Client, make_task: MakeTask, ark: Credential, save_copy: SaveCopy
) -> None:
    task = make_task(credential=ark, status=Status.SUCCEEDED, model=OMNI, video_url=LINK)
    assert reference_of(desk, task) == {"reference_video": LINK}
    Task.objects.filter(pk=task.pk).update(link_ends_at=timezone.now())
    assert OFFERED not in desk.get(task.get_absolute_url()).content.decode()
    save_copy(task, png(640, 480), kind=CopyKind.LAST_FRAME)
    assert reference_of(desk, task) == {"reference_image": line_of(Upload.objects.get())}


@pytest.mark.parametrize(
    "fields",
    [
        {"model": PRO},  # it takes no references
        {"status": Status.RUNNING},
        {"video_needs_key": True},
        {"video_url": ""},
    ],
)
def test_no_reference_is_offered_where_the_model_could_not_take_it(
    desk: Client, make_task: MakeTask, ark: Credential, fields: dict[str, Any]
) -> None:
    known = {"status": Status.SUCCEEDED, "model": OMNI, "video_url": LINK}
    task = make_task(credential=ark, **known | fields)
    assert OFFERED not in desk.get(task.get_absolute_url()).content.decode()
    form = desk.get(f"/tasks/new/?from={task.pk}&as=reference").context["form"]
    assert "reference_video" not in form.fields or not form["reference_video"].value()


# Created elsewhere


def test_all_fields_of_an_answer_fill_the_form(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    task = make_task(
        credential=ark,
        model=DRAFTING,
        prompt="A lantern",
        resolution="1080p",
        ratio="4:3",
        duration=8,
        generate_audio=False,
        service_tier="flex",
        execution_expires_after=21_600,
        seed=7,
    )
    form = desk.get(f"/tasks/new/?from={task.pk}").context["form"]
    names = "prompt resolution ratio duration generate_audio service_tier expires".split()
    assert {name: form[name].value() for name in names} == {
        "prompt": "A lantern",
        "resolution": "1080p",
        "ratio": "4:3",
        "duration": 8,
        "generate_audio": False,
        "service_tier": "flex",
        "expires": 6,
    }
    seeded = desk.get(f"/tasks/new/?from={task.pk}&as=seed").context["form"]
    assert seeded["seeds"].value() == "7"


def test_a_final_that_was_created_elsewhere_is_a_final_in_the_form(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    task = make_task(credential=ark, model=DRAFTING, draft_task_id="cgt-20261120120000-draft")
    form = desk.get(f"/tasks/new/?from={task.pk}").context["form"]
    assert (form["mode"].value(), form["draft_task_id"].value()) == (
        "final",
        "cgt-20261120120000-draft",
    )


def test_pictures_that_an_answer_repeats_are_given_again(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    url = "https://a.example/{}.jpg"
    first = {"type": "image_url", "image_url": {"url": url.format(1)}}
    last = {"type": "image_url", "image_url": {"url": url.format(2)}, "role": "last_frame"}
    for items, mode in (([first], "first_frame"), ([first, last], "first_and_last_frame")):
        raw = json.dumps({"request": {"content": [{"type": "text", "text": "x"}, *items]}})
        task = make_task(credential=ark, model=SEEDED, raw=raw)
        form = desk.get(f"/tasks/new/?from={task.pk}").context["form"]
        assert (form["mode"].value(), form["first_frame"].value()) == (mode, url.format(1))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        "{}",
        '{"request": 7}',
        '{"request": {"content": [7]}}',
        '{"request": {"content": [{"type": "image_url"}]}}',
        '{"request": {"content": [{"type": "image_url", "image_url": {"url": "javascript:1"}}]}}',
        "[" * 100_000,
    ],
)
def test_an_answer_that_repeats_nothing_of_use_fills_in_no_picture(
    desk: Client, make_task: MakeTask, ark: Credential, raw: str
) -> None:
    task = make_task(credential=ark, model=SEEDED, raw=raw)
    form = desk.get(f"/tasks/new/?from={task.pk}").context["form"]
    assert form["mode"].value() == "text"
