"""Random histories: whatever happens to takes and prices, all sums are those of the charges."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.billing import cost_totals, costs, ledger, prices
from tasks.billing.costs import SECONDS, TAKES, TOKENS, Measure, Span, money_in
from tasks.models import Charge, Credential, Price, Project, Spending, Submission, Task
from tasks.models.submission import SubmissionState
from tasks.providers import RemoteTask
from tasks.providers.status import LIVE, Status
from tasks.submission.place import (
    AlreadyTrackedError,
    mark_created,
    mark_not_created,
    place_batch,
    record_outcome,
    withdraw,
)
from tasks.tracking.poller import PollResult
from tasks.tracking.refresh.recording import record
from tests.billing.conftest import NOW, V20
from tests.billing.sums import assert_sums_hold
from tests.billing.test_costs import added, counted, parts
from tests.billing.test_ledger import LOST_ANSWER, REFUSAL
from tests.providers.generations import generation

EVER = Span(first=date(2026, 1, 1), last=date(2027, 12, 31))
MEASURES: list[Measure] = [TOKENS, TAKES, SECONDS, money_in("CNY"), money_in("USD")]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            "place sent refused unconfirmed not_created withdrawn late answered answered answered "
            "found adopted price other_price no_price trash restore purge".split()
        ),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=14,
)


class History:
    """A studio to which things happen; each step takes what it needs from one number."""

    def __init__(self, projects: list[Project], credential: Credential, person: User) -> None:
        self.projects, self.credential, self.person = projects, credential, person
        self.now = NOW
        self.request = RequestFactory().post("/")
        self.request.user = person

    def step(self, name: str, number: int) -> None:
        self.now += timedelta(hours=number % 40)
        do: Callable[[int], None] = getattr(self, name)
        do(number)

    def place(self, number: int) -> None:
        fields = {"resolution": ["480p", "720p", "1080p"][number % 3], "ratio": "16:9"}
        request = generation(f"doubao-{V20}", duration=5 + number % 3, **fields)
        place_batch(
            [request] * (1 + number % 3),
            key=uuid.UUID(int=self._draws() << 80),
            project=self.projects[number % 2],
            credential=self.credential,
            created_by=self.person,
            now=self.now,
        )

    def _draws(self) -> int:
        self._drawn = getattr(self, "_drawn", 0) + 1
        return self._drawn

    def _submission(self, number: int, *states: SubmissionState) -> Submission | None:
        rows = list(Submission.objects.filter(state__in=states).select_related("task"))
        return rows[number % len(rows)] if rows else None

    def _begun(self, number: int) -> Submission | None:
        row = self._submission(number, SubmissionState.WAITING)
        if row is None:
            return None
        Submission.objects.begin(row.pk, self.now)
        return Submission.objects.select_related("task").get(pk=row.pk)

    def sent(self, number: int) -> None:
        if row := self._begun(number):
            mark_created(row, f"cgt-20261120120000-s{row.pk}", self.now)

    def refused(self, number: int) -> None:
        if row := self._begun(number):
            record_outcome(row, SubmissionState.REFUSED, self.now, REFUSAL)

    def unconfirmed(self, number: int) -> None:
        if row := self._begun(number):
            record_outcome(row, SubmissionState.UNCONFIRMED, self.now, LOST_ANSWER)

    def not_created(self, number: int) -> None:
        if row := self._submission(number, SubmissionState.UNCONFIRMED):
            mark_not_created(row, self.now)

    def withdrawn(self, number: int) -> None:
        if row := self._submission(number, SubmissionState.WAITING):
            withdraw(row.task, self.now)

    def late(self, number: int) -> None:
        """Let the answer to a create come late, which may name a task that was adopted since."""
        states = SubmissionState.UNCONFIRMED, SubmissionState.NOT_CREATED
        row = self._submission(number, *states)
        if row is None:
            return
        tracked = Task.objects.filter(submission=None).exclude(status=Status.FOREIGN).last()
        is_known = tracked is not None and number % 2
        remote_id = tracked.remote_id if tracked and is_known else f"cgt-20261120120000-l{row.pk}"
        try:
            mark_created(row, remote_id, self.now)
        except AlreadyTrackedError:
            return

    def answered(self, number: int) -> None:
        tasks = [task for task in Task.objects.order_by("pk") if task.is_named]
        if not tasks:
            return
        task = tasks[number % len(tasks)]
        ends = [*(["succeeded"] * 3), "failed", "cancelled", "expired", "running"]
        answer: dict[str, Any] = {"model": f"doubao-{V20}", "resolution": "720p", "ratio": "16:9"}
        if number % 3:
            answer |= {"total_tokens": number + 1, "duration": 5}
        if number % 7 == 0:
            answer |= {"cost_micros": number, "cost_currency": "USD"}
        status = Status(ends[number % len(ends)])
        remote = RemoteTask(id=task.remote_id, status=status, status_word=status, raw={}, **answer)
        result = PollResult(pk=task.pk, remote=remote, digest=str(number))
        record([result], self.now, {task.credential_id: None})

    def found(self, number: int) -> None:
        """Lose a task, as after many answers that it is not known."""
        live = Task.objects.filter(status__in=LIVE).exclude(status=Status.SUBMITTING).first()
        if live is not None:
            with transaction.atomic():
                Task.objects.filter(pk=live.pk).update(status=Status.LOST)
                ledger.settle([Task.objects.get(pk=live.pk)])

    def adopted(self, number: int) -> None:
        whose: Any = {"credential": self.credential, "created_by": self.person, "now": self.now}
        project = self.projects[number % 2]
        Task.objects.track([f"cgt-20261120120000-t{number % 5}"], project=project, **whose)

    def price(self, number: int) -> None:
        self._price(Decimal(number % 90 + 1), "CNY", unit=["tokens", "second", "video"][number % 3])

    def other_price(self, number: int) -> None:
        self._price(Decimal(number % 9 + 1), "USD", tier=["720p", "1080p"][number % 2])

    def _price(self, amount: Decimal, currency: str, **fields: Any) -> None:
        price = Price(
            credential=self.credential, model=V20, amount=amount, currency=currency,
            valid_from=NOW.date(), **fields,
        )  # fmt: skip
        try:
            prices.add(self.request, price)
        except prices.PriceConflictError:
            return

    def no_price(self, number: int) -> None:
        if price := Price.objects.first():
            prices.remove(self.request, price)

    def trash(self, number: int) -> None:
        Task.objects.filter(pk__in=Task.objects.values("pk")[:2]).update(deleted_at=self.now)

    def restore(self, number: int) -> None:
        Task.objects.update(deleted_at=None)

    def purge(self, number: int) -> None:
        Task.objects.filter(deleted_at__isnull=False).delete()


def assert_all_sums_hold() -> None:
    """Every table of sums, and every grouping asked of them, is what the charges say one by one."""
    assert_sums_hold()
    assert_groupings_hold()


def assert_groupings_hold() -> None:
    rows = list(Charge.objects.all())
    found = cost_totals.totals(EVER)
    for measure in MEASURES:
        assert cost_totals.amounts_in(found, measure) == added(
            [parts(each, measure) for each in rows]
        )
        for name in costs.DIMENSIONS:
            assert costs.grouped(EVER, (name,), measure) == counted(rows, (name,), measure)
    spent = sum(row.tokens + row.reserved_tokens for row in Spending.objects.all())
    assert spent == sum(each.tokens for each in rows if each.state != "free")


def tell(history: History, steps: list[tuple[str, int]], after_each: Callable[[], None]) -> None:
    """Let all of it happen, look at the sums after each step, and leave nothing behind."""
    history.now = NOW
    with transaction.atomic():
        for name, number in steps:
            history.step(name, number)
            after_each()
        assert_all_sums_hold()
        transaction.set_rollback(True)


@pytest.fixture
def history(project: Project, credential: Credential, member: User) -> History:
    return History([project, Project.objects.create(name="Other")], credential, member)


FIXED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.exhaustive
@settings(max_examples=5, suppress_health_check=FIXED, database=None, derandomize=True)
@given(steps=STEPS)
def test_all_sums_are_those_of_the_charges_at_each_step(
    history: History, steps: list[tuple[str, int]]
) -> None:
    tell(history, steps, after_each=assert_all_sums_hold)


@pytest.mark.exhaustive
@settings(max_examples=60, suppress_health_check=FIXED, database=None)
@given(steps=STEPS)
def test_they_are_in_many_histories(history: History, steps: list[tuple[str, int]]) -> None:
    """Ask for the groupings at the end only: they are read from nothing but the tables of sums."""
    tell(history, steps, after_each=assert_sums_hold)


@pytest.mark.exhaustive
def test_a_history_reaches_every_outcome(history: History) -> None:
    """Show that the steps do something: nothing would be proven by histories of no takes."""
    outcomes: set[str] = set()
    script = "place sent place sent place refused place withdrawn place unconfirmed not_created"
    script += " late adopted price answered answered answered answered found trash purge"
    script += " no_price other_price"
    for number, name in enumerate(script.split()):
        history.step(name, 10 + 9 * number)
        assert_all_sums_hold()
        outcomes |= set(Charge.objects.values_list("outcome", flat=True))
    assert {"open", "succeeded", "failed", "cancelled", "not_created"} <= outcomes
