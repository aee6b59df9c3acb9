"""The page of a batch: the progress of its takes and the settings in which they differ."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import ChangeCounter, Credential, Project, Star, Task
from tasks.providers.status import Status
from tasks.submission.place import place_batch
from tests.providers.generations import generation
from tests.web.composing import ark, desk
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.everyone import plain
from tests.web.live_pages import FILM, ask, swapped
from tests.web.test_lineage import SEEDED, became, press

__all__ = ["ark", "desk"]

USUAL = "doubao-seedance-2-0-260128"
SEEDY: dict[str, Any] = {"model": SEEDED}


@pytest.fixture
def takes(project: Project, member: User, ark: Credential) -> Any:
    """takes({…}, {…}): the tasks of one batch, each with a request of its own."""

    def takes(*each: dict[str, Any]) -> list[Task]:
        requests = [generation(fields.pop("model", USUAL), **fields) for fields in map(dict, each)]
        whose: dict[str, Any] = {"project": project, "credential": ark, "created_by": member}
        batch = place_batch(requests, key=uuid.uuid4(), now=timezone.now(), **whose)
        rows = Task.objects.select_related("submission__batch").filter(submission__batch=batch)
        return list(rows.order_by("pk"))

    return takes


def url_of(task: Task) -> str:
    return f"/batches/{task.submission.batch_id}/"


def words_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_many_takes_lead_to_the_page_of_their_batch(desk: Client) -> None:
    task = press(desk, takes="4")
    page = desk.get(url_of(task))
    assert [take.number for take in page.context["takes"]] == [1, 2, 3, 4]
    assert task.prompt in words_of(page)
    assert "member" in words_of(page)


def test_the_progress_counts_the_takes_by_status(desk: Client, takes: Any) -> None:
    rows = takes(*[{}] * 6)
    ends = (Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED, Status.RUNNING, Status.UNCONFIRMED)
    for task, status in zip(rows, ends, strict=False):
        became(task, status, total_tokens=1_000)
    progress = desk.get(url_of(rows[0])).context["progress"]
    assert [(part.word, part.number) for part in progress.parts] == [
        ("Succeeded", 2),
        ("Running", 1),
        ("Submitting", 1),
        ("Unconfirmed", 1),
        ("Failed", 1),
    ]
    assert (progress.ended, progress.number, progress.tokens) == (3, 6, "2,000")
    assert "3 of 6 finished" in words_of(desk.get(url_of(rows[0])))


def test_billed_tokens_are_shown_only_where_they_are_known(desk: Client, takes: Any) -> None:
    [task] = takes({})
    became(task, Status.SUCCEEDED)
    assert "tokens billed" not in words_of(desk.get(url_of(task)))
    became(task, Status.SUCCEEDED, completion_tokens=500)
    assert "500 tokens billed" in words_of(desk.get(url_of(task)))


def test_differing_settings_are_shown_with_each_take_and_common_ones_once(
    desk: Client, takes: Any
) -> None:
    rows = takes(
        {"prompt": "A boat", "ratio": "16:9", "duration": 5, "resolution": "720p"},
        {"prompt": "A kite", "ratio": "9:16", "duration": 5, "generate_audio": False},
        {"prompt": "A kite", "ratio": "9:16", "duration": 5, "watermark": True},
    )
    page = desk.get(url_of(rows[0]))
    differing = [
        {setting.name: setting.value for setting in take.own} for take in page.context["takes"]
    ]
    assert differing == [
        {"prompt": "A boat", "ratio": "16:9", "resolution": "720p", "watermark": "no"},
        {"prompt": "A kite", "ratio": "9:16", "resolution": "–", "watermark": "no"},
        {"prompt": "A kite", "ratio": "9:16", "resolution": "–", "watermark": "yes"},
    ]
    common = {setting.name: setting.value for setting in page.context["comparison"].common}
    assert common == {"model": "Seedance 2.0", "mode": "Text to video", "duration": "5 s"}
    assert page.context["title"] == ""


def test_differing_pictures_are_shown_without_secrets_of_their_links(
    desk: Client, takes: Any
) -> None:
    rows = takes({"mode": "first_frame", "parts": ("first_frame",)}, {})
    row = rows[0].submission
    link = "https://a.example/1.jpg?X-Tos-Signature=secret"
    row.request = row.request | {"media": [{"part": "first_frame", "url": link}]}
    row.save()
    words = words_of(desk.get(url_of(rows[0])))
    assert "a.example/1.jpg" in words
    assert "secret" not in words


def test_two_takes_are_compared_alone(desk: Client, takes: Any) -> None:
    rows = takes({"duration": 5}, {"duration": 5, "ratio": "1:1"}, {"duration": 8})
    some = f"{url_of(rows[0])}?take={rows[0].pk}&take={rows[1].pk}"
    page = desk.get(some)
    assert [take.number for take in page.context["takes"]] == [1, 2]
    assert [setting.name for setting in page.context["takes"][0].own] == ["ratio"]
    assert page.context["progress"].number == 3
    for query in ("?take=1", f"?take={rows[0].pk}", "?take=x&take=", "?take=9" + "9" * 30):
        assert len(desk.get(url_of(rows[0]) + query).context["takes"]) == 3


def test_the_winning_seed_is_taken_from_here(desk: Client) -> None:
    first = press(desk, model=SEEDED, takes="2", seeds="11 12")
    became(first, Status.SUCCEEDED, seed=12)
    words = words_of(desk.get(url_of(first)))
    assert f"?from={first.pk}&amp;as=seed" in words
    assert words.count("as=seed") == 1, "the other take has not succeeded yet"


def test_a_viewer_sees_the_batch_without_followups(
    desk: Client, client_of: ClientOf, viewer: User, stranger: User
) -> None:
    task = became(press(desk, model=SEEDED, takes="2"), Status.SUCCEEDED, seed=12)
    assert "as=seed" not in words_of(client_of(viewer).get(url_of(task)))
    theirs, missing = (client_of(stranger).get(url) for url in (url_of(task), "/batches/999/"))
    assert theirs.status_code == missing.status_code == 404
    assert plain(theirs) == plain(missing)


def test_deleted_takes_and_takes_of_other_projects_are_counted_but_not_shown(
    desk: Client, client_of: ClientOf, takes: Any, stranger: User
) -> None:
    rows = takes({"prompt": "A boat"}, {"prompt": "A secret plan"}, {"prompt": "Another one"})
    Task.objects.filter(pk=rows[1].pk).update(deleted_at=timezone.now())
    Task.objects.filter(pk=rows[2].pk).update(project=Project.objects.get(name="Elsewhere"))
    words = words_of(desk.get(url_of(rows[0])))
    assert "A secret plan" not in words and "Another one" not in words
    assert "2 takes were deleted." in words


def test_stars_are_set_from_here(desk: Client, takes: Any, member: User) -> None:
    rows = takes({}, {})
    desk.post(f"/tasks/{rows[1].pk}/star", {"next": url_of(rows[0])})
    presented = [take.presented.is_starred for take in desk.get(url_of(rows[0])).context["takes"]]
    assert presented == [False, True]
    assert Star.objects.get().user == member


def test_saved_takes_are_downloaded_together(desk: Client, takes: Any, save_copy: SaveCopy) -> None:
    rows = takes({}, {})
    assert "download.zip" not in words_of(desk.get(url_of(rows[0])))
    save_copy(became(rows[1], Status.SUCCEEDED), b"a video")
    page = desk.get(url_of(rows[0]))
    assert page.context["saved"] == [rows[1].pk]
    assert "download.zip" in words_of(page)


# Live


def change(task: Task, **fields: Any) -> None:
    Task.objects.filter(pk=task.pk).update(change=ChangeCounter.objects.next(), **fields)


def test_changes_are_sent_as_fragments_with_the_progress(desk: Client, takes: Any) -> None:
    quiet, busy = takes({}, {})
    page = desk.get(url_of(busy))
    assert ask(desk, page).status_code == 204
    change(busy, status=Status.RUNNING)
    news = ask(desk, page)
    assert swapped(news) == {f"t{busy.pk}-state", f"t{busy.pk}-stars", "batch-progress"}
    change(busy, status=Status.SUCCEEDED, video_url=FILM, total_tokens=700)
    news = ask(desk, news)
    assert f"t{busy.pk}-screen" in swapped(news)
    assert "700 tokens billed" in words_of(news) and "1 task finished" in words_of(news)
    change(busy, request_id="another")
    assert f"t{busy.pk}-screen" not in swapped(ask(desk, news)), "it may be playing"
    assert str(quiet.pk) not in {name[1:].split("-")[0] for name in swapped(news)}


def test_during_a_comparison_other_takes_change_only_the_progress(desk: Client, takes: Any) -> None:
    first, second, third = takes({}, {}, {})
    page = desk.get(f"{url_of(first)}?take={first.pk}&take={second.pk}")
    change(third, status=Status.RUNNING)
    assert swapped(ask(desk, page)) == {"batch-progress"}


def test_a_change_of_another_batch_is_no_news(desk: Client, takes: Any) -> None:
    [mine, *_rest], [other, *_more] = takes({}, {}), takes({}, {})
    page = desk.get(url_of(mine))
    change(other, status=Status.RUNNING)
    assert swapped(ask(desk, page)) == set()


def test_twenty_takes_cost_as_much_as_two(
    desk: Client, takes: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    few, many = takes(SEEDY, SEEDY), takes(*[SEEDY | {"duration": 4 + n % 5} for n in range(20)])
    Task.objects.update(status=Status.SUCCEEDED, seed=7)
    # session with person, their projects twice, the last change, the batch, statuses, rows, copies,
    # stars, requests, whether one may work; trouble, whether one may track; the header's two
    for rows in (few, many):
        with django_assert_num_queries(15):
            desk.get(url_of(rows[0]))


# In the list


def test_the_list_says_which_of_how_many_and_leads_to_the_others(desk: Client) -> None:
    task = press(desk, takes="3")
    alone = press(desk)
    words = words_of(desk.get("/"))
    assert words.count("of 3 </a>") == 3
    assert f'href="{url_of(task)}"' in words
    assert f'href="{url_of(alone)}"' not in words


def test_the_list_of_one_batch(desk: Client, takes: Any) -> None:
    rows = takes({}, {})
    press(desk)
    page = desk.get(f"/?batch={rows[0].submission.batch_id}")
    assert [presented.task for presented in page.context["presented"]] == rows[::-1]
    assert str(page.context["statuses"].in_line[0].count) == "2"  # generating
    assert "Batch" in words_of(page)
    for query in ("?batch=x", "?batch=-1"):
        assert len(desk.get(f"/{query}").context["presented"]) == 3


def test_takes_of_one_shape_stand_in_even_columns(desk: Client, takes: Any) -> None:
    rows = takes({}, {})
    for ratios, shape in ((("9:16", "9:16"), "shape-9x16"), (("9:16", "16:9"), "")):
        for task, ratio in zip(rows, ratios, strict=True):
            change(task, ratio=ratio)
        page = desk.get(url_of(rows[0]))
        assert page.context["shape"] == shape
        assert ("is-even" in page.content.decode()) is bool(shape)
