"""Bills: what a provider charged for a credential, laid beside our charges row by row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tasks.models.access import BillAccess
from tasks.models.charge import NOBODY
from tasks.models.credential import Credential

LONGEST_HEAD = 200  # characters of a column's name
MOST_ATTEMPTS = 3  # of a worker that dies on a file
#: Longer than a job may take: after that, nobody works at the bill any more.
LEASE = timedelta(seconds=90)
FILE_KEPT = timedelta(days=30)  # to choose other columns; then only the rows are left


class BillState(models.TextChoices):
    READING = "reading", _("Reading the file")
    COLUMNS = "columns", _("Needs its columns")  # a person says which is which
    COMPARING = "comparing", _("Comparing")
    COMPARED = "compared", _("Compared")
    FAILED = "failed", _("Couldn't be read")


UNDER_WAY = (BillState.READING, BillState.COMPARING)


class BillIssue(models.TextChoices):
    """The reason why a file cannot be read as a bill."""

    NOT_TEXT = "not_text", _("not text")
    OLD_EXCEL = "old_excel", _("an old Excel file")
    BROKEN = "broken", _("broken")
    TOO_LARGE = "too_large", _("too large when unpacked")
    TOO_MANY_COLUMNS = "too_many_columns", _("too many columns")
    TOO_MANY_ROWS = "too_many_rows", _("too many rows")
    NO_TABLE = "no_table", _("no table")
    NO_ROWS = "no_rows", _("no row with an amount")
    TOO_SLOW = "too_slow", _("a worker gave up on it")


class Verdict(models.TextChoices):
    """The result of comparing a row of a bill with our charges."""

    PENDING = "pending", _("Not compared yet")
    MATCHED = "matched", _("Matched")
    DIFFERS = "differs", _("Differing")
    UNPRICED = "unpriced", _("Not priced here")  # we have no money in the bill's currency
    ONLY_THERE = "only_there", _("Only in the bill")
    ONLY_HERE = "only_here", _("Only here")
    NO_ID = "no_id", _("Without a task id")


class BillQuerySet(BillAccess["Bill"]):
    def light(self) -> BillQuerySet:
        """Bills without their files."""
        return self.defer("content")

    def claim(self, pk: int, now: datetime) -> Bill | None:
        """The bill, for this worker alone until its lease ends; None if there is nothing to do."""
        free = models.Q(lease_until=None) | models.Q(lease_until__lt=now)
        rows = self.filter(free, pk=pk, state__in=UNDER_WAY)
        if not rows.update(lease_until=now + LEASE, attempts=F("attempts") + 1):
            return None
        return self.light().select_related("credential").get(pk=pk)

    def abandoned(self, now: datetime) -> list[int]:
        """Ids of bills at which nobody works, because their worker died or their job was lost."""
        lost = models.Q(lease_until=None, uploaded_at__lt=now - LEASE)
        rows = self.filter(lost | models.Q(lease_until__lt=now), state__in=UNDER_WAY)
        return list(rows.values_list("pk", flat=True))

    def with_old_files(self, now: datetime) -> BillQuerySet:
        """Bills whose files have been kept long enough."""
        old = self.filter(uploaded_at__lt=now - FILE_KEPT, has_file=True)
        return old.exclude(state__in=UNDER_WAY)


class Bill(models.Model):
    """A bill that was uploaded for a credential; it covers the tasks of all projects.

    The file is kept for a month, so that its columns can be chosen anew. Its rows stay until the
    bill is removed.
    """

    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="bills", verbose_name=_("credential")
    )
    file_name = models.CharField(_("file"), max_length=200)
    digest = models.CharField(_("SHA-256"), max_length=64)
    content = models.BinaryField(_("contents"), default=b"")
    has_file = models.BooleanField(_("file kept"), default=True)
    uploaded_by = models.BigIntegerField(_("uploaded by"), default=NOBODY)
    uploaded_at = models.DateTimeField(_("uploaded"))

    state = models.CharField(_("state"), max_length=9, choices=BillState, default=BillState.READING)
    issue = models.CharField(_("trouble"), max_length=16, choices=BillIssue, default="", blank=True)
    issue_line = models.PositiveIntegerField(_("line"), default=0)
    heads = models.JSONField(_("names of columns"), default=list)
    samples = models.JSONField(_("first rows"), default=list)
    columns = models.JSONField(_("columns"), default=dict)  # tracking/bills/columns.py: Columns
    format = models.CharField(_("format"), max_length=20, default="", blank=True)

    lines = models.PositiveIntegerField(_("lines"), default=0)
    left_out = models.PositiveIntegerField(_("lines left out"), default=0)
    unread = models.PositiveIntegerField(_("lines not understood"), default=0)
    first_unread = models.PositiveIntegerField(_("first of them"), default=0)
    is_monthly = models.BooleanField(_("by month only"), default=False)
    first_day = models.DateField(_("from"), null=True)
    last_day = models.DateField(_("until"), null=True)

    lease_until = models.DateTimeField(_("worked at until"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    done = models.PositiveIntegerField(_("rows compared"), default=0)
    #: The last row, then the last charge, that was compared.
    last_row = models.BigIntegerField(default=0)
    last_charge = models.BigIntegerField(default=0)
    compared_at = models.DateTimeField(_("compared"), null=True)
    #: By verdict: {"matched": {"number": 3, "tokens": 9, "there": {"CNY": 5}, "here": {"CNY": 5}}}
    totals = models.JSONField(_("sums"), default=dict)

    objects = BillQuerySet.as_manager()

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["credential", "digest"], name="one_bill_a_file")
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def has_task_ids(self) -> bool:
        return bool(self.columns.get("task_id"))

    def change(self, **values: Any) -> None:
        """Set these fields and save them. Raises DoesNotExist once the bill has been removed."""
        for name, value in values.items():
            setattr(self, name, value)
        if not Bill.objects.filter(pk=self.pk).update(**values):
            raise Bill.DoesNotExist

    def fail(self, issue: BillIssue, line: int = 0) -> None:
        """End it with the reason why it cannot be read."""
        self.change(state=BillState.FAILED, issue=issue, issue_line=line, lease_until=None)

    def read_again(self, columns: dict[str, Any]) -> None:
        """Have its file read with these columns."""
        fresh = {"issue": "", "issue_line": 0, "attempts": 0, "lease_until": None}
        self.change(columns=columns, state=BillState.READING, **fresh)

    def compare_again(self) -> None:
        """Have its rows compared with today's charges from the beginning."""
        BillRow.objects.filter(bill=self, verdict=Verdict.ONLY_HERE).delete()
        fresh = {"done": 0, "last_row": 0, "last_charge": 0, "attempts": 0, "lease_until": None}
        self.change(state=BillState.COMPARING, **fresh)


class BillRow(models.Model):
    """The lines of a bill about one task, added up; or one of our charges that is in no line.

    Tasks and charges are plain numbers, so that a bill outlives both. Money is in millionths.
    """

    bill = models.ForeignKey(Bill, models.CASCADE, related_name="rows", verbose_name=_("bill"))
    line = models.PositiveIntegerField(_("line"), default=0)  # 0: only here
    lines = models.PositiveIntegerField(_("lines"), default=1)
    remote_id = models.CharField(_("task id"), max_length=128, default="", blank=True)
    day = models.DateField(_("day"), null=True)
    model = models.CharField(_("model"), max_length=200, default="", blank=True)
    tokens = models.BigIntegerField(_("tokens"), null=True)
    micros = models.BigIntegerField(_("money"), null=True, help_text=_("millionths"))
    currency = models.CharField(_("currency"), max_length=3, default="", blank=True)

    verdict = models.CharField(
        _("verdict"), max_length=10, choices=Verdict, default=Verdict.PENDING
    )
    task = models.BigIntegerField(_("task's number"), null=True)
    charge = models.BigIntegerField(_("charge's id"), null=True)
    #: Ours at the time of the comparison; None where we have none.
    our_tokens = models.BigIntegerField(_("our tokens"), null=True)
    our_micros = models.BigIntegerField(_("our money"), null=True, help_text=_("millionths"))
    our_currency = models.CharField(_("our currency"), max_length=3, default="", blank=True)

    class Meta:
        verbose_name = _("row of a bill")
        verbose_name_plural = _("rows of bills")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["bill", "verdict", "-id"], name="bill_verdict"),
            models.Index(
                fields=["bill", "charge"],
                name="bill_charge",
                condition=models.Q(charge__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.remote_id or f"{self.bill_id}:{self.line}"


class BillColumns(models.Model):
    """The columns a person chose once for tables with these names of columns."""

    signature = models.CharField(_("names of columns"), max_length=64, unique=True)
    columns = models.JSONField(_("columns"))
    chosen_by = models.BigIntegerField(_("chosen by"), default=NOBODY)
    chosen_at = models.DateTimeField(_("chosen"))

    class Meta:
        verbose_name = _("columns of bills")
        verbose_name_plural = _("columns of bills")
        ordering = ["-id"]

    def __str__(self) -> str:
        return ", ".join(str(value) for value in self.columns.values() if value)[:100]
