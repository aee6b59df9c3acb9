"""The pages of bills: uploading, choosing columns, the result, adoption, export, removal."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks import jobs, queue
from tasks.models import (
    AuditEntry,
    Bill,
    BillColumns,
    BillRow,
    BillState,
    Credential,
    Project,
    Task,
    UntrackedTask,
    Verdict,
)
from tasks.monitoring import retention
from tasks.web.forms import bills as forms
from tests.conftest import MakeTask
from tests.tracking.bills.conftest import (
    BY_HAND,
    HEADS,
    MakeBill,
    MakeCharge,
    charge,
    compared,
    make_bill,
)
from tests.web.conftest import ClientOf

__all__ = ["charge", "compared", "make_bill"]

V = Verdict
THERE = "task_0123456789abcdef0123456789abcdef"


@pytest.fixture
def office(client_of: ClientOf, staff: User) -> Client:
    return client_of(staff)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run when they are queued."""
    monkeypatch.setattr(queue, "compare_bill", jobs.compare_bill)


def upload(office: Client, credential: Credential, content: str, name: str = "bill.csv") -> Any:
    file = SimpleUploadedFile(name, content.encode())
    return office.post("/costs/bills/", {"credential": credential.pk, "upload": file})


def test_a_bill_is_uploaded_its_columns_chosen_once_and_the_next_one_just_read(
    office: Client, credential: Credential, charge: MakeCharge
) -> None:
    charge("cgt-1")
    answer = upload(office, credential, f"{HEADS}cgt-1,2026-11-03,108900,5.01\n")
    bill = Bill.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/costs/bills/{bill.pk}/")
    assert bill.state == BillState.COLUMNS
    page = office.get(answer.url)
    assert page.context["form"].initial["tokens"] == "Tokens"  # guessed
    office.post(f"{answer.url}columns/", {**BY_HAND, "one_currency": "CNY"})
    bill.refresh_from_db()
    assert bill.state == BillState.COMPARED
    assert [each.verdict for each in office.get(answer.url).context["groups"]] == [V.MATCHED]
    upload(office, credential, f"{HEADS}cgt-2,2026-11-04,1,1\n", "next.csv")
    assert Bill.objects.latest("pk").state == BillState.COMPARED
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["bill_uploaded", "bill_columns", "bill_uploaded"]


def test_the_same_file_is_not_uploaded_twice(office: Client, credential: Credential) -> None:
    first = upload(office, credential, f"{HEADS}cgt-1,2026-11-03,1,1\n")
    again = upload(office, credential, f"{HEADS}cgt-1,2026-11-03,1,1\n", "copy.csv")
    assert (again.url, Bill.objects.count()) == (first.url, 1)


@pytest.mark.parametrize("posted", [{}, {"credential": ""}, {"upload": ""}])
def test_what_is_missing_is_asked_for(office: Client, posted: dict[str, Any]) -> None:
    answer = office.post("/costs/bills/", posted)
    assert set(answer.context["form"].errors) == {"credential", "upload"}


def test_a_file_that_is_too_large_is_not_taken(
    office: Client, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_BYTES", 10)
    answer = upload(office, credential, HEADS)
    assert "upload" in answer.context["form"].errors
    assert not Bill.objects.exists()


@pytest.mark.parametrize(
    ("posted", "wrong"),
    [
        ({"tokens": "", "money": ""}, "money"),
        ({"task_id": "", "day": ""}, "task_id"),
        ({"one_currency": ""}, "one_currency"),
        ({"currency": "Day"}, "one_currency"),
        ({"only_text": "seedance"}, "only_text"),
        ({"task_id": "No such column"}, "task_id"),
        ({"money_unit": "7"}, "money_unit"),
    ],
)
def test_columns_that_make_no_sense_are_told(
    posted: dict[str, str], wrong: str, office: Client, compared: MakeBill
) -> None:
    bill = compared(f"{HEADS}cgt-1,2026-11-03,1,1\n", columns={})
    answer = office.post(f"/costs/bills/{bill.pk}/columns/", {**BY_HAND, **posted})
    assert set(answer.context["form"].errors) == {wrong}
    assert not BillColumns.objects.exists()


def test_every_group_lists_its_rows(office: Client, compared: MakeBill, charge: MakeCharge) -> None:
    for remote_id in ("cgt-matched", "cgt-differs", "cgt-here"):
        charge(remote_id)
    charge("cgt-unpriced", currency="", micros=0)
    amounts = {"cgt-matched": "5.01", "cgt-differs": "6", "cgt-unpriced": "5", THERE: "2.3"}
    lines = "".join(f"{each},2026-11-03,108900,{amount}\n" for each, amount in amounts.items())
    bill = compared(f"{HEADS}{lines},2026-11-03,5,0.1\n")
    found = {}
    for group in office.get(f"/costs/bills/{bill.pk}/").context["groups"]:
        page = office.get(f"/costs/bills/{bill.pk}/?group={group.verdict}").context
        assert len(page["lines"]) == group.number
        found[group.verdict] = [(e.row.remote_id, e.there, e.here) for e in page["lines"]]
    assert found == {
        V.DIFFERS: [("cgt-differs", "¥6.00", "¥5.01")],
        V.ONLY_THERE: [(THERE, "¥2.30", "–")],
        V.ONLY_HERE: [("cgt-here", "–", "¥5.01")],
        V.UNPRICED: [("cgt-unpriced", "¥5.00", "no price")],
        V.MATCHED: [("cgt-matched", "¥5.01", "¥5.01")],
        V.NO_ID: [("", "¥0.10", "–")],
    }


def queries(office: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert office.get(url).status_code == 200
    return len(found)


def test_a_page_of_rows_costs_the_same_for_many(
    office: Client, compared: MakeBill, charge: MakeCharge
) -> None:
    counts = []
    for number in (1, 60):
        lines = ""
        for each in range(number):
            charge(f"cgt-{number}-{each}")
            lines += f"cgt-{number}-{each},2026-11-03,108900,5.01\n"
        bill = compared(HEADS + lines)
        counts.append(queries(office, f"/costs/bills/{bill.pk}/?group=matched"))
    assert counts[0] == counts[1] <= 14
    page = office.get(f"/costs/bills/{bill.pk}/?group=matched").context["page"]
    assert (len(page.ids), page.older is not None) == (50, True)


def test_the_list_of_bills_reads_no_file_and_costs_the_same_for_many(
    office: Client, make_bill: MakeBill
) -> None:
    make_bill("a")
    few = queries(office, "/costs/bills/")
    for number in range(9):
        make_bill(f"bill {number}")
    assert queries(office, "/costs/bills/") == few
    with CaptureQueriesContext(connection) as found:
        office.get("/costs/bills/")
    assert not any('"content"' in each["sql"] for each in found)


@pytest.fixture
def bill(compared: MakeBill) -> Bill:
    return compared(f"{HEADS}{THERE},2026-11-03,1,1\ncgt-listed,2026-11-03,1,1\n")


def untracked(credential: Credential, remote_id: str) -> UntrackedTask:
    now = timezone.now()
    raw = f'{{"task_id": "{remote_id}", "id": "{remote_id}", "status": "running"}}'
    return UntrackedTask.objects.create(
        credential=credential, base_url=credential.base_url, remote_id=remote_id, raw=raw,
        status="running", found_at=now, seen_at=now, remote_created_at=now,
    )  # fmt: skip


def test_what_only_the_bill_has_is_adopted_once(
    office: Client, bill: Bill, credential: Credential, project: Project
) -> None:
    posted = {"all": "1", "project": project.pk}
    for _ in range(2):
        assert office.post(f"/costs/bills/{bill.pk}/adopt/", posted).status_code == 302
    tasks = Task.objects.filter(project=project, credential=credential)
    assert set(tasks.values_list("remote_id", "created_by")) >= {(THERE, None)}
    assert tasks.filter(remote_id=THERE).count() == 1
    bill.refresh_from_db()
    assert V.ONLY_THERE not in bill.totals or bill.totals[V.ONLY_THERE]["number"] == 1
    entries = AuditEntry.objects.filter(verb="adopted", project_id=project.pk)
    assert entries.count() == 1


def test_a_task_that_the_provider_lists_is_adopted_with_what_it_says(
    office: Client, bill: Bill, credential: Credential, project: Project
) -> None:
    untracked(credential, THERE)
    row = BillRow.objects.get(bill=bill, remote_id=THERE)
    office.post(f"/costs/bills/{bill.pk}/adopt/", {"row": row.pk, "project": project.pk})
    assert not UntrackedTask.objects.exists()
    assert set(Task.objects.values_list("remote_id", flat=True)) == {THERE}


def test_only_projects_that_may_use_the_credential_take_tasks_in(
    office: Client, bill: Bill, credential: Credential
) -> None:
    foreign = Project.objects.create(name="Without this credential")
    credential.open_to_all = False
    credential.save()
    credential.projects.set(Project.objects.exclude(pk=foreign.pk))
    Project.objects.create(name="Another")
    posted = {"all": "1", "project": foreign.pk}
    office.post(f"/costs/bills/{bill.pk}/adopt/", posted)
    assert not Task.objects.filter(project=foreign).exists()


def test_rows_of_another_bill_are_not_adopted(
    office: Client, bill: Bill, compared: MakeBill, project: Project
) -> None:
    other = compared(f"{HEADS}{THERE[:-1]}0,2026-11-03,1,1\n")
    row = BillRow.objects.get(bill=other)
    office.post(f"/costs/bills/{bill.pk}/adopt/", {"row": row.pk, "project": project.pk})
    assert not Task.objects.exists()


def test_all_rows_are_exported(office: Client, compared: MakeBill, charge: MakeCharge) -> None:
    made = charge("cgt-1")
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,5.01\n=cmd,2026-11-03,1,1\n")
    answer: Any = office.post(f"/costs/bills/{bill.pk}/export.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["verdict"] for row in rows] == ["matched", "only_there"]
    first = rows[0]
    assert (first["amount"], first["our amount"]) == ("5.01", "5.0094")
    assert (first["task"], first["charge"]) == (str(made.task_id), str(made.pk))
    assert rows[1]["task id"] == "'=cmd"


def test_a_removed_bill_takes_its_rows_along_and_leaves_tasks(
    office: Client, compared: MakeBill, charge: MakeCharge
) -> None:
    charge("cgt-1")
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,5.01\n")
    office.post(f"/costs/bills/{bill.pk}/remove/")
    assert not Bill.objects.exists()
    assert not BillRow.objects.exists()
    assert Task.objects.filter(remote_id="cgt-1").exists()
    entry = AuditEntry.objects.get(verb="bill_removed")
    assert (entry.label, entry.object_id) == ("November.csv", bill.pk)


def test_a_page_under_way_asks_until_it_has_ended(office: Client, make_bill: MakeBill) -> None:
    bill = make_bill(f"{HEADS}cgt-1,2026-11-03,1,1\n")
    assert b"every 2s" in office.get(f"/costs/bills/{bill.pk}/state/").content
    jobs.compare_bill(bill.pk)
    ended = office.get(f"/costs/bills/{bill.pk}/state/")
    assert ended.headers["HX-Refresh"] == "true"


def test_a_file_goes_after_a_month_and_its_rows_stay(
    office: Client, compared: MakeBill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0)
    old = compared(f"{HEADS}cgt-1,2026-11-03,1,1\n")
    new = compared(f"{HEADS}cgt-2,2026-11-03,1,1\n")
    month = timedelta(days=31)
    Bill.objects.filter(pk=old.pk).update(uploaded_at=timezone.now() - month)
    retention.tidy(timezone.now(), 5)
    assert dict(Bill.objects.values_list("pk", "has_file")) == {old.pk: False, new.pk: True}
    assert bytes(Bill.objects.get(pk=old.pk).content) == b""
    assert BillRow.objects.filter(bill=old).exists()
    assert "form" not in office.get(f"/costs/bills/{old.pk}/").context
    answer = office.post(f"/costs/bills/{old.pk}/columns/", BY_HAND)
    assert answer.status_code == 302
    assert Bill.objects.get(pk=old.pk).state == BillState.COMPARED


def test_only_staff_are_led_to_the_bills(client_of: ClientOf, staff: User, manager: User) -> None:
    for person, is_led in ((staff, True), (manager, False)):
        page = client_of(person).get("/costs/").content.decode()
        assert ("/costs/bills/" in page) is is_led


def test_a_task_in_the_trash_is_known_but_not_linked(
    office: Client, compared: MakeBill, charge: MakeCharge, make_task: MakeTask
) -> None:
    made = charge("cgt-1")
    Task.objects.filter(charge=made).update(deleted_at=timezone.now())
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,5.01\n")
    [line] = office.get(f"/costs/bills/{bill.pk}/?group=matched").context["lines"]
    assert line.url == ""
