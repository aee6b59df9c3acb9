"""Deleting, the trash and restoring, as people do it."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks import jobs
from tasks.archive import purge
from tasks.models import AuditAction, AuditEntry, Copy, CopyKind, Project, Task
from tasks.models.search import searchable
from tasks.models.trash import KEPT
from tasks.web.lists import trash as listing
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy

HTMX = {"hx-request": "true"}


@pytest.fixture
def boss(client_of: ClientOf, manager: User) -> Client:
    return client_of(manager)


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def delete(client: Client, *tasks: Task, **headers: Any) -> Any:
    data = {"task": [task.pk for task in tasks]}
    return client.post("/tasks/delete/", data, headers=headers or None)


def in_trash(client: Client, kind: str = "tasks") -> list[str]:
    rows = client.get(f"/trash/?kind={kind}").context["page"].rows
    return [each.task.remote_id for each in rows]


# Deleting


def test_a_deleted_task_is_out_of_every_page_feed_file_zip_and_search(
    boss: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    words = "A lighthouse nobody wants"
    task = make_task(
        "cgt-unwanted", status="succeeded", prompt=words, search_text=searchable(words)
    )
    kept = make_task("cgt-kept", status="succeeded")
    for each in (task, kept):
        save_copy(each, b"a video", poster=b"a poster")
        save_copy(each, b"a frame", kind=CopyKind.LAST_FRAME)
    delete(boss, task)
    for url in ("/", "/?q=lighthouse", "/?status=succeeded", "/archive/"):
        assert "cgt-unwanted" not in text(boss, url) and words not in text(boss, url)
    pages = [f"/tasks/{task.pk}/{tail}" for tail in ("", "video", "last-frame", "poster")]
    assert [boss.get(url).status_code for url in pages] == [404] * 4
    assert boss.post("/tasks/download.zip", {"task": [task.pk]}).status_code == 404
    for tail in ("refresh/", "star", "video/delete/"):
        assert boss.post(f"/tasks/{task.pk}/{tail}").status_code == 404
    assert boss.post("/archive/save-now/", {"task": [task.pk]}).status_code == 404
    counted = {c.name: c.count.number for c in boss.get("/").context["statuses"].in_line}
    assert counted["succeeded"] == 1


def test_its_unsaved_files_are_in_no_queue_count_or_header(
    boss: Client, make_task: MakeTask
) -> None:
    now, task = timezone.now(), make_task("cgt-risky", status="succeeded")
    for state, kind in (("waiting", CopyKind.VIDEO), ("gone", CopyKind.LAST_FRAME)):
        Copy.objects.create(
            task=task, kind=kind, state=state, trouble="timeout", due_at=now, created_at=now,
            link_ends_at=now + timedelta(minutes=5),
        )  # fmt: skip
    assert boss.get("/").context["header_status"].at_risk == 1
    delete(boss, task)
    page = boss.get("/archive/")
    assert page.context["summary"].unsaved.number == 0
    assert not any(c.count.number for c in page.context["summary"].choices)
    assert "cgt-risky" not in text(boss, "/archive/?state=gone")
    assert page.context["header_status"].at_risk == 0
    assert Copy.objects.due(now).get().task_id == task.pk


def test_of_mixed_rows_only_ones_own_are_deleted(
    client_of: ClientOf, member: User, stranger: User, make_task: MakeTask
) -> None:
    own = make_task("cgt-own", created_by=member)
    colleagues = make_task("cgt-colleagues")
    elsewhere = make_task("cgt-elsewhere", project=stranger.projects.get())
    browser = client_of(member)
    page = browser.post(
        "/tasks/delete/", {"task": [own.pk, colleagues.pk, elsewhere.pk, "x", "²"]}, follow=True
    )
    assert set(Task.objects.kept()) == {colleagues, elsewhere}
    assert "2 weren" in page.content.decode()
    assert delete(browser, elsewhere).status_code == 404
    assert delete(browser, own).status_code == 404


def test_who_deleted_what_is_on_record(boss: Client, make_task: MakeTask, manager: User) -> None:
    task = make_task("cgt-1")
    delete(boss, task)
    boss.post("/trash/restore/", {"task": [task.pk]})
    entries = AuditEntry.objects.order_by("id")
    assert [(e.verb, e.actor, e.label, e.object_id, e.project_id) for e in entries] == [
        (verb, "manager", "cgt-1", task.pk, task.project_id)
        for verb in (AuditAction.DELETED, AuditAction.RESTORED)
    ]


def test_the_button_stands_where_it_would_do_something(
    client_of: ClientOf, make_task: MakeTask, member: User, viewer: User, manager: User
) -> None:
    own, others = make_task(created_by=member), make_task()
    offered = {
        (user.username, task.pk): "/tasks/delete/" in text(client_of(user), f"/tasks/{task.pk}/")
        for user in (viewer, member, manager)
        for task in (own, others)
    }
    assert {key for key, is_there in offered.items() if is_there} == {
        ("member", own.pk),
        ("manager", own.pk),
        ("manager", others.pk),
    }
    assert "/tasks/delete/" not in text(client_of(viewer), "/")
    assert "/tasks/delete/" in text(client_of(member), "/")


def test_the_row_leaves_the_page_that_deleted_it_and_all_others(
    boss: Client, client_of: ClientOf, viewer: User, make_task: MakeTask
) -> None:
    task, kept = make_task(), make_task()
    elsewhere = client_of(viewer)
    page = elsewhere.get("/")
    answer = delete(boss, task, **HTMX)
    assert json.loads(answer.headers["HX-Trigger"]) == {"wake": {"target": "#live"}}
    assert "moved to the trash for 30 days" in answer.content.decode()
    news = elsewhere.get(page.context["feed"].url)
    assert f'<li id="t{task.pk}" hx-swap-oob="delete">' in news.content.decode()
    assert f'id="t{kept.pk}" hx-swap-oob="delete"' not in news.content.decode()
    again = elsewhere.get(news.context["feed"].url)
    assert again.status_code == 204


def test_an_open_page_of_a_deleted_task_is_loaded_again(
    boss: Client, client_of: ClientOf, viewer: User, make_task: MakeTask
) -> None:
    task, reader = make_task(), client_of(viewer)
    page = reader.get(f"/tasks/{task.pk}/")
    delete(boss, task)
    assert reader.get(page.context["feed"].url).headers["HX-Refresh"] == "true"


def test_an_open_archive_loses_the_row_of_a_deleted_task(boss: Client, make_task: MakeTask) -> None:
    now, task = timezone.now(), make_task(status="succeeded")
    row = Copy.objects.create(task=task, kind=CopyKind.VIDEO, due_at=now, created_at=now)
    page = boss.get("/archive/")
    delete(boss, task)
    news = boss.get(page.context["feed"].url).content.decode()
    assert f'<li id="c{row.pk}" hx-swap-oob="delete">' in news
    assert 'id="count-unsaved"' in news


# Deleting the video only


def test_a_deleted_video_is_not_served_and_its_task_stays(
    boss: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    lives = timezone.now() + timedelta(hours=9)
    task = make_task(
        "cgt-1", status="succeeded", video_url="https://files.example/v.mp4", link_ends_at=lives
    )
    save_copy(task, b"a video", poster=b"a poster", link_ends_at=lives)
    page = boss.get(f"/tasks/{task.pk}/")
    boss.post(f"/tasks/{task.pk}/video/delete/")
    for tail in ("video", "poster"):
        assert boss.get(f"/tasks/{task.pk}/{tail}").status_code == 404
    page_text = text(boss, f"/tasks/{task.pk}/")
    assert "restorable until" in page_text and "The video was deleted" in page_text
    assert "https://files.example/v.mp4" not in re.sub(r"(?s)<pre.*?</pre>", "", page_text)
    assert 'data-kept="deleted"' in text(boss, "/")
    news = boss.get(page.context["feed"].url).content.decode()
    assert "screen-deleted" in news
    packed = boss.post("/tasks/download.zip", {"task": [task.pk]})
    assert b"Deleted" in b"".join(packed)
    assert boss.post(f"/tasks/{task.pk}/video/delete/").status_code == 404


def test_a_restored_video_plays_again(
    boss: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task("cgt-1", status="succeeded")
    row = save_copy(task, b"a video")
    boss.post(f"/tasks/{task.pk}/video/delete/")
    assert in_trash(boss, "videos") == ["cgt-1"] and in_trash(boss) == []
    boss.post("/trash/restore/", {"copy": [row.pk]})
    assert boss.get(f"/tasks/{task.pk}/video").status_code == 200
    assert in_trash(boss, "videos") == []


def test_members_delete_only_their_own_videos(
    client_of: ClientOf, member: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    own, others = make_task(created_by=member), make_task()
    for task in (own, others):
        save_copy(task, b"a video")
    browser = client_of(member)
    assert browser.post(f"/tasks/{others.pk}/video/delete/").status_code == 404
    assert browser.post(f"/tasks/{own.pk}/video/delete/").status_code == 302
    assert Copy.objects.kept().get().task == others


def test_what_became_of_a_video_is_said_when_it_is_gone_for_good(
    boss: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(status="succeeded")
    save_copy(task, b"a video", deleted_at=timezone.now() - KEPT - timedelta(hours=2))
    purge.purge(60)
    page_text = text(boss, f"/tasks/{task.pk}/")
    assert "The video was deleted" in page_text and "restorable until" not in page_text
    assert boss.get(f"/tasks/{task.pk}/video").status_code == 404


# The trash


def test_the_trash_tells_who_when_and_how_long_still(
    boss: Client, make_task: MakeTask, member: User
) -> None:
    now = timezone.now()
    week = timedelta(days=7, minutes=5)
    make_task("cgt-1", prompt="A pier", deleted_at=now - week, deleted_by=member)
    make_task("cgt-over", deleted_at=now - KEPT)
    make_task("cgt-kept")
    page_text = " ".join(text(boss, "/trash/").split())
    assert "A pier" in page_text and "23 days left" in page_text and "member" in page_text
    assert in_trash(boss) == ["cgt-1"]


def test_everybody_sees_the_trash_that_is_theirs(
    client_of: ClientOf,
    make_task: MakeTask,
    member: User,
    manager: User,
    staff: User,
    stranger: User,
) -> None:
    now = timezone.now()
    make_task("cgt-members", created_by=member, deleted_at=now)
    make_task("cgt-nobodys", deleted_at=now - timedelta(seconds=1))
    make_task(
        "cgt-elsewhere", project=stranger.projects.get(), deleted_at=now - timedelta(seconds=2)
    )
    assert in_trash(client_of(member)) == ["cgt-members"]
    assert in_trash(client_of(manager)) == ["cgt-members", "cgt-nobodys"]
    assert in_trash(client_of(staff)) == ["cgt-members", "cgt-nobodys", "cgt-elsewhere"]
    assert in_trash(client_of(stranger)) == []


def test_of_mixed_rows_only_ones_own_come_back(
    client_of: ClientOf, make_task: MakeTask, member: User, stranger: User, save_copy: SaveCopy
) -> None:
    now, elsewhere = timezone.now(), stranger.projects.get()
    own = make_task(created_by=member, deleted_at=now)
    others = make_task(deleted_at=now)
    foreign = make_task(project=elsewhere, deleted_at=now)
    file = save_copy(make_task(project=elsewhere), b"a video", deleted_at=now)
    data = {"task": [own.pk, others.pk, foreign.pk], "copy": [file.pk]}
    client_of(member).post("/trash/restore/", data)
    assert set(Task.objects.exclude(deleted_at=None)) == {others, foreign}
    assert Copy.objects.get().deleted_at == now


def test_pages_of_the_trash_follow_each_other_without_gap_or_repeat(
    boss: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ROWS", 3)
    now = timezone.now()
    for number in range(8):  # four at a time, as a selection deletes them
        make_task(f"cgt-{number}", deleted_at=now - timedelta(minutes=number // 4))
    seen: list[str] = []
    after = ""
    for _ in range(3):
        page = boss.get(f"/trash/?after={after}").context["page"]
        seen += [each.task.remote_id for each in page.rows]
        after = page.next
    assert seen == ["cgt-3", "cgt-2", "cgt-1", "cgt-0", "cgt-7", "cgt-6", "cgt-5", "cgt-4"]
    assert after == ""
    assert in_trash(boss)[:1] == ["cgt-3"]
    assert boss.get("/trash/?after=nonsense").context["page"].is_first


@pytest.mark.parametrize("kind", ["tasks", "videos"])
def test_the_trash_asks_as_much_for_many_rows_as_for_one(
    boss: Client,
    make_task: MakeTask,
    save_copy: SaveCopy,
    member: User,
    kind: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    now = timezone.now()
    for number in (1, 20):
        for _ in range(number):
            make_task(deleted_at=now, deleted_by=member)
            save_copy(make_task(), b"a video", deleted_at=now, deleted_by=member)
        # session with person, whether there is work, two counts, the rows, their pictures, trouble,
        # roles; the header's two
        with django_assert_num_queries(10):
            boss.get(f"/trash/?kind={kind}").content.decode()


def test_pictures_in_the_trash_are_for_who_may_restore(
    client_of: ClientOf, make_task: MakeTask, save_copy: SaveCopy, member: User, manager: User
) -> None:
    task = make_task(created_by=member)
    save_copy(task, b"a video", poster=b"a poster")
    colleagues = make_task()
    save_copy(colleagues, b"another", poster=b"another poster", deleted_at=timezone.now())
    own, boss = client_of(member), client_of(manager)
    url = f"/trash/{task.pk}/poster"
    assert own.get(url).status_code == 404, "it is not deleted"
    delete(own, task)
    for browser in (own, boss):
        assert f'src="{url}"' in text(browser, "/trash/")
        assert b"".join(browser.get(url)) == b"a poster"
    video = f"/trash/{colleagues.pk}/poster"
    assert f'src="{video}"' in text(boss, "/trash/?kind=videos")
    assert b"".join(boss.get(video)) == b"another poster"
    assert own.get(video).status_code == 404, "not theirs to restore"
    own.post("/trash/restore/", {"task": [task.pk]})
    assert own.get(url).status_code == 404


# For good


def test_deleting_for_good_asks_first_and_names_the_number(
    boss: Client, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    tasks = [make_task(deleted_at=timezone.now()) for _ in range(3)]
    file = save_copy(make_task(), b"a video", deleted_at=timezone.now())
    data = {"task": [task.pk for task in tasks], "copy": [file.pk]}
    asked = boss.post("/trash/delete-for-good/", data).content.decode()
    assert (
        "3 tasks and their saved files" in asked
        and "1 saved file will be deleted permanently" in asked
    )
    assert len(in_trash(boss)) == 3
    boss.post("/trash/delete-for-good/", {**data, "sure": "1"})
    assert in_trash(boss) == [] and in_trash(boss, "videos") == []
    assert boss.post("/trash/restore/", data).status_code == 404
    jobs.purge()
    assert Task.objects.get() == file.task
    assert Copy.objects.get().state == "deleted"


def test_members_cannot_delete_for_good(
    client_of: ClientOf, make_task: MakeTask, member: User
) -> None:
    task = make_task(created_by=member, deleted_at=timezone.now())
    browser = client_of(member)
    assert "/trash/delete-for-good/" not in text(browser, "/trash/")
    data = {"task": [task.pk], "sure": "1"}
    assert browser.post("/trash/delete-for-good/", data).status_code == 404
    assert Task.objects.in_trash(timezone.now()).exists()


def test_of_mixed_rows_only_those_of_managed_projects_are_given_up(
    boss: Client, make_task: MakeTask, stranger: User, save_copy: SaveCopy
) -> None:
    now, elsewhere = timezone.now(), stranger.projects.get()
    own, foreign = make_task(deleted_at=now), make_task(project=elsewhere, deleted_at=now)
    kept = make_task()
    file = save_copy(make_task(project=elsewhere), b"a video", deleted_at=now)
    data = {"task": [own.pk, foreign.pk, kept.pk], "copy": [file.pk], "sure": "1"}
    boss.post("/trash/delete-for-good/", data)
    jobs.purge()
    assert set(Task.objects.all()) == {foreign, kept, file.task}
    assert Copy.objects.get().deleted_at == now


def test_a_project_without_anything_deleted_says_so(boss: Client, project: Project) -> None:
    assert "The trash is empty" in text(boss, "/trash/")
    assert "No deleted videos" in text(boss, "/trash/?kind=videos")
