"""Comparisons after the API's soak: what programs were told, what is here, what was made there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import cached_property

from django.db.models import Sum

from benchmarks.api_clients import Create, Program
from tasks.billing import cost_sums
from tasks.clients.ids import id_of_submission
from tasks.models import Batch, Charge, ChargeState, CostSum, Submission, SubmissionState, Task
from tasks.providers.status import Status
from tasks.simulator.native import usage
from tasks.simulator.records import Record
from tasks.web.api.creates import Attempt

NEVER_SENT = (SubmissionState.WAITING, SubmissionState.WITHDRAWN)


class Outcome:
    """The outcome of a soak, by Idempotency-Key."""

    def __init__(self, programs: Sequence[Program], records: Sequence[Record]) -> None:
        self.records = list(records)
        self._programs = programs

    @cached_property
    def answers(self) -> Counter[str]:
        """Numbers of all answers that the programs had, by status or by the kind of failure."""
        return sum((program.answers for program in self._programs), Counter[str]())

    @property
    def refusals(self) -> list[str]:
        return [text for program in self._programs for text in program.refusals]

    @cached_property
    def _made(self) -> dict[str, list[Record]]:
        """The tasks that the provider has made, by key."""
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(record.order.safety_identifier, []).append(record)
        return found

    @cached_property
    def _placed(self) -> dict[str, list[Submission]]:
        """The submissions of each key, found as a repeat of the key would find them."""
        rows = Submission.objects.select_related("batch", "task__charge")
        by_batch: dict[str, list[Submission]] = {}
        for row in rows:
            by_batch.setdefault(str(row.batch.key), []).append(row)
        keys = {key: program for program in self._programs for key in program.ids}
        found = {}
        for key, program in keys.items():
            batch = Attempt(digest="", key=key).batch_key(program.token)
            found[key] = by_batch.get(str(batch), [])
        return found

    # Once

    def not_one_task(self, keys: int) -> list[str]:
        """Keys that have no task or several, also those that no answer named; tasks of no key."""
        wanted = {Create(number).key for number in range(keys)}
        wrong = [key for key in wanted if len(self._placed.get(key, [])) != 1]
        placed = sum(map(len, self._placed.values()))
        rows = {"tasks": Task.objects.count(), "batches": Batch.objects.count()}
        return wrong + [f"{number} {what}" for what, number in rows.items() if number != placed]

    def answered_wrongly(self) -> list[str]:
        """Keys that were answered with anything but the id of their task."""
        wrong = []
        for program in self._programs:
            for key, told in program.ids.items():
                create = Create(int(key.rpartition("-")[2]))
                rows = self._placed[key]
                if told != {create.shape.id_of(id_of_submission(row)) for row in rows}:
                    wrong.append(f"{key}: {told}")
        return wrong

    def made_twice(self) -> list[str]:
        """Keys for which the provider made more than one task."""
        return [key for key, records in self._made.items() if len(records) > 1]

    def sent(self) -> int:
        """The number of submissions that were taken for their only attempt."""
        return Submission.objects.exclude(state__in=NEVER_SENT).count()

    def unknown_here(self) -> list[str]:
        """Ids of the provider's tasks that are not the task of their own key here."""
        wrong = []
        for key, records in self._made.items():
            known = {row.task.remote_id for row in self._placed.get(key, [])}
            wrong += [record.public_id for record in records if record.public_id not in known]
        return wrong

    def endings(self) -> Counter[str]:
        """Numbers of takes by the status in which they are."""
        return Counter(Task.objects.values_list("status", flat=True))

    def in_another_state(self) -> list[str]:
        """Keys whose task is not in the state of the provider's, or failed or lost without one."""
        wrong = []
        for key, rows in self._placed.items():
            records = self._made.get(key, [])
            true = {record.timeline.final_status for record in records}
            true = true or {str(Status.FAILED), str(Status.LOST)}
            wrong += [f"{key}: {row.task.status}" for row in rows if row.task.status not in true]
        return wrong

    # Costs

    def charged_wrongly(self) -> list[str]:
        """Keys whose charge is missing, another program's, or not what the provider counted."""
        wrong = []
        for program in self._programs:
            for key in program.ids:
                tokens = sum(map(_tokens, self._made.get(key, [])))
                meant = (program.token.pk, ChargeState.BILLED, tokens)
                if not tokens:
                    meant = (program.token.pk, ChargeState.FREE, 0)
                wrong += [key for row in self._placed[key] if _charged(row.task) != meant]
        charges = Charge.objects.count()
        return wrong + ([f"{charges} charges"] if charges != len(self._placed) else [])

    def days_that_differ(self) -> list[date]:
        return cost_sums.days_that_differ()

    def tokens_there(self) -> int:
        """The provider's own sum of the tokens it would bill."""
        return sum(map(_tokens, self.records))

    def tokens_charged(self) -> int:
        billed = Charge.objects.filter(state=ChargeState.BILLED)
        return billed.aggregate(sum=Sum("tokens"))["sum"] or 0

    def tokens_summed(self) -> int:
        return CostSum.objects.aggregate(sum=Sum("tokens"))["sum"] or 0


def _tokens(record: Record) -> int:
    """The tokens of a task as the provider counts them: of a success only."""
    if record.timeline.final_status != "succeeded":
        return 0
    return int(usage(record.order)["total_tokens"])


def _charged(task: Task) -> tuple[int | None, str, int]:
    """The token that a task is charged to, how, and its tokens; none of what is free."""
    charge = getattr(task, "charge", None)
    if charge is None:
        return None, "", 0
    free = charge.state == ChargeState.FREE
    return charge.api_token, charge.state, 0 if free else charge.tokens
