"""Stars: each person's own, set with one press, found again."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Star
from tests.batched import put_into_a_batch
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.test_live import ask


@pytest.fixture
def looker(client_of: ClientOf, viewer: User) -> Client:
    return client_of(viewer)


def presented(client: Client, query: str = "") -> list[str]:
    return [each.task.remote_id for each in client.get(f"/{query}").context["presented"]]


def test_a_viewer_stars_a_task_and_takes_the_star_away(
    looker: Client, viewer: User, make_task: MakeTask
) -> None:
    task = make_task()
    answer = looker.post(f"/tasks/{task.pk}/star", headers={"hx-request": "true"})
    assert "star-filled" in answer.content.decode()
    assert list(Star.objects.tasks_of(viewer)) == [task.pk]
    answer = looker.post(f"/tasks/{task.pk}/star", headers={"hx-request": "true"})
    assert "star-filled" not in answer.content.decode()
    assert not Star.objects.exists()


def test_without_scripts_the_page_comes_back_as_it_was(looker: Client, make_task: MakeTask) -> None:
    url = f"/tasks/{make_task().pk}/star"
    assert looker.post(url, {"next": "/?status=running"}).headers["Location"] == "/?status=running"
    assert looker.post(url, {"next": "https://evil.example/"}).headers["Location"] == "/"


def test_rows_and_the_tasks_own_page_show_the_star(
    looker: Client, client_of: ClientOf, member: User, make_task: MakeTask
) -> None:
    starred, plain = make_task(), make_task()
    looker.post(f"/tasks/{starred.pk}/star")
    rows = {each.task.pk: each.is_starred for each in looker.get("/").context["presented"]}
    assert rows == {starred.pk: True, plain.pk: False}
    assert "star-filled" in looker.get(f"/tasks/{starred.pk}/").content.decode()
    assert "star-filled" not in looker.get(f"/tasks/{plain.pk}/").content.decode()
    assert "star-filled" not in client_of(member).get("/").content.decode()


def test_the_list_can_be_narrowed_to_ones_own_stars(
    looker: Client, viewer: User, member: User, make_task: MakeTask
) -> None:
    tasks = [make_task(f"cgt-{n}", status="failed" if n % 2 else "running") for n in range(4)]
    Star.objects.bulk_create(Star(user=viewer, task=task) for task in tasks[:3])
    Star.objects.create(user=member, task=tasks[3])
    assert presented(looker, "?starred=1") == ["cgt-2", "cgt-1", "cgt-0"]
    assert presented(looker, "?starred=1&status=failed") == ["cgt-1"]
    assert presented(looker, "?starred=nonsense") == ["cgt-3", "cgt-2", "cgt-1", "cgt-0"]
    page = looker.get("/?starred=1&status=failed")
    counted = {c.name: c.count.number for c in page.context["statuses"].in_line}
    assert (counted["generating"], counted["failed"]) == (2, 1)
    [chip] = page.context["chips"]
    assert (chip.value, chip.url) == ("Starred", "?status=failed")
    assert looker.get(page.context["feed"].url).status_code == 204


def test_a_star_of_a_deleted_task_waits_for_it(
    looker: Client, viewer: User, manager: User, make_task: MakeTask, client_of: ClientOf
) -> None:
    task = make_task("cgt-1")
    Star.objects.create(user=viewer, task=task)
    boss = client_of(manager)
    boss.post("/tasks/delete/", {"task": [task.pk]})
    assert presented(looker, "?starred=1") == []
    boss.post("/trash/restore/", {"task": [task.pk]})
    assert presented(looker, "?starred=1") == ["cgt-1"]


def counted(response: Any) -> dict[int, str]:
    """The number of stars of each task, as a page or an answer says, by the tasks' ids."""
    html = response.content.decode()
    found = re.findall(
        r'<span class="stars digits"\s+id="t(\d+)-stars".*?>(.*?)</span>', html, re.S
    )
    return {int(pk): number for pk, number in found}


def test_everybody_sees_how_many_have_starred_it_and_nobody_sees_who(
    client_of: ClientOf, viewer: User, member: User, manager: User, make_task: MakeTask
) -> None:
    task, plain = make_task(), make_task()
    for person in (member, manager):
        client_of(person).post(f"/tasks/{task.pk}/star")
    reader = client_of(viewer)
    for path in ("/?view=list", "/?view=grid"):
        page = reader.get(path)
        assert counted(page) == {task.pk: "2", plain.pk: ""}
        assert "Starred by 2 people" in " ".join(page.content.decode().split())
    page = reader.get(task.get_absolute_url())
    assert counted(page) == {task.pk: "2"}
    star = re.findall(r'<form class="task-star".*?</form>', page.content.decode(), re.S)[0]
    assert member.username not in star and manager.username not in star
    answer = reader.post(f"/tasks/{task.pk}/star", headers={"hx-request": "true"})
    assert counted(answer) == {task.pk: "3"}


@pytest.mark.parametrize("where", ["wall", "task", "batch"])
def test_other_peoples_open_pages_are_told(
    client_of: ClientOf, looker: Client, member: User, make_task: MakeTask, where: str
) -> None:
    parent = make_task()
    task = make_task()
    batch = put_into_a_batch([task, make_task()], parent=parent)
    paths = {"wall": "/", "task": task.get_absolute_url(), "batch": batch.get_absolute_url()}
    page = looker.get(paths[where])
    client_of(member).post(f"/tasks/{task.pk}/star")
    answer = ask(looker, page)
    assert counted(answer) == {task.pk: "1"}
    assert "star-filled" not in answer.content.decode()
    client_of(member).post(f"/tasks/{task.pk}/star")
    assert counted(ask(looker, answer)) == {task.pk: ""}
