"""Bills laid beside our charges by task id, in slices; and by day, where a bill has no ids."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, IntegrityError
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from tasks.models import (
    Bill,
    BillIssue,
    BillRow,
    BillState,
    Charge,
    ChargeState,
    Outcome,
    Task,
    Verdict,
)
from tasks.models.bill import LEASE, MOST_ATTEMPTS
from tasks.tracking.bills import reading
from tasks.tracking.bills.tables import BillFileError

AT_ONCE = 500  # rows of a slice: one statement asks for their tasks
HALF_A_CENT = 5_000  # millionths: bills are rounded to cents, and our charges are not
HALF_UNITS = {"JPY": 500_000}  # half of the smallest unit, where that is no hundredth


def work(pk: int, seconds: float) -> bool:
    """Read and compare a bill for a while; return whether there is more to do.

    A bill that somebody removes in the meantime ends it.
    """
    try:
        return _work(pk, time.monotonic() + seconds)
    except (Bill.DoesNotExist, IntegrityError):
        if Bill.objects.filter(pk=pk).exists():
            raise
        return False


def _work(pk: int, stop: float) -> bool:
    bill = Bill.objects.claim(pk, timezone.now())
    if bill is None:
        return False
    if bill.attempts > MOST_ATTEMPTS:
        bill.fail(BillIssue.TOO_SLOW)
        return False
    try:
        if bill.state == BillState.READING:
            reading.read(bill)
    except BillFileError as error:
        bill.fail(error.issue, error.line)
    except (Bill.DoesNotExist, DatabaseError):
        raise  # the file is not to blame; the sweep has the bill read again
    except Exception:
        bill.fail(BillIssue.BROKEN)
        raise
    while bill.state == BillState.COMPARING:
        if not compare_slice(bill):
            _end(bill, timezone.now())
        elif time.monotonic() >= stop:
            bill.change(lease_until=None)
            return True
    return False


def compare_slice(bill: Bill) -> bool:
    """Compare the next rows, then the next charges; return whether there may be more."""
    return _compare_rows(bill) or _find_ours(bill)


def _compare_rows(bill: Bill) -> bool:
    rows = BillRow.objects.filter(bill=bill, pk__gt=bill.last_row).exclude(remote_id="")
    found = list(rows.exclude(verdict=Verdict.ONLY_HERE).order_by("pk")[:AT_ONCE])
    if not found:
        return False
    ours = _ours(bill, {row.remote_id for row in found})
    for row in found:
        _judge(row, ours.get(row.remote_id))
    changed = ("verdict", "task", "charge", "our_tokens", "our_micros", "our_currency")
    BillRow.objects.bulk_update(found, changed)
    _progress(bill, len(found), last_row=found[-1].pk)
    return True


@dataclass(frozen=True)
class Ours:
    """A task as we know it: its number, its charge, its tokens and money."""

    task: int | None
    charge: int | None = None
    is_free: bool = False
    tokens: int | None = None  # None where nobody has counted them
    micros: int | None = None
    currency: str = ""


_CHARGE = ("pk", "task", "state", "is_counted", "tokens", "micros", "currency")


def _ours(bill: Bill, remote_ids: set[str]) -> dict[str, Ours]:
    """Tasks with these ids at the bill's provider, tracked through whichever credential."""
    same = Task.objects.filter(base_url=bill.credential.base_url, remote_id__in=remote_ids)
    known = dict(same.values_list("pk", "remote_id"))
    ours = {remote_id: Ours(task=pk) for pk, remote_id in known.items()}
    for values in Charge.objects.filter(task__in=known).values_list(*_CHARGE):
        ours[known[values[1]]] = _of_charge(*values)
    return ours


def _of_charge(
    pk: int, task: int | None, state: str, is_counted: bool, tokens: int, micros: int, currency: str
) -> Ours:
    if state == ChargeState.FREE:
        return Ours(task=task, charge=pk, is_free=True, tokens=0)
    return Ours(
        task=task,
        charge=pk,
        tokens=tokens if is_counted else None,
        micros=micros if currency else None,
        currency=currency,
    )


def _judge(row: BillRow, ours: Ours | None) -> None:
    """Write into a row what it turned out to be."""
    row.verdict = verdict(row, ours)
    row.task, row.charge = (ours.task, ours.charge) if ours else (None, None)
    row.our_tokens, row.our_micros = (ours.tokens, ours.micros) if ours else (None, None)
    row.our_currency = ours.currency if ours else ""


def verdict(row: BillRow, ours: Ours | None) -> Verdict:
    """Judge a row of a bill: tokens to the last one, money to half of the smallest unit.

    What one side does not know is no difference.
    """
    if ours is None:
        return Verdict.ONLY_THERE
    if row.tokens is not None and ours.tokens is not None and row.tokens != ours.tokens:
        return Verdict.DIFFERS
    if row.micros is None:
        return Verdict.MATCHED
    tolerance = HALF_UNITS.get(row.currency, HALF_A_CENT)
    if ours.is_free:
        return Verdict.MATCHED if abs(row.micros) <= tolerance else Verdict.DIFFERS
    if ours.micros is None or ours.currency != row.currency:
        return Verdict.UNPRICED
    return Verdict.MATCHED if abs(row.micros - ours.micros) <= tolerance else Verdict.DIFFERS


def our_charges(bill: Bill) -> QuerySet[Charge]:
    """Charges of the bill's credential and period that a bill ought to have.

    Free ones cost nothing, and open ones are on a later bill.
    """
    if bill.first_day is None or bill.last_day is None:
        return Charge.objects.none()
    within = Q(day__gte=bill.first_day, day__lte=bill.last_day)
    paid = Charge.objects.filter(within, credential=bill.credential_id)
    return paid.exclude(state=ChargeState.FREE).exclude(outcome=Outcome.OPEN)


def _find_ours(bill: Bill) -> bool:
    """Write a row for each of the next charges that no row of the bill is about."""
    if not bill.has_task_ids:
        return False
    charges = our_charges(bill).filter(pk__gt=bill.last_charge).order_by("pk")
    found = list(charges.values_list(*_CHARGE, "day", "model", "task__remote_id")[:AT_ONCE])
    if not found:
        return False
    listed = BillRow.objects.filter(bill=bill, charge__in=[values[0] for values in found])
    met = set(listed.values_list("charge", flat=True))
    BillRow.objects.bulk_create(
        [_only_here(bill, *values) for values in found if values[0] not in met]
    )
    _progress(bill, len(found), last_charge=found[-1][0])
    return True


def _only_here(bill: Bill, *values: Any) -> BillRow:
    *of_charge, day, model, remote_id = values
    row = BillRow(bill=bill, remote_id=remote_id or "", day=day, model=model)
    _judge(row, _of_charge(*of_charge))
    row.verdict = Verdict.ONLY_HERE
    return row


def _progress(bill: Bill, number: int, **place: int) -> None:
    """Save how far the comparison has come, and go on holding the bill."""
    lease = timezone.now() + LEASE
    bill.change(done=bill.done + number, attempts=0, lease_until=lease, **place)


def _end(bill: Bill, now: datetime) -> None:
    bill.change(
        state=BillState.COMPARED, totals=totals(bill), compared_at=now, lease_until=None, attempts=0
    )


def totals(bill: Bill) -> dict[str, dict[str, Any]]:
    """Count and add up the rows of each verdict, both sides' money by currency. Three queries."""
    rows = BillRow.objects.filter(bill=bill).order_by()
    found: dict[str, dict[str, Any]] = {}
    for each in rows.values("verdict").annotate(number=Count("pk"), tokens=Sum("tokens")):
        known = {"number": each["number"], "tokens": each["tokens"]}
        found[each["verdict"]] = {**known, "there": {}, "here": {}}
    for side, currency, micros in (
        ("there", "currency", "micros"),
        ("here", "our_currency", "our_micros"),
    ):
        sums = rows.exclude(**{currency: ""}).values("verdict", currency)
        for each in sums.annotate(sum=Sum(micros)):
            found[each["verdict"]][side][each[currency]] = each["sum"] or 0
    return found


# By day


@dataclass
class DaySums:
    """Sums of a day or a month in the bill and here: tokens, and money by currency."""

    day: date
    tokens: int | None = None
    our_tokens: int | None = None
    money: dict[str, int] | None = None
    our_money: dict[str, int] | None = None


def by_day(bill: Bill) -> list[DaySums]:
    """Both sides by day, or by month where the bill knows no days. Two queries."""
    found: dict[date, DaySums] = {}

    def of(day: date) -> DaySums:
        first = day.replace(day=1) if bill.is_monthly else day
        return found.setdefault(first, DaySums(first))

    lines = BillRow.objects.filter(bill=bill).exclude(verdict=Verdict.ONLY_HERE)
    for day, tokens, currency, micros in _sums(lines.exclude(day=None)):
        sums = of(day)
        sums.tokens = _plus(sums.tokens, tokens)
        sums.money = _with(sums.money, currency, micros)
    for day, tokens, currency, micros in _sums(our_charges(bill)):
        sums = of(day)
        sums.our_tokens = _plus(sums.our_tokens, tokens)
        sums.our_money = _with(sums.our_money, currency, micros)
    return [found[day] for day in sorted(found)]


def _sums(rows: QuerySet[Any]) -> Iterable[tuple[date, int | None, str, int | None]]:
    grouped = rows.order_by().values("day", "currency")
    sums = grouped.annotate(all_tokens=Sum("tokens"), all_micros=Sum("micros"))
    return sums.values_list("day", "all_tokens", "currency", "all_micros")


def _plus(known: int | None, more: int | None) -> int | None:
    return known if more is None else (known or 0) + more


def _with(known: dict[str, int] | None, currency: str, micros: int | None) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int, known or {})
    if currency and micros is not None:
        sums[currency] += micros
    return dict(sums)
