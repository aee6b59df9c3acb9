"""The lineage of a task: stored with it, derived and never posted, shown within its project."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import (
    ChangeCounter,
    CopyKind,
    Credential,
    Membership,
    Origin,
    Project,
    Relation,
    Role,
    Submission,
    SubmissionState,
    Task,
    Upload,
)
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import Status
from tasks.submission.place import mark_created, place_batch, record_outcome
from tasks.web.presenters.lineage import MOST
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.providers.generations import generation
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.live_pages import ask, poller, swapped

__all__ = ["ark", "desk"]

SEEDED = "doubao-seedance-1-0-pro-250528"
DRAFTING = "doubao-seedance-1-5-pro-251215"


def press(desk: Client, **more: Any) -> Task:
    """The newest task after the form was sent, with the account `ark`."""
    account = Credential.objects.get(name="Ark").pk
    answer = desk.post("/tasks/new/", filled(**{"credential": account} | more))
    assert answer.status_code == 302, answer.context["form"].errors
    return Task.objects.select_related("submission").order_by("pk").last()  # type: ignore[return-value]


def became(task: Task, status: Status, **fields: Any) -> Task:
    """Change a task as its provider's next answer would."""
    known = {"remote_id": f"cgt-20261120120000-{task.pk:05}", "status": status, **fields}
    Task.objects.filter(pk=task.pk).update(**known)
    task.refresh_from_db()
    return task


def came(task: Task) -> tuple[int | None, str]:
    return task.submission.parent_id, task.submission.relation


def strip_of(desk: Client, task: Task) -> Any:
    return desk.get(task.get_absolute_url()).context["lineage"]


# Stored with the task


def test_a_form_filled_from_a_task_carries_where_it_came_from(desk: Client) -> None:
    parent = press(desk)
    page = desk.get(f"/tasks/new/?from={parent.pk}").content.decode()
    assert re.search(rf'name="origin" value="{parent.pk}"', page)
    look = desk.post("/tasks/new/preview/", filled(origin=parent.pk)).content.decode()
    assert re.search(rf'name="origin" value="{parent.pk}"', look)


@pytest.mark.parametrize(
    ("status", "more", "relation"),
    [
        (Status.SUCCEEDED, {}, Relation.AGAIN),
        (Status.SUCCEEDED, {"prompt": "A paper boat at noon"}, Relation.EDITED),
        (Status.FAILED, {}, Relation.RETRY),
        (Status.EXPIRED, {"duration": "8"}, Relation.RETRY),
        (Status.RUNNING, {"duration": "8"}, Relation.EDITED),
    ],
)
def test_the_relation_is_derived_from_the_request(
    desk: Client, status: Status, more: dict[str, Any], relation: Relation
) -> None:
    parent = became(press(desk), status)
    child = press(desk, origin=parent.pk, **more)
    assert came(child) == (parent.pk, relation)


def test_every_take_of_a_press_comes_from_the_same_task(desk: Client) -> None:
    parent = press(desk)
    press(desk, origin=parent.pk, takes="3")
    assert parent.derived_submissions.count() == 3


@pytest.mark.each_case
@pytest.mark.parametrize("origin", ["", "x", "-1", "9" * 30, "0", "99999999", "1:final"])
def test_an_invalid_origin_is_ignored(desk: Client, origin: str) -> None:
    assert came(press(desk, origin=origin)) == (None, "")


def test_a_task_of_another_project_is_nobodys_parent_here(
    desk: Client, make_task: MakeTask, member: User, stranger: User, ark: Credential
) -> None:
    """Ignore tasks that the person may not see, and tasks of another project of theirs."""
    elsewhere = Project.objects.get(name="Elsewhere")
    theirs = make_task(project=elsewhere)
    assert came(press(desk, origin=theirs.pk)) == (None, "")
    Membership.objects.create(project=elsewhere, user=member, role=Role.MEMBER)
    here = Project.objects.get(name="Dailies")
    assert came(press(desk, origin=theirs.pk, project=here.pk)) == (None, "")
    there = press(desk, origin=theirs.pk, project=elsewhere.pk)
    assert came(there) == (theirs.pk, Relation.EDITED)


def test_placing_never_relates_tasks_of_two_projects(
    make_task: MakeTask, project: Project, ark: Credential, member: User, stranger: User
) -> None:
    theirs = make_task(project=Project.objects.get(name="Elsewhere"))
    batch = place_batch(
        [generation()],
        key=uuid.uuid4(),
        project=project,
        credential=ark,
        created_by=member,
        now=timezone.now(),
        origin=Origin(theirs.pk, Relation.RETRY),
    )
    assert batch.submissions.values_list("parent", "relation").get() == (None, "")


def test_a_final_comes_from_its_draft_and_shows_its_settings(desk: Client) -> None:
    draft = press(desk, model=DRAFTING, resolution="480p", draft="on", seeds="11")
    became(draft, Status.SUCCEEDED, ratio="4:3")
    page = desk.get(f"/tasks/new/?from={draft.pk}&as=final")
    form = page.context["form"]
    text = {name: str(form[name].value()) for name in ("mode", "draft_task_id", "model")}
    assert text == {"mode": "final", "draft_task_id": draft.remote_id, "model": DRAFTING}
    assert form["resolution"].value() == "720p"
    assert not {"prompt", "ratio", "duration", "seeds", "draft", "camera_fixed"} & set(form.fields)
    final = press(
        desk, origin=draft.pk, model=DRAFTING, mode="final", draft_task_id=draft.remote_id
    )
    assert came(final) == (draft.pk, Relation.FINAL)
    assert (final.prompt, final.ratio, final.seed) == (draft.prompt, "4:3", 11)
    assert final.submission.generation.prompt == ""


def test_a_draft_whose_id_was_typed_is_the_parent_too(
    desk: Client, make_task: MakeTask, ark: Credential, stranger: User
) -> None:
    draft = make_task(credential=ark, draft=True, status=Status.SUCCEEDED)
    typed = {"model": DRAFTING, "mode": "final"}
    assert came(press(desk, draft_task_id=draft.remote_id, **typed)) == (draft.pk, Relation.FINAL)
    Task.objects.update(project=Project.objects.get(name="Elsewhere"))
    assert came(press(desk, draft_task_id=draft.remote_id, **typed)) == (None, "")


def test_the_seed_that_won_is_taken_over(desk: Client) -> None:
    parent = became(press(desk, model=SEEDED, seeds="77"), Status.SUCCEEDED, seed=77)
    plain = desk.get(f"/tasks/new/?from={parent.pk}").context["form"]
    assert "seeds" not in plain.fields, "a new video is to differ"
    form = desk.get(f"/tasks/new/?from={parent.pk}&as=seed").context["form"]
    assert (form["seeds"].value(), form["prompt"].value()) == ("77", parent.prompt)
    child = press(desk, origin=parent.pk, model=SEEDED, seeds="77", resolution="1080p")
    assert came(child) == (parent.pk, Relation.SEED)
    assert came(press(desk, origin=parent.pk, model=SEEDED))[1] == Relation.AGAIN


def test_sending_an_unconfirmed_request_again_is_a_retry(desk: Client) -> None:
    parent = press(desk)
    now = timezone.now()
    Submission.objects.begin(parent.submission.pk, now)
    error = ProviderError("No answer in time.", trouble=Trouble.TIMEOUT)
    record_outcome(parent.submission, SubmissionState.UNCONFIRMED, now, error)
    desk.post(f"/tasks/{parent.pk}/again/")
    child = Task.objects.order_by("pk").last()
    assert child and came(child) == (parent.pk, Relation.RETRY)


def test_a_placeholder_that_turns_out_to_be_a_known_task_keeps_its_children(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    parent = press(desk)
    child = press(desk, origin=parent.pk)
    Submission.objects.begin(parent.submission.pk, timezone.now())
    known = make_task("cgt-20261120120000-known", credential=ark)
    assert mark_created(parent.submission, known.remote_id, timezone.now())
    child.submission.refresh_from_db()
    assert child.submission.parent == known


# Shown


def test_the_lineage_shows_parents_children_and_takes_of_the_same_batch(desk: Client) -> None:
    first = became(press(desk), Status.FAILED)
    second = became(press(desk, origin=first.pk), Status.SUCCEEDED)
    third = press(desk, origin=second.pk, prompt="Another boat", takes="3")
    newest = press(desk, origin=third.pk, prompt="Another boat")
    strip = strip_of(desk, third)
    assert [(each.presented.task, each.how) for each in strip.parents] == [
        (first, ""),
        (second, "tried again"),
    ]
    assert (strip.how, strip.is_cut) == ("changed", False)
    assert [(each.presented.task, each.how) for each in strip.children] == [(newest, "made again")]
    assert [(each.how, each.is_here) for each in strip.takes] == [
        ("Take 3", True),
        ("Take 2", False),
        ("Take 1", False),
    ]
    words = desk.get(third.get_absolute_url()).content.decode()
    assert f'href="/batches/{third.submission.batch_id}/"' in words
    assert "Take 3 of 3" in words
    assert [each.presented.task for each in strip_of(desk, first).children] == [second]


def test_a_task_without_relatives_has_no_lineage(desk: Client, make_task: MakeTask) -> None:
    for task in (press(desk), make_task()):
        assert not strip_of(desk, task)
        assert "lineage-head" not in desk.get(task.get_absolute_url()).content.decode()


def test_a_deleted_relative_leaves_a_gap_without_its_prompt(desk: Client) -> None:
    first = press(desk, prompt="A secret plan")
    second = press(desk, origin=first.pk)
    other = press(desk, origin=first.pk, prompt="Another secret")
    Task.objects.filter(pk=other.pk).update(deleted_at=timezone.now())
    assert [each.presented.task for each in strip_of(desk, first).children] == [second]
    Task.objects.filter(pk=first.pk).update(deleted_at=timezone.now())
    strip = strip_of(desk, second)
    assert (strip.parents, strip.is_cut) == ([], True)
    Task.objects.filter(pk=first.pk).delete()
    strip = strip_of(desk, second)
    assert (strip.how, strip.parents, strip.is_cut) == ("changed", [], True)
    assert "A secret plan" not in desk.get(second.get_absolute_url()).content.decode()


def test_the_lineage_never_shows_another_project(
    desk: Client, client_of: ClientOf, staff: User, stranger: User, member: User
) -> None:
    """Hide them whatever the rows say, even from people who may see both projects."""
    first = press(desk)
    second = press(desk, origin=first.pk, takes="2")
    press(desk, origin=second.pk)
    elsewhere = Project.objects.get(name="Elsewhere")
    others = Task.objects.exclude(pk=second.pk)
    others.update(project=elsewhere, prompt="A secret plan")
    Membership.objects.create(project=elsewhere, user=member, role=Role.MEMBER)
    for reader in (desk, client_of(staff)):
        strip = strip_of(reader, second)
        assert strip.presented == []
        page = reader.get(second.get_absolute_url())
        assert "A secret plan" not in page.content.decode()
        url = re.sub(r"after=\d+", "after=0", poller(page)[0])
        assert "A secret plan" not in reader.get(url).content.decode()


def test_a_limited_number_of_relatives_is_shown_with_a_note_that_there_are_more(
    desk: Client,
) -> None:
    parent = press(desk)
    for _ in range(2):
        press(desk, origin=parent.pk, takes="20")
    strip = strip_of(desk, parent)
    assert (len(strip.children), strip.has_more_children) == (MOST, True)
    child = Task.objects.order_by("pk").last()
    assert child
    strip = strip_of(desk, child)
    shown = [int(each.how.split()[1]) for each in strip.takes]
    assert (shown, strip.has_more_takes) == ([*range(20, 20 - MOST - 1, -1)], True)
    seventh = Task.objects.get(submission__batch=child.submission.batch, submission__take=7)
    shown = [int(each.how.split()[1]) for each in strip_of(desk, seventh).takes]
    assert shown == [*range(13, 0, -1)], "those nearest to it"


def test_the_lineage_needs_a_bounded_number_of_queries(
    desk: Client, make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    alone = make_task()
    with django_assert_num_queries(16):
        desk.get(alone.get_absolute_url())
    first = press(desk)
    second = press(desk, origin=first.pk, takes="2")
    press(desk, origin=second.pk)
    # ancestors, the same batch, visible projects, their rows and copies; whether one may work
    with django_assert_num_queries(21):
        desk.get(second.get_absolute_url())
    press(desk, origin=second.pk, takes="20")
    with django_assert_num_queries(21):
        desk.get(second.get_absolute_url())


def test_an_open_page_gets_only_the_status_of_related_tasks(
    desk: Client,
) -> None:
    parent = press(desk)
    child = press(desk, origin=parent.pk)
    page = desk.get(parent.get_absolute_url())
    Task.objects.filter(pk=child.pk).update(
        status=Status.RUNNING, change=ChangeCounter.objects.next()
    )
    news = ask(desk, page)
    assert swapped(news) == {f"related{child.pk}"}
    assert 'data-status="running"' in news.content.decode()
    assert ask(desk, news).status_code == 204


# Continued from the last frame


def test_the_saved_last_frame_becomes_the_first_one_of_the_next(
    desk: Client, make_task: MakeTask, ark: Credential, save_copy: SaveCopy
) -> None:
    parent = make_task(credential=ark, status=Status.SUCCEEDED, model=SEEDED, prompt="A boat")
    save_copy(parent, png(640, 480), kind=CopyKind.LAST_FRAME)
    assert "Continue from last frame" in desk.get(parent.get_absolute_url()).content.decode()
    assert not Upload.objects.exists()
    answer = desk.post(f"/tasks/{parent.pk}/continue/")
    upload = Upload.objects.get()
    assert (upload.project, upload.width, upload.height) == (parent.project, 640, 480)
    form = desk.get(answer["Location"]).context["form"]
    assert (form["mode"].value(), form["first_frame"].value()) == (
        "first_frame",
        f"upload:{upload.pk}",
    )
    assert form["return_last_frame"].value() and form["prompt"].value() == "A boat"
    given = {"mode": "first_frame", "first_frame": f"upload:{upload.pk}"}
    assert came(press(desk, origin=parent.pk, **given)) == (parent.pk, Relation.CONTINUED)
    desk.post(f"/tasks/{parent.pk}/continue/")
    assert Upload.objects.count() == 1, "the same picture is kept once"


def test_a_task_with_another_first_frame_is_no_continuation(
    desk: Client, make_task: MakeTask, ark: Credential, save_copy: SaveCopy
) -> None:
    parent = make_task(credential=ark, status=Status.SUCCEEDED)
    save_copy(parent, png(), kind=CopyKind.LAST_FRAME)
    given = {"mode": "first_frame", "first_frame": "https://a.example/1.jpg"}
    assert came(press(desk, origin=parent.pk, **given)) == (parent.pk, Relation.EDITED)


def test_before_the_last_frame_is_saved_its_valid_link_is_given(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    link = "https://a.example/last.png"
    parent = make_task(credential=ark, status=Status.SUCCEEDED, last_frame_url=link)
    answer = desk.post(f"/tasks/{parent.pk}/continue/")
    form = desk.get(answer["Location"]).context["form"]
    assert form["first_frame"].value() == link
    given = {"mode": "first_frame", "first_frame": link}
    assert came(press(desk, origin=parent.pk, **given)) == (parent.pk, Relation.CONTINUED)
    Task.objects.filter(pk=parent.pk).update(link_ends_at=timezone.now())
    page = desk.post(f"/tasks/{parent.pk}/continue/", follow=True).content.decode()
    assert "no last frame to continue from" in page


def test_without_a_last_frame_the_page_says_how_to_get_one(
    desk: Client, make_task: MakeTask
) -> None:
    done = desk.get(make_task(status=Status.SUCCEEDED).get_absolute_url()).content.decode()
    assert "Turn on “Keep the last frame” to get one." in done and "/continue/" not in done
    live = desk.get(make_task(status=Status.RUNNING).get_absolute_url()).content.decode()
    assert "last frame to continue from" not in live


def test_a_last_frame_that_no_model_takes_is_refused_with_the_reason(
    desk: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    parent = make_task(status=Status.SUCCEEDED)
    save_copy(parent, png(100, 100), kind=CopyKind.LAST_FRAME)
    page = desk.post(f"/tasks/{parent.pk}/continue/", follow=True).content.decode()
    assert "The minimum is 300" in page
    assert not Upload.objects.exists()


def test_a_model_without_first_frames_is_replaced_by_one_that_takes_them(
    desk: Client, make_task: MakeTask, ark: Credential
) -> None:
    parent = make_task(
        credential=ark,
        status=Status.SUCCEEDED,
        model="doubao-seedance-1-0-lite-t2v-250428",
        last_frame_url="https://a.example/last.png",
    )
    answer = desk.post(f"/tasks/{parent.pk}/continue/")
    form = desk.get(answer["Location"]).context["form"]
    assert form["mode"].value() == "first_frame"
    assert form.choices.models[0].name == "seedance-2-0-260128"
