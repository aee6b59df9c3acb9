"""All takes of one press: how far they are, in what they differ, side by side."""

from __future__ import annotations

import uuid
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks import submit
from tasks.models import Batch, ChangeCounter, Credential, Project, Star, Task
from tasks.status import Status
from tests.providers.wishes import wish
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.making import ark, desk
from tests.web.test_lineage import SEEDED, became, press
from tests.web.test_live import FILM, ask, swapped

__all__ = ["ark", "desk"]

USUAL = "doubao-seedance-2-0-260128"


@pytest.fixture
def takes(project: Project, member: User, ark: Credential) -> Any:
    """takes({…}, {…}): the tasks of one batch, each of a wish of its own."""

    def takes(*each: dict[str, Any]) -> list[Task]:
        wishes = [wish(fields.pop("model", USUAL), **fields) for fields in map(dict, each)]
        whose: dict[str, Any] = {"project": project, "credential": ark, "created_by": member}
        batch = submit.place(wishes, key=uuid.uuid4(), now=timezone.now(), **whose)
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


def test_the_progress_counts_every_take_in_words(desk: Client, takes: Any) -> None:
    made = takes(*[{}] * 6)
    ends = (Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED, Status.RUNNING, Status.UNCONFIRMED)
    for task, status in zip(made, ends, strict=False):
        became(task, status, total_tokens=1_000)
    progress = desk.get(url_of(made[0])).context["progress"]
    assert [(part.word, part.number) for part in progress.parts] == [
        ("Succeeded", 2),
        ("Running", 1),
        ("Submitting", 1),
        ("Unconfirmed", 1),
        ("Failed", 1),
    ]
    assert (progress.ended, progress.number, progress.tokens) == (3, 6, "2,000")
    assert "3 of 6 ended" in words_of(desk.get(url_of(made[0])))


def test_what_nobody_has_counted_is_no_sum(desk: Client, takes: Any) -> None:
    [task] = takes({})
    became(task, Status.SUCCEEDED)
    assert "tokens billed" not in words_of(desk.get(url_of(task)))
    became(task, Status.SUCCEEDED, completion_tokens=500)
    assert "500 tokens billed" in words_of(desk.get(url_of(task)))


def test_in_what_takes_differ_is_told_beside_each_and_the_rest_once(
    desk: Client, takes: Any
) -> None:
    made = takes(
        {"prompt": "A boat", "ratio": "16:9", "duration": 5, "resolution": "720p"},
        {"prompt": "A kite", "ratio": "9:16", "duration": 5, "generate_audio": False},
        {"prompt": "A kite", "ratio": "9:16", "duration": 5, "watermark": True},
    )
    page = desk.get(url_of(made[0]))
    told = [{setting.name: setting.value for setting in take.own} for take in page.context["takes"]]
    assert told == [
        {"prompt": "A boat", "ratio": "16:9", "resolution": "720p", "watermark": "no"},
        {"prompt": "A kite", "ratio": "9:16", "resolution": "–", "watermark": "no"},
        {"prompt": "A kite", "ratio": "9:16", "resolution": "–", "watermark": "yes"},
    ]
    common = {setting.name: setting.value for setting in page.context["compared"].common}
    assert common == {"model": USUAL, "mode": "From text", "duration": "5 s"}
    assert page.context["title"] == ""


def test_pictures_that_differ_are_told_without_what_may_be_secret_in_a_link(
    desk: Client, takes: Any
) -> None:
    made = takes({"mode": "first_frame", "parts": ("first_frame",)}, {})
    row = made[0].submission
    link = "https://a.example/1.jpg?X-Tos-Signature=secret"
    row.wish = row.wish | {"media": [{"part": "first_frame", "url": link}]}
    row.save()
    words = words_of(desk.get(url_of(made[0])))
    assert "a.example/1.jpg" in words
    assert "secret" not in words


def test_two_takes_are_compared_alone(desk: Client, takes: Any) -> None:
    made = takes({"duration": 5}, {"duration": 5, "ratio": "1:1"}, {"duration": 8})
    some = f"{url_of(made[0])}?take={made[0].pk}&take={made[1].pk}"
    page = desk.get(some)
    assert [take.number for take in page.context["takes"]] == [1, 2]
    assert [setting.name for setting in page.context["takes"][0].own] == ["ratio"]
    assert page.context["progress"].number == 3
    for query in ("?take=1", f"?take={made[0].pk}", "?take=x&take=", "?take=9" + "9" * 30):
        assert len(desk.get(url_of(made[0]) + query).context["takes"]) == 3


def test_the_winning_seed_is_taken_from_here(desk: Client) -> None:
    first = press(desk, model=SEEDED, takes="2", seeds="11 12")
    became(first, Status.SUCCEEDED, seed=12)
    words = words_of(desk.get(url_of(first)))
    assert f"?from={first.pk}&amp;as=seed" in words
    assert words.count("as=seed") == 1, "the other one has not been seen yet"


def test_a_viewer_looks_and_is_offered_nothing_more(
    desk: Client, client_of: ClientOf, viewer: User, stranger: User
) -> None:
    task = became(press(desk, model=SEEDED, takes="2"), Status.SUCCEEDED, seed=12)
    assert "as=seed" not in words_of(client_of(viewer).get(url_of(task)))
    theirs, missing = (client_of(stranger).get(url) for url in (url_of(task), "/batches/999/"))
    assert theirs.status_code == missing.status_code == 404
    assert theirs.content == missing.content


def test_what_was_deleted_or_is_elsewhere_is_not_shown_but_counted(
    desk: Client, client_of: ClientOf, takes: Any, stranger: User
) -> None:
    made = takes({"prompt": "A boat"}, {"prompt": "A secret plan"}, {"prompt": "Another one"})
    Task.objects.filter(pk=made[1].pk).update(deleted_at=timezone.now())
    Task.objects.filter(pk=made[2].pk).update(project=Project.objects.get(name="Elsewhere"))
    words = words_of(desk.get(url_of(made[0])))
    assert "A secret plan" not in words and "Another one" not in words
    assert "2 takes were deleted." in words


def test_stars_are_set_from_here(desk: Client, takes: Any, member: User) -> None:
    made = takes({}, {})
    desk.post(f"/tasks/{made[1].pk}/star", {"next": url_of(made[0])})
    shown = [take.shown.is_starred for take in desk.get(url_of(made[0])).context["takes"]]
    assert shown == [False, True]
    assert Star.objects.get().user == member


def test_saved_takes_are_downloaded_together(desk: Client, takes: Any, save_copy: SaveCopy) -> None:
    made = takes({}, {})
    assert "download.zip" not in words_of(desk.get(url_of(made[0])))
    save_copy(became(made[1], Status.SUCCEEDED), b"a video")
    page = desk.get(url_of(made[0]))
    assert page.context["saved"] == [made[1].pk]
    assert "download.zip" in words_of(page)


# Live


def change(task: Task, **fields: Any) -> None:
    Task.objects.filter(pk=task.pk).update(change=ChangeCounter.objects.next(), **fields)


def test_what_changes_is_sent_in_pieces_with_the_progress(desk: Client, takes: Any) -> None:
    quiet, busy = takes({}, {})
    page = desk.get(url_of(busy))
    assert ask(desk, page).status_code == 204
    change(busy, status=Status.RUNNING)
    news = ask(desk, page)
    assert swapped(news) == {
        f"t{busy.pk}-status",
        f"t{busy.pk}-kept",
        f"t{busy.pk}-facts",
        "batch-progress",
    }
    change(busy, status=Status.SUCCEEDED, video_url=FILM, total_tokens=700)
    news = ask(desk, news)
    assert f"t{busy.pk}-screen" in swapped(news)
    assert "700 tokens billed" in words_of(news) and "1 task finished" in words_of(news)
    change(busy, request_id="another")
    assert f"t{busy.pk}-screen" not in swapped(ask(desk, news)), "it may be playing"
    assert str(quiet.pk) not in {name[1:].split("-")[0] for name in swapped(news)}


def test_while_two_are_compared_the_others_only_count(desk: Client, takes: Any) -> None:
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
    few, many = takes({}, {}), takes(*[{"duration": 4 + n % 5} for n in range(20)])
    # session, person, whose projects twice, the last change, the batch, statuses, rows, copies,
    # stars, wishes, whether one may work; trouble, whether one may track; the header's two
    for made in (few, many):
        with django_assert_num_queries(16):
            desk.get(url_of(made[0]))


# In the list


def test_the_list_says_which_of_how_many_and_leads_to_the_others(desk: Client) -> None:
    task = press(desk, takes="3")
    alone = press(desk)
    words = words_of(desk.get("/"))
    assert words.count("of 3 </a>") == 3
    assert f'href="{url_of(task)}"' in words
    assert f'href="{url_of(alone)}"' not in words


def test_the_list_of_one_batch(desk: Client, takes: Any) -> None:
    made = takes({}, {})
    press(desk)
    page = desk.get(f"/?batch={made[0].submission.batch_id}")
    assert [shown.task for shown in page.context["shown"]] == made[::-1]
    assert [str(c.count) for c in page.context["statuses"] if c.status == "submitting"] == ["2"]
    assert "Batch" in words_of(page)
    for query in ("?batch=x", "?batch=-1"):
        assert len(desk.get(f"/{query}").context["shown"]) == 3


def test_batches_from_before_know_their_takes(takes: Any) -> None:
    made, alone = takes({}, {}, {}), takes({})
    Batch.objects.update(takes=1)
    import_module("tasks.migrations.0020_lineage").count_takes(apps, None)
    numbers = [Batch.objects.get(submissions__task=t).takes for t in (made[0], alone[0])]
    assert numbers == [3, 1]
