"""Bills of the tests' credential, and charges to lay them beside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from tasks.models import Bill, Charge, ChargeState, Credential, Outcome, Project
from tasks.tracking.bills.columns import Columns
from tasks.tracking.bills.comparing import work
from tests.conftest import MakeTask

BY_HAND = Columns(
    task_id="Task", day="Day", tokens="Tokens", money="Amount", one_currency="CNY"
).to_json()
HEADS = "Task,Day,Tokens,Amount\n"

MakeBill = Callable[..., Bill]
MakeCharge = Callable[..., Charge]


@pytest.fixture
def make_bill(credential: Credential) -> MakeBill:
    """make_bill("Task,Day…"): a bill as it is uploaded, with the columns BY_HAND if unsaid."""

    def make(content: str | bytes, *, columns: Any = BY_HAND, **fields: Any) -> Bill:
        data = content.encode() if isinstance(content, str) else content
        usual = {"credential": credential, "file_name": "November.csv"}
        digest = hashlib.sha256(data).hexdigest()
        known = {"content": data, "digest": digest, "uploaded_at": timezone.now()}
        return Bill.objects.create(**usual | known | {"columns": columns} | fields)

    return make


@pytest.fixture
def compared(make_bill: MakeBill) -> MakeBill:
    """compared(…): a bill that is read and compared."""

    def make(content: str | bytes, **fields: Any) -> Bill:
        bill = make_bill(content, **fields)
        while work(bill.pk, 60):
            pass
        bill.refresh_from_db()
        return bill

    return make


@pytest.fixture
def charge(project: Project, credential: Credential, make_task: MakeTask) -> MakeCharge:
    """charge("cgt-1", micros=5_000_000): a billed charge of a succeeded task of 3 November."""

    def make(remote_id: str, **fields: Any) -> Charge:
        account = fields.pop("credential", credential)
        usual = {
            "task": make_task(remote_id, status="succeeded", credential=account),
            "project": project,
            "credential": account,
            "day": date(2026, 11, 3),
            "state": ChargeState.BILLED,
            "outcome": Outcome.SUCCEEDED,
            "tokens": 108_900,
            "is_counted": True,
            "currency": "CNY",
            "micros": 5_009_400,
        }
        return Charge.objects.create(**usual | fields)

    return make
