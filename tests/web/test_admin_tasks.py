"""The admin's list of tasks: what it shows, finds and counts, and the links to and from pages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.models import AuditEntry, Charge, Price, Project, StatusChange, Task
from tasks.models.search import searchable
from tasks.web.lists import counts, paging
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy, save_copy
from tests.web.test_admin_lists import office

__all__ = ["office", "save_copy"]

LIST = "/admin/tasks/task/"


def shown(client: Client, query: str = "", url: str = LIST) -> list[int]:
    """The ids of the rows that a list shows."""
    return [row.pk for row in client.get(f"{url}?{query}").context["cl"].result_list]


# What a row shows


def test_a_row_has_poster_prompt_status_model_person_project_tokens_and_money(
    office: Client, member: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(
        status="succeeded",
        prompt="A paper boat on a canal",
        model="doubao-seedance-2-0-260128",
        created_by=member,
        total_tokens=1_234_567,
    )
    save_copy(task, b"a video", poster=b"an image", poster_hash="5" * 16)
    price = Price.objects.create(
        credential=task.credential, model="seedance-2-0-260128", amount=46, valid_from="2026-01-01"
    )
    Charge.objects.create(
        task=task, project=task.project, day=timezone.now(), state="billed", price=price,
        currency="CNY", micros=56_790_000,
    )  # fmt: skip
    html = office.get(LIST).content.decode()
    row = html[html.index('class="action-select"') :]
    assert re.search(rf'<img src="/tasks/{task.pk}/poster/5+"[^>]*loading="lazy"', row)
    assert 'data-status="succeeded"' in row
    for words in ("A paper boat on a canal", "Seedance 2.0", "member", "1,234,567", "56.79"):
        assert words in row, words
    assert task.project.name in row


def test_a_task_without_a_picture_has_the_icon_of_its_status(
    office: Client, make_task: MakeTask
) -> None:
    make_task(status="failed")
    assert re.search(r'class="clip-picture [^"]*">\s*<svg', office.get(LIST).content.decode())


@pytest.mark.parametrize("query", ["", "q=boat", "trash=1", "status=failed", "since=2026-01-01"])
def test_a_list_of_tasks_takes_as_many_queries_however_long_it_is(
    office: Client, make_task: MakeTask, save_copy: SaveCopy, query: str
) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            person = User.objects.create_user(f"person-{User.objects.count()}")
            project = Project.objects.create(name=f"Project {person.pk}")
            deleted = timezone.now() if query == "trash=1" else None
            task = make_task(
                status="failed", created_by=person, project=project, deleted_at=deleted,
                search_text=searchable("a boat"),
            )  # fmt: skip
            save_copy(task, b"a video", poster=b"an image", poster_hash="5" * 16)

    add(2)
    office.get(f"{LIST}?{query}")
    few = read_for(office, query, rows=2)
    add(5)
    many = read_for(office, query, rows=7)
    assert len(many) == len(few) <= 17
    counting = [sql for sql in many if "COUNT(" in sql.upper()]
    assert all("LIMIT" in sql or " > " in sql for sql in counting), counting


def read_for(client: Client, query: str, *, rows: int) -> list[str]:
    """The statements that read a list of so many rows; without what counts a search as one."""
    with CaptureQueriesContext(connection) as queries:
        assert len(shown(client, query)) == rows
    texts = [each["sql"] for each in queries]
    reads = [sql for sql in texts if sql.startswith(("SELECT", "WITH", "(SELECT"))]
    return [sql for sql in reads if "tasks_cache" not in sql]


# Filters, pages, counts


def test_filters_are_the_studios(office: Client, member: User, make_task: MakeTask) -> None:
    other = Project.objects.create(name="Another")
    failed = make_task(status="failed", created_by=member)
    elsewhere = make_task(project=other, model="seedance-1-0-pro")
    make_task()
    assert shown(office, "status=failed") == [failed.pk]
    assert shown(office, f"person={member.pk}") == [failed.pk]
    assert shown(office, f"project={other.pk}") == [elsewhere.pk]
    assert shown(office, "model=Seedance+1.0+Pro") == [elsewhere.pk]
    assert len(shown(office, f"credential={failed.credential_id}")) == 3
    page = office.get(f"{LIST}?status=failed")
    assert 'href="/?status=failed"' in page.content.decode(), "the same in the studio"


def test_statuses_are_counted_beside_their_filter(office: Client, make_task: MakeTask) -> None:
    for status in ("failed", "failed", "succeeded"):
        make_task(status=status)
    html = office.get(LIST).content.decode()
    found = re.findall(r'status=(\w+)"[^>]*>[^<]*</a>\s*<span class="count">(\S+)</span>', html)
    assert dict(found) == {"failed": "2", "succeeded": "1"}
    assert str(office.get(LIST).context["cl"].total) == "3"
    assert str(office.get(f"{LIST}?status=failed").context["cl"].total) == "2"


def test_counts_end_at_a_bound(
    office: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "CAP", 2)
    for _ in range(3):
        make_task()
    assert str(office.get(LIST).context["cl"].total) == "2+"


def test_pages_lead_on_by_key_and_back(
    office: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "ROWS", 2)
    ids = [make_task().pk for _ in range(5)][::-1]
    first = office.get(LIST).context["cl"]
    assert [row.pk for row in first.result_list] == ids[:2]
    assert first.newer_url == first.newest_url == ""
    second = office.get(LIST + first.older_url).context["cl"]
    assert [row.pk for row in second.result_list] == ids[2:4]
    assert shown(office, second.newer_url[1:]) == ids[:2]
    assert shown(office, second.older_url[1:]) == ids[4:]
    assert f'href="?before={ids[1]}"' in office.get(LIST).content.decode()


def test_pages_keep_the_filters(
    office: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "ROWS", 1)
    failed = [make_task(status="failed").pk for _ in range(2)]
    make_task()
    page = office.get(f"{LIST}?status=failed").context["cl"]
    assert shown(office, page.older_url[1:]) == [failed[0]]


def test_rows_that_no_index_knows_are_looked_through_page_by_page(
    office: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_READ", 3)
    task, now = make_task(), timezone.now()
    wanted = _changed(task, "failed", now)
    for _ in range(4):
        _changed(task, "running", now)
    url = "/admin/tasks/statuschange/"
    page = office.get(f"{url}?became__exact=failed").context["cl"]
    assert page.result_list == [] and page.older_url
    assert shown(office, page.older_url[1:], url) == [wanted.pk]


def _changed(task: Task, became: str, at: datetime) -> StatusChange:
    return StatusChange.objects.create(task=task, was="queued", became=became, at=at)


def test_an_action_reaches_no_further_than_the_ticked_rows(
    office: Client, make_task: MakeTask
) -> None:
    ticked, other = make_task(), make_task()
    action = {"action": "move_to_trash", "_selected_action": [ticked.pk], "select_across": "1"}
    office.post(LIST, {**action, "sure": "1"})
    assert list(Task.objects.kept()) == [other]


def test_the_trash_is_a_list_of_its_own(office: Client, make_task: MakeTask) -> None:
    kept = make_task()
    deleted = make_task(deleted_at=timezone.now() - timedelta(days=3))
    assert shown(office) == [kept.pk]
    assert shown(office, "trash=1") == [deleted.pk]


# Days


def test_days_are_offered_from_the_first_row_to_the_last(
    office: Client, make_task: MakeTask
) -> None:
    at = datetime(2025, 11, 30, 12, tzinfo=timezone.get_default_timezone())
    old = make_task(created_at=at)
    new = make_task(created_at=at.replace(year=2026, month=2, day=3))
    years = office.get(LIST).context["cl"].day_bar
    assert [step.title for step in years.steps] == ["2025", "2026"]
    assert shown(office, years.steps[0].url[1:]) == [old.pk]
    months = office.get(LIST + years.steps[1].url).context["cl"].day_bar
    assert [step.title for step in months.steps] == ["January 2026", "February 2026"]
    assert shown(office, months.steps[0].url[1:]) == []
    days = office.get(LIST + months.steps[1].url).context["cl"].day_bar
    assert [step.title for step in days.steps] == ["1", "2", "3"]
    assert shown(office, days.steps[2].url[1:]) == [new.pk]
    day = office.get(LIST + days.steps[2].url).context["cl"].day_bar
    assert day.back.url == months.steps[1].url


def test_days_narrow_other_lists_as_well(office: Client) -> None:
    now = timezone.now()
    old = AuditEntry.objects.create(verb="tracked", at=now - timedelta(days=40))
    new = AuditEntry.objects.create(verb="tracked", at=now)
    url = "/admin/tasks/auditentry/"
    assert shown(office, f"since={now:%Y-%m-%d}", url) == [new.pk]
    assert shown(office, f"until={now - timedelta(days=2):%Y-%m-%d}", url) == [old.pk]


# Links both ways


def test_a_tasks_page_and_its_row_lead_to_each_other(
    office: Client, client_of: ClientOf, member: User, make_task: MakeTask
) -> None:
    task = make_task()
    page, row = f"/tasks/{task.pk}/", f"{LIST}{task.pk}/change/"
    assert f'href="{row}"' in office.get(page).content.decode()
    assert f'href="{page}"' in office.get(row).content.decode()
    assert "/admin/" not in client_of(member).get(page).content.decode()


def test_a_task_in_the_trash_has_no_page_to_lead_to(office: Client, make_task: MakeTask) -> None:
    task = make_task(deleted_at=timezone.now())
    html = office.get(f"{LIST}{task.pk}/change/").content.decode()
    assert f'href="/tasks/{task.pk}/"' not in html


def test_credentials_people_and_projects_lead_both_ways(
    office: Client, client_of: ClientOf, manager: User, make_task: MakeTask
) -> None:
    task = make_task()
    account, project = task.credential_id, task.project_id
    pairs = {
        f"/credentials/{account}/": (f"/admin/tasks/credential/{account}/change/",) * 2,
        f"/people/?project={project}": (
            f"/admin/auth/user/{manager.pk}/change/",
            f"/admin/tasks/project/{project}/change/",
        ),
    }
    for page, rows in pairs.items():
        html = office.get(page).content.decode()
        assert all(f'href="{row}"' in html for row in rows), page
        assert "/admin/" not in client_of(manager).get(page).content.decode()
    back = {
        f"/admin/tasks/credential/{account}/change/": f"/credentials/{account}/",
        f"/admin/tasks/project/{project}/change/": f"/?project={project}",
        f"/admin/auth/user/{manager.pk}/change/": f"/?person={manager.pk}",
    }
    for row, page in back.items():
        assert f'href="{page}"' in office.get(row).content.decode(), row


def test_a_credential_is_listed_with_its_condition_and_open_tasks(
    office: Client, make_task: MakeTask
) -> None:
    credential: Any = make_task(status="running").credential
    make_task(status="succeeded", check_after=None)
    [row] = office.get("/admin/tasks/credential/").context["cl"].result_list
    assert row.open_tasks == 1
    html = office.get("/admin/tasks/credential/").content.decode()
    assert "tone-purple" in html, "nothing was heard of it yet"
    type(credential).objects.update(trouble="unauthorized")
    assert "tone-red" in office.get("/admin/tasks/credential/").content.decode()


def test_every_column_of_a_task_is_on_its_page(office: Client, make_task: MakeTask) -> None:
    from tasks.admin.task import TaskAdmin

    fields = {name for _h, options in TaskAdmin.fieldsets for name in options["fields"]}
    columns = {field.name for field in Task._meta.concrete_fields if field.editable}
    shown_otherwise = {"id", "status", "model", "raw"}
    assert columns - fields <= shown_otherwise
    assert office.get(f"{LIST}{make_task().pk}/change/").status_code == 200
