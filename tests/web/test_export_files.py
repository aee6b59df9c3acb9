"""Excel files of costs: written beside the pages, with the page's numbers, for one person."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.billing import cost_totals, costs
from tasks.models import (
    AuditAction,
    AuditEntry,
    Charge,
    Export,
    ExportState,
    Membership,
    Profile,
    Project,
)
from tasks.models.export import CLAIM, KEPT, MOST_TRIES
from tasks.monitoring import retention
from tasks.web.costs import export_files, workbooks
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.cost_pages import NOW, many, november, office

__all__ = ["many", "november", "office"]  # fixtures

YEAR = {"period": "year", "measure": "takes"}
TAKES, SUMS, LIST = "/costs/exports/takes/", "/costs/exports/sums/", "/costs/exports/"
Rows = list[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("november", "folders")


@pytest.fixture
def folders(settings: Any, tmp_path: Path) -> None:
    """A data folder and a storage of this test's own."""
    settings.DATA_DIR = tmp_path
    options = {"location": tmp_path / "videos", "base_url": None}
    videos = {**settings.STORAGES["videos"], "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"videos": videos}


def ask(client: Client, url: str = TAKES, **posted: Any) -> Export:
    response = client.post(url, YEAR | posted)
    assert (response.status_code, response["Location"]) == (302, LIST)
    return Export.objects.latest("pk")


def fetch(client: Client, export: Export) -> bytes:
    response: Any = client.get(f"/costs/exports/{export.pk}/file?download")
    assert response.status_code == 200
    return response.getvalue() if response.streaming else response.content


def rows_of(content: bytes) -> Rows:
    """The rows of all sheets, each by the head of its sheet."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    found = []
    for sheet in book:
        head, *rows = sheet.iter_rows(values_only=True)
        found += [dict(zip(head, row, strict=True)) for row in rows]
    return found


def written(client: Client, url: str = TAKES, **posted: Any) -> Rows:
    export = ask(client, url, **posted)
    assert export_files.write_all() == 1
    return rows_of(fetch(client, export))


def exported_as_csv(client: Client, url: str, **posted: Any) -> list[dict[str, str]]:
    response: Any = client.post(url, YEAR | posted)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def number(cell: Any) -> Decimal:
    return Decimal(str(cell)) if cell not in (None, "") else Decimal()


def test_page_csv_and_excel_have_the_same_sums(many: Project, office: Client) -> None:
    span = costs.Span(first=NOW.date().replace(month=1, day=1), last=NOW.date(),
                      projects=(many.pk,))  # fmt: skip
    page = cost_totals.totals(span)
    for table in (exported_as_csv(office, "/costs/charges/export.csv"), written(office)):
        assert len(table) == sum(each["takes"] for each in page.values())
        for kind, column in (("billed", "micros"), ("reserved", "reserved_micros"),
                             ("estimated", "estimated_micros")):  # fmt: skip
            for currency in ("CNY", "USD"):
                cells = [row[f"money {kind}"] for row in table if row["currency"] == currency]
                assert sum(map(number, cells)) * 1_000_000 == page[currency][column]
        tokens = sum(number(row["tokens billed"]) for row in table)
        assert tokens == sum(each["tokens"] for each in page.values()) > 0


def test_sums_in_excel_are_those_of_the_csv(many: Project, office: Client) -> None:
    wanted = {"by": "model", "then": "person"}
    table = exported_as_csv(office, "/costs/export.csv", **wanted)
    cells = [{head: "" if cell is None else cell for head, cell in row.items()}
             for row in written(office, SUMS, **wanted)]  # fmt: skip
    assert [list(row) for row in cells] == [list(row) for row in table]
    for ours, theirs in zip(cells, table, strict=True):
        for head, cell in ours.items():
            is_number = isinstance(cell, int | float)
            assert number(theirs[head]) == number(cell) if is_number else theirs[head] == cell


def test_chosen_columns_are_written_and_remembered(
    many: Project, office: Client, manager: User
) -> None:
    [first, *_] = written(office, column=["money billed", "day"])
    assert list(first) == ["day", "money billed"]
    assert isinstance(first["day"], datetime)
    assert Profile.objects.get(user=manager).export_columns == "day,money billed"


def test_texts_stay_texts(office: Client, project: Project, make_task: MakeTask) -> None:
    task = make_task(prompt="=HYPERLINK(1)")
    Charge.objects.create(project=project, day=NOW.date(), task=task, model="https://a.example")
    export = ask(office)
    export_files.write_all()
    book = openpyxl.load_workbook(io.BytesIO(fetch(office, export)))
    cells = {cell.value: cell for row in book.active.iter_rows(min_row=2) for cell in row}
    assert cells["=HYPERLINK(1)"].data_type == "s"
    assert cells["https://a.example"].hyperlink is None


def test_a_longer_table_goes_on_in_the_next_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "ROWS_OF_A_SHEET", 4)
    book = workbooks.Workbook(tmp_path / "a.xlsx", ["number"], title="takes")
    for each in range(8):
        book.add([each])
    book.close()
    found = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert found.sheetnames == ["takes", "takes 2", "takes 3"]
    assert [row["number"] for row in rows_of((tmp_path / "a.xlsx").read_bytes())] == [*range(8)]


# Who may have the file


def test_only_who_asked_may_have_it(
    many: Project, office: Client, client_of: ClientOf, staff: User
) -> None:
    export = ask(office)
    export_files.write_all()
    url = f"/costs/exports/{export.pk}/file"
    assert office.get(url).status_code == 200
    assert client_of(staff).get(url).status_code == 404
    assert client_of(staff).post(f"/costs/exports/{export.pk}/delete/").status_code == 404
    assert client_of(staff).get(LIST).context["rows"] == []


def test_a_lost_project_takes_its_money_along(many: Project, office: Client, manager: User) -> None:
    other = Project.objects.get(name="Other")
    theirs = Membership.objects.create(user=manager, project=other, role="viewer")
    of_one, of_all = ask(office, project=many.pk), None
    Project.objects.filter(pk=other.pk).update(viewers_see_details=True)
    of_all = ask(office)
    export_files.write_all()
    urls = [f"/costs/exports/{each.pk}/file" for each in (of_one, of_all)]
    assert [office.get(url).status_code for url in urls] == [200, 200]
    theirs.delete()
    assert [office.get(url).status_code for url in urls] == [200, 404]


def test_staff_who_are_staff_no_more_lose_what_they_saw_of_all(
    many: Project, client_of: ClientOf, staff: User
) -> None:
    client = client_of(staff)
    export = ask(client)
    export_files.write_all()
    assert len(rows_of(fetch(client, export))) == Charge.objects.count()
    User.objects.filter(pk=staff.pk).update(is_staff=False)
    assert client.get(f"/costs/exports/{export.pk}/file").status_code == 404


def test_an_export_has_only_projects_whose_money_one_sees(many: Project, office: Client) -> None:
    other = Project.objects.get(name="Other")
    assert written(office, project=other.pk) == []
    assert {row["project"] for row in written(office)} == {"Dailies"}


# How it goes on, and ends


def test_the_list_waits_for_a_file_and_then_offers_it(many: Project, office: Client) -> None:
    export = ask(office)
    waiting = office.get(LIST).content.decode()
    assert 'hx-get="/costs/exports/progress/"' in waiting
    Export.objects.filter(pk=export.pk).update(state="writing", done=30, total=60)
    assert "30 of 60 rows" in office.get("/costs/exports/progress/").content.decode()
    Export.objects.filter(pk=export.pk).update(state="waiting")
    export_files.write_all()
    ready = office.get("/costs/exports/progress/").content.decode()
    assert f"/costs/exports/{export.pk}/file?download" in ready
    assert "hx-get" not in ready


def test_asking_twice_is_asking_once_until_it_is_ready(many: Project, office: Client) -> None:
    first = ask(office)
    assert ask(office) == first
    assert ask(office, column="day") != first
    export_files.write_all()
    assert ask(office) != first


def test_asking_is_noted_in_the_audit(many: Project, office: Client) -> None:
    ask(office, person="2")
    assert AuditEntry.objects.get(verb=AuditAction.EXPORTED).changes["person"] == "2"


def test_the_list_costs_as_many_queries_with_many_files(
    many: Project, office: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for person in range(9):
        ask(office, person=person, model="a new one")
    with django_assert_max_num_queries(12):
        assert len(office.get(LIST).context["rows"]) == 9


def test_a_deleted_export_is_written_no_further(
    many: Project, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask(office)

    def delete_first(rows: Callable[..., Any]) -> Any:
        def table(row: Export) -> Any:
            office.post(f"/costs/exports/{export.pk}/delete/")
            return rows(row)

        return table

    monkeypatch.setattr(export_files, "_table", delete_first(export_files._table))
    export_files.write_all()
    assert not Export.objects.exists()
    assert not list(export_files.folder().iterdir())


def test_a_file_goes_with_its_export(many: Project, office: Client) -> None:
    export = ask(office)
    export_files.write_all()
    name = Export.objects.get().name
    assert storages["videos"].exists(name)
    office.post(f"/costs/exports/{export.pk}/delete/")
    assert not storages["videos"].exists(name)


def test_a_file_is_kept_for_a_week(
    many: Project, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0)
    export = ask(office)
    export_files.write_all()
    name = Export.objects.get().name
    with time_machine.travel(NOW + KEPT + timedelta(seconds=1), tick=False):
        assert office.get(f"/costs/exports/{export.pk}/file").status_code == 404
        retention.tidy(NOW + KEPT + timedelta(seconds=1), 5)
    assert not Export.objects.exists()
    assert not storages["videos"].exists(name)


def test_a_killed_writer_is_followed_by_another(many: Project, office: Client) -> None:
    export = ask(office)
    assert Export.objects.claim(NOW) == export
    assert Export.objects.claim(NOW) is None
    later = NOW + CLAIM
    with time_machine.travel(later, tick=False):
        export_files.write_all()
    export.refresh_from_db()
    assert (export.state, export.tries) == (ExportState.READY, 2)


def test_an_export_that_kills_its_writer_fails_in_the_end(office: Client, many: Project) -> None:
    ask(office)
    for turn in range(MOST_TRIES):
        assert Export.objects.claim(NOW + turn * CLAIM)
    assert Export.objects.claim(NOW + MOST_TRIES * CLAIM) is None
    assert Export.objects.get().state == ExportState.FAILED


def test_a_writer_that_is_asked_to_end_gives_the_export_back(
    many: Project, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(office)

    def interrupt(*_cells: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workbooks.Workbook, "add", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_files.write_all()
    export = Export.objects.get()
    assert (export.state, export.tries) == (ExportState.WAITING, 0)


def test_a_full_disk_ends_one_export_and_not_the_next(
    many: Project, office: Client, settings: Any
) -> None:
    ask(office)
    settings.DISK_RESERVE = 2**62
    assert export_files.write_all() == 1
    assert "couldn't be written" in office.get(LIST).content.decode()
    settings.DISK_RESERVE = 0
    assert written(office)


def test_a_long_table_is_read_in_portions(
    many: Project,
    office: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr("tasks.web.costs.cost_charges.PORTION", 20)
    ask(office, column="charge")
    with django_assert_max_num_queries(24):
        export_files.write_all()
    assert Export.objects.get().done == Charge.objects.filter(project=many).count() > 40
