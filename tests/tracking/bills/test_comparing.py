"""A bill beside our charges: what matches, differs, is only there, is only here."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks import jobs
from tasks.models import (
    Bill,
    BillColumns,
    BillIssue,
    BillRow,
    BillState,
    Charge,
    Credential,
    Task,
    Verdict,
)
from tasks.tracking.bills import comparing
from tasks.tracking.bills.columns import Columns, signature
from tests.conftest import MakeTask
from tests.tracking.bills.conftest import BY_HAND, HEADS, MakeBill, MakeCharge

V = Verdict


def verdicts(bill: Bill) -> dict[str, str]:
    return dict(BillRow.objects.filter(bill=bill).values_list("remote_id", "verdict"))


@pytest.mark.parametrize(
    ("line", "ours", "expected"),
    [
        ("108900,5.01", {}, V.MATCHED),  # rounded to a cent
        ("108900,5.0094", {}, V.MATCHED),
        ("108900,5.02", {}, V.DIFFERS),
        ("108901,5.01", {}, V.DIFFERS),
        (",5.01", {}, V.MATCHED),
        ("108900,", {}, V.MATCHED),
        ("108900,", {"currency": "", "micros": 0}, V.MATCHED),
        ("108900,5.01", {"currency": "", "micros": 0}, V.UNPRICED),
        ("108900,5.01", {"currency": "USD"}, V.UNPRICED),
        ("90000,5.01", {"is_counted": False}, V.MATCHED),  # our tokens are an estimate
        (",0", {"state": "free", "outcome": "failed", "currency": "", "micros": 0}, V.MATCHED),
        (",5.01", {"state": "free", "outcome": "failed", "currency": "", "micros": 0}, V.DIFFERS),
    ],
)
def test_a_row_is_judged(
    line: str, ours: dict[str, Any], expected: str, charge: MakeCharge, compared: MakeBill
) -> None:
    charge("cgt-1", **ours)
    bill = compared(f"{HEADS}cgt-1,2026-11-03,{line}\n")
    assert verdicts(bill) == {"cgt-1": expected}
    assert bill.state == BillState.COMPARED


def test_a_currency_without_cents_is_compared_to_its_whole_units(
    charge: MakeCharge, compared: MakeBill
) -> None:
    charge("cgt-1", currency="JPY", micros=105_400_000)
    columns = BY_HAND | {"one_currency": "JPY"}
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,105\n", columns=columns)
    assert verdicts(bill) == {"cgt-1": V.MATCHED}


def test_what_only_one_side_has_is_told(charge: MakeCharge, compared: MakeBill) -> None:
    for remote_id in ("cgt-both", "cgt-here"):
        charge(remote_id)
    charge("cgt-later", day=date(2026, 11, 5))
    charge("cgt-open", state="reserved", outcome="open")
    charge("cgt-free", state="free", outcome="failed")
    bill = compared(f"{HEADS}cgt-both,2026-11-03,108900,5.01\ncgt-there,2026-11-04,50000,2.30\n")
    assert verdicts(bill) == {
        "cgt-both": V.MATCHED,
        "cgt-there": V.ONLY_THERE,
        "cgt-here": V.ONLY_HERE,
    }
    assert bill.totals[V.ONLY_THERE] == {
        "number": 1, "tokens": 50000, "there": {"CNY": 2_300_000}, "here": {},
    }  # fmt: skip
    assert bill.totals[V.ONLY_HERE]["here"] == {"CNY": 5_009_400}


def test_a_task_tracked_through_another_key_of_the_provider_is_not_only_there(
    charge: MakeCharge, compared: MakeBill, credential: Credential
) -> None:
    second = Credential.objects.create(
        name="Second key", provider=credential.provider, base_url=credential.base_url
    )
    charge("cgt-1", credential=second)
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,5.01\n")
    assert verdicts(bill) == {"cgt-1": V.MATCHED}


def test_a_task_of_another_provider_with_the_same_id_is_another_task(
    charge: MakeCharge, compared: MakeBill
) -> None:
    other = Credential.objects.create(
        name="Elsewhere", provider="newapi", base_url="https://elsewhere.example"
    )
    charge("cgt-1", credential=other)
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,5.01\n")
    assert verdicts(bill) == {"cgt-1": V.ONLY_THERE}


def test_lines_about_one_task_are_added_up(charge: MakeCharge, compared: MakeBill) -> None:
    charge("cgt-1")
    bill = compared(
        f"{HEADS}cgt-1,2026-11-04,100000,4.60\ncgt-1,2026-11-03,8900,0.42\ncgt-1,2026-11-05,,-0.01\n"
    )
    row = BillRow.objects.get(bill=bill, remote_id="cgt-1")
    found = (row.verdict, row.lines, row.tokens, row.micros, row.day)
    assert found == (V.MATCHED, 3, 108_900, 5_010_000, date(2026, 11, 3))
    assert (bill.first_day, bill.last_day) == (date(2026, 11, 3), date(2026, 11, 5))


def test_lines_that_are_not_asked_for_or_not_understood_are_counted(compared: MakeBill) -> None:
    columns = BY_HAND | {"model": "Model", "only_column": "Model", "only_text": "seedance"}
    bill = compared(
        "Task,Day,Tokens,Amount,Model\n"
        "cgt-1,2026-11-03,1,1,Doubao-Seedance-2.0\n"
        "i-5,2026-11-03,1,1,ECS\n"
        "cgt-2,2026-11-03,many,1,Seedance\n"
        "Total,,,,Seedance\n",
        columns=columns,
    )
    assert (bill.lines, bill.left_out, bill.unread, bill.first_unread) == (4, 1, 2, 4)
    assert set(verdicts(bill)) == {"cgt-1"}


def test_quotas_and_thousands_of_tokens_are_converted(
    charge: MakeCharge, compared: MakeBill
) -> None:
    charge("cgt-1", currency="USD", micros=1_500_000)
    columns = BY_HAND | {"token_unit": 1000, "money_unit": 500_000, "one_currency": "USD"}
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108.9,750000\n", columns=columns)
    assert verdicts(bill) == {"cgt-1": V.MATCHED}


def test_a_bill_without_ids_is_compared_by_day(charge: MakeCharge, compared: MakeBill) -> None:
    for number in (1, 2):
        charge(f"cgt-{number}")
    columns = BY_HAND | {"task_id": ""}
    bill = compared(
        f"{HEADS},2026-11-03,200000,9.00\n,2026-11-03,17800,1.02\n,2026-11-04,5,0.01\n",
        columns=columns,
    )
    assert set(bill.totals) == {V.NO_ID}  # nothing is said to be only here
    first, second = comparing.by_day(bill)
    assert (first.tokens, first.our_tokens) == (217_800, 217_800)
    assert (first.money, first.our_money) == ({"CNY": 10_020_000}, {"CNY": 10_018_800})
    assert (second.tokens, second.our_tokens) == (5, None)


def test_a_bill_by_month_is_compared_by_month(charge: MakeCharge, compared: MakeBill) -> None:
    charge("cgt-1")
    charge("cgt-2", day=date(2026, 11, 30))
    bill = compared(f"{HEADS},2026-11,217800,10.02\n", columns=BY_HAND | {"task_id": ""})
    assert (bill.first_day, bill.last_day) == (date(2026, 11, 1), date(2026, 11, 30))
    [month] = comparing.by_day(bill)
    assert (month.day, month.our_tokens) == (date(2026, 11, 1), 217_800)


def test_nobody_knows_the_columns_at_first_and_then_they_are_remembered(
    make_bill: MakeBill, compared: MakeBill
) -> None:
    unknown = compared("Task,Day,Tokens,Amount\ncgt-1,2026-11-03,1,1\n", columns={})
    assert unknown.state == BillState.COLUMNS
    assert unknown.heads == ["Task", "Day", "Tokens", "Amount"]
    assert unknown.samples == [["cgt-1", "2026-11-03", "1", "1"]]
    BillColumns.objects.create(
        signature=signature(unknown.heads), columns=BY_HAND, chosen_at=timezone.now()
    )
    known = compared("Amount,Task,Day,Tokens\n2,cgt-2,2026-11-03,1\n", columns={})
    assert known.state == BillState.COMPARED
    assert verdicts(known) == {"cgt-2": V.ONLY_THERE}


def test_columns_in_which_no_line_has_an_amount_are_asked_for_again(compared: MakeBill) -> None:
    bill = compared(f"{HEADS}cgt-1,2026-11-03,,\n")
    assert (bill.state, bill.issue) == (BillState.COLUMNS, BillIssue.NO_ROWS)


def test_a_file_that_cannot_be_read_says_why(compared: MakeBill) -> None:
    bill = compared('Task,Amount\ncgt-1,1\n"cgt-2,1\n')
    assert (bill.state, bill.issue, bill.issue_line) == (BillState.FAILED, BillIssue.BROKEN, 3)


def test_a_long_bill_goes_on_where_it_stopped(
    charge: MakeCharge, make_bill: MakeBill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 2)
    for number in range(5):
        charge(f"cgt-here-{number}")
    lines = "".join(f"cgt-{number},2026-11-03,1,1\n" for number in range(5))
    bill = make_bill(HEADS + lines)
    turns = 1
    while comparing.work(bill.pk, 0):
        turns += 1
    bill.refresh_from_db()
    assert turns > 5
    assert (bill.state, bill.done) == (BillState.COMPARED, 10)
    assert [bill.totals[each]["number"] for each in (V.ONLY_THERE, V.ONLY_HERE)] == [5, 5]


def test_a_slice_costs_the_same_however_many_rows_it_has(
    charge: MakeCharge, make_bill: MakeBill, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        charge(f"cgt-{number}")
    lines = "".join(f"cgt-{number},2026-11-03,108900,5.01\n" for number in range(20))
    bill = make_bill(HEADS + lines)
    comparing.reading.read(bill)
    with django_assert_num_queries(5):  # rows, tasks, charges; the update; the bill
        comparing.compare_slice(bill)


def test_comparing_again_counts_nothing_twice(charge: MakeCharge, compared: MakeBill) -> None:
    charge("cgt-here")
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,5.01\n")
    charge("cgt-1")
    bill.compare_again()
    assert comparing.work(bill.pk, 60) is False
    assert verdicts(bill) == {"cgt-1": V.MATCHED, "cgt-here": V.ONLY_HERE}


def test_two_workers_never_work_at_one_bill(make_bill: MakeBill) -> None:
    bill, now = make_bill(HEADS), timezone.now()
    assert Bill.objects.claim(bill.pk, now)
    assert Bill.objects.claim(bill.pk, now) is None
    assert Bill.objects.claim(bill.pk, now + timedelta(minutes=5))


def test_a_bill_that_is_removed_while_it_is_compared_ends_the_job(
    make_bill: MakeBill, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = make_bill(f"{HEADS}cgt-1,2026-11-03,1,1\n")

    def remove(found: Bill) -> bool:
        Bill.objects.filter(pk=found.pk).delete()
        return False

    monkeypatch.setattr(comparing, "compare_slice", remove)
    assert comparing.work(bill.pk, 60) is False


def test_a_bill_whose_worker_died_is_queued_again_and_given_up_in_the_end(
    make_bill: MakeBill, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = make_bill(f"{HEADS}cgt-1,2026-11-03,1,1\n")
    ago = timezone.now() - timedelta(minutes=5)
    Bill.objects.update(lease_until=ago, attempts=1)
    queued: list[Any] = []
    monkeypatch.setattr(jobs, "async_task", lambda name, *args: queued.append((name, *args)))
    monkeypatch.setattr(jobs.refresh, "sweep", lambda seconds: None)
    jobs.sweep()
    assert (jobs.COMPARE_BILL, bill.pk) in queued
    Bill.objects.update(attempts=3)
    jobs.compare_bill(bill.pk)
    bill.refresh_from_db()
    assert (bill.state, bill.issue) == (BillState.FAILED, BillIssue.TOO_SLOW)


def test_a_deleted_task_leaves_its_charge_only_here(charge: MakeCharge, compared: MakeBill) -> None:
    gone = charge("cgt-1")
    Task.objects.filter(charge=gone).delete()
    bill = compared(f"{HEADS}cgt-1,2026-11-03,108900,5.01\n")
    rows = BillRow.objects.filter(bill=bill).values_list("verdict", "remote_id", "charge")
    assert set(rows) == {(V.ONLY_THERE, "cgt-1", None), (V.ONLY_HERE, "", gone.pk)}
    assert Charge.objects.get(pk=gone.pk).task is None


def test_columns_that_the_file_lacks_are_asked_for(compared: MakeBill, make_task: MakeTask) -> None:
    columns = Columns(task_id="Nowhere", money="Amount", one_currency="CNY").to_json()
    assert compared(f"{HEADS}cgt-1,2026-11-03,1,1\n", columns=columns).state == BillState.COLUMNS
