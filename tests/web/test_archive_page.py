"""The archive's page: the queue by the ends of its links, gone files, use of the storage."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import ChangeCounter, Copy, CopyKind, Membership, Project, Role, Task
from tasks.web.lists import archive as listing
from tasks.web.lists import paging
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.copies import change, copy_of
from tests.web.live_pages import ask, poller, swapped

HTMX = {"hx-request": "true"}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def queue(make_task: MakeTask, now: datetime) -> dict[str, Copy]:
    """One copy in each situation; the names are their tasks' prompts."""

    def put(name: str, **fields: Any) -> Copy:
        ends_in = fields.pop("ends_in", timedelta(hours=20))
        ends_at = now + ends_in if ends_in else None
        return copy_of(make_task(status="succeeded", prompt=name), link_ends_at=ends_at, **fields)

    return {
        "endless": put("endless", ends_in=None),
        "far": put("far"),
        "near": put("near", ends_in=timedelta(minutes=9)),
        "failing": put("failing", ends_in=timedelta(hours=9), trouble="connection", tries=2),
        "saving": put("saving", ends_in=timedelta(hours=3), state="saving", bytes_done=7),
        "saved": put("saved", state="saved", size=10 * 2**20),
        "saved later": put("saved later", ends_in=timedelta(hours=-9), state="saved"),
        "gone": put("gone", ends_in=timedelta(hours=-2), state="gone"),
        "gone later": put("gone later", ends_in=timedelta(hours=-3), state="gone"),
    }


def presented(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/archive/{query}")
    assert response.status_code == 200
    return [each.copy.task.prompt for each in response.context["presented"]]


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["near", "saving", "failing", "far", "endless"]),
        ("?state=at_risk", ["near", "failing"]),
        ("?state=saving", ["saving"]),
        ("?state=waiting", ["far", "endless"]),
        ("?state=saved", ["saved later", "saved"]),
        ("?state=gone", ["gone later", "gone"]),
        ("?state=nonsense", ["near", "saving", "failing", "far", "endless"]),
        ("?after=x.y", ["near", "saving", "failing", "far", "endless"]),
        (f"?after={'9' * 30}.1", ["near", "saving", "failing", "far", "endless"]),
        (f"?after={'9' * 17}.{'9' * 17}", ["endless"]),
    ],
)
def test_the_copy_whose_link_ends_first_is_on_top(
    reader: Client, queue: dict[str, Copy], query: str, found: list[str]
) -> None:
    assert presented(reader, query) == found


@pytest.mark.parametrize("state", ["", "saved", "gone"])
def test_pages_follow_each_other_without_gap_or_repeat(
    reader: Client, queue: dict[str, Copy], monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    whole = presented(reader, f"?state={state}")
    for module in (listing, paging):
        monkeypatch.setattr(module, "ROWS", 1)
    seen, query = [], f"?state={state}"
    while query:
        page = reader.get(f"/archive/{query}")
        seen += [each.copy.task.prompt for each in page.context["presented"]]
        key = page.context["page"].next
        assert not key or f'href="?state={state}&amp;after={key}"' in page.content.decode()
        query = f"?state={state}&after={key}" if key else ""
    assert seen == whole


def test_what_is_saved_comes_newest_first_from_all_of_ones_projects(
    reader: Client, make_task: MakeTask, member: User
) -> None:
    second = Project.objects.create(name="Second")
    Membership.objects.create(project=second, user=member, role=Role.VIEWER)
    for name, project in (("old", {}), ("middle", {"project": second}), ("new", {})):
        task = make_task(status="succeeded", prompt=name, **project)
        for kind in CopyKind:
            copy_of(task, kind, state="saved", size=1)
    copy_of(make_task(project=Project.objects.create(name="Third")), state="saved", size=1)
    page = reader.get("/archive/?state=saved")
    found = [(each.copy.task.prompt, each.copy.kind) for each in page.context["presented"]]
    assert found == [(name, kind) for name in ("new", "middle", "old") for kind in CopyKind]
    assert "data-save-now" not in page.content.decode(), "there is nothing left to do"
    assert page.content.decode().count("1\xa0byte</p>") == 6


def test_each_state_is_counted(reader: Client, queue: dict[str, Copy]) -> None:
    summary = reader.get("/archive/").context["summary"]
    counts = {choice.state: str(choice.count) for choice in summary.choices}
    known = {"at_risk": "2", "saving": "1", "waiting": "2", "saved": "2", "gone": "2", "lost": "0"}
    assert counts == known
    assert str(summary.unsaved) == "5"


def test_what_was_saved_and_lost_has_a_place_of_its_own(
    reader: Client, client_of: ClientOf, stranger: User, queue: dict[str, Copy], now: datetime
) -> None:
    for name, damage in (("gone", "missing"), ("far", "changed"), ("saved", "suspected")):
        Copy.objects.filter(pk=queue[name].pk).update(damage=damage, damaged_at=now)
    assert presented(reader, "?state=lost") == ["gone", "far"]
    assert presented(reader, "?state=gone") == ["gone later"]
    page = reader.get("/archive/?state=lost")
    assert str(page.context["summary"].choices[-1].count) == "2"
    words = " ".join(page.content.decode().split())
    assert "Saved file missing" in words and "Missing or changed" in words
    assert f'id="c{queue["gone"].pk}-save-now"' in words, "it may have been brought back"
    assert presented(client_of(stranger), "?state=lost") == []


def test_counts_that_met_a_bound_say_so(
    reader: Client, queue: dict[str, Copy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 2)
    monkeypatch.setattr(listing, "CAP", 1)
    summary = reader.get("/archive/").context["summary"]
    counts = {choice.state: str(choice.count) for choice in summary.choices}
    known = {"at_risk": "1+", "saving": "1+", "waiting": "", "saved": "1+", "gone": "1+"}
    assert counts == known | {"lost": "0"}


def test_the_storage_is_told_in_all_and_by_project(
    reader: Client, make_task: MakeTask, queue: dict[str, Copy], member: User
) -> None:
    second = Project.objects.create(name="Second")
    Membership.objects.create(project=second, user=member, role=Role.MEMBER)
    copy_of(make_task(project=second), state="saved", size=30 * 2**20)
    copy_of(make_task(project=Project.objects.create(name="Third")), state="saved", size=2**30)
    page = reader.get("/archive/")
    text = page.content.decode()
    assert "40.0\xa0MB" in text
    assert "3 saved files" in " ".join(text.split())
    assert [use.project.name for use in page.context["summary"].projects] == ["Second", "Dailies"]


def test_free_disk_is_told_where_the_videos_are_a_folder(reader: Client) -> None:
    assert re.search(
        r"[\d.]+\xa0[KMGT]B free of [\d.]+\xa0[KMGT]B", reader.get("/archive/").content.decode()
    )


def test_the_empty_pages_differ(reader: Client, project: Project) -> None:
    text = {
        state: reader.get(f"/archive/?state={state}").content.decode()
        for state in ("", "at_risk", "saved", "gone", "lost")
    }
    assert "All files saved" in text[""]
    assert "No videos at risk" in text["at_risk"]
    assert "Nothing saved yet" in text["saved"]
    assert "No videos lost" in text["gone"]
    assert "All saved files are there" in text["lost"]


def test_a_stranger_sees_nothing_of_it(
    client_of: ClientOf, stranger: User, queue: dict[str, Copy]
) -> None:
    browser = client_of(stranger)
    for state in ("", "saved", "gone"):
        page = browser.get(f"/archive/?state={state}")
        assert page.context["presented"] == []
        assert all(choice.count.number == 0 for choice in page.context["summary"].choices)
        assert page.context["summary"].bytes == 0
    feed = f"/live/?after=0&page=archive&on={queue['near'].pk}ew00000000"
    assert b"queue-state" not in browser.get(feed).content


def test_the_page_costs_as_much_for_thirty_rows_as_for_one(
    reader: Client, make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    copy_of(make_task(status="succeeded"))
    # session with person, last change; their projects, keys, rows; counts, gone, lost, projects,
    # sums, the largest; where one may work; pictures; whether one may work at all, trouble; the
    # header's two
    with django_assert_num_queries(16):
        reader.get("/archive/")
    for _ in range(29):
        copy_of(make_task(status="succeeded"))
    with django_assert_num_queries(16):
        reader.get("/archive/")


def test_rows_and_sums_change_by_themselves(reader: Client, queue: dict[str, Copy]) -> None:
    page = reader.get("/archive/")
    assert poller(page)[1] == 2, "something is being saved"
    near, far = queue["near"], queue["far"]
    change(near, state="saved", size=2**20)
    answer = ask(reader, page)
    assert {f"c{near.pk}-state", "storage", "count-at_risk"} <= swapped(answer)
    assert f"c{far.pk}-state" not in swapped(answer)
    assert b'data-kept="saved"' in answer.content
    assert "11.0\xa0MB" in answer.content.decode()
    assert ask(reader, answer).status_code == 204
    ChangeCounter.objects.next()  # somebody else's news
    assert swapped(ask(reader, answer)) == set()


# Save now


def test_save_now_puts_a_file_first(reader: Client, queue: dict[str, Copy], now: datetime) -> None:
    copy = queue["failing"]
    Copy.objects.filter(pk=copy.pk).update(due_at=now + timedelta(hours=3))
    response = reader.post(
        "/archive/save-now/", {"only": copy.task_id, "next": "/archive/?state=at_risk"}, follow=True
    )
    assert response.redirect_chain == [("/archive/?state=at_risk", 302)]
    assert "1 file will be saved next." in response.content.decode()
    copy.refresh_from_db()
    assert copy.due_at is not None
    assert copy.due_at <= timezone.now()
    assert (copy.tries, copy.trouble) == (0, "")


def test_save_now_of_a_selection_leaves_alone_what_is_saved(
    reader: Client, queue: dict[str, Copy]
) -> None:
    ids = [queue[name].task_id for name in ("far", "gone", "saved", "saving")]
    answer = reader.post("/archive/save-now/", {"task": ids}, headers=HTMX)
    assert "2 files will be saved next." in answer.content.decode()
    assert "<html" not in answer.content.decode()
    states = {name: Copy.objects.get(pk=queue[name].pk).state for name in ("gone", "saved")}
    assert states == {"gone": "waiting", "saved": "saved"}


def test_the_button_of_a_row_means_that_row_whatever_is_chosen(
    reader: Client, queue: dict[str, Copy]
) -> None:
    chosen = {"only": queue["gone"].task_id, "task": [queue["gone later"].task_id]}
    reader.post("/archive/save-now/", chosen)
    states = [Copy.objects.get(pk=queue[name].pk).state for name in ("gone", "gone later")]
    assert states == ["waiting", "gone"]


def test_nothing_to_do_is_said_too(reader: Client, queue: dict[str, Copy]) -> None:
    answer = reader.post("/archive/save-now/", {"task": queue["saved"].task_id}, follow=True)
    assert "Nothing to do" in answer.content.decode()


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_who_may_not_work_here_cannot_have_it_saved(
    client_of: ClientOf, queue: dict[str, Copy], request: pytest.FixtureRequest, who: str
) -> None:
    gone = queue["gone"]
    browser = client_of(request.getfixturevalue(who))
    assert browser.post("/archive/save-now/", {"task": gone.task_id}).status_code == 404
    assert "data-save-now" not in browser.get("/archive/?state=gone").content.decode()
    assert "data-save-now" not in browser.get(f"/tasks/{gone.task_id}/").content.decode()
    gone.refresh_from_db()
    assert gone.state == "gone"


@pytest.mark.each_case
@pytest.mark.parametrize("task", ["", "x", "9" * 40, "²"])
def test_an_unreadable_id_is_a_missing_page(
    reader: Client, queue: dict[str, Copy], task: str
) -> None:
    assert reader.post("/archive/save-now/", {"task": task}).status_code == 404


def test_the_way_back_never_leads_elsewhere(reader: Client, queue: dict[str, Copy]) -> None:
    asked = {"only": queue["far"].task_id, "next": "https://evil.example/"}
    assert reader.post("/archive/save-now/", asked).headers["Location"] == "/archive/"


def test_the_tasks_page_offers_it_while_it_would_do_something(
    reader: Client, queue: dict[str, Copy]
) -> None:
    for name, offered in (("far", True), ("gone", True), ("saved", False), ("saving", False)):
        text = reader.get(f"/tasks/{queue[name].task_id}/").content.decode()
        assert ("data-save-now" in text) is offered, name


# Choosing


def test_rows_can_be_chosen_for_one_zip(reader: Client, make_task: MakeTask) -> None:
    task = make_task(prompt="A kite")
    text = " ".join(reader.get("/").content.decode().split())
    assert f'form="selection" name="task" value="{task.pk}"' in text
    assert 'aria-label="Select: A kite"' in text
    assert 'action="/tasks/download.zip"' in text


def test_one_task_with_two_files_is_two_rows(reader: Client, make_task: MakeTask) -> None:
    task: Task = make_task(status="succeeded", prompt="twice")
    for kind in CopyKind:
        copy_of(task, kind)
    assert presented(reader) == ["twice", "twice"]
    assert "Last frame" in reader.get("/archive/").content.decode()
