"""Looking for what became of a create whose answer was lost, in the provider's own list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.reconciliation import COMPLETE, Outcome, Reconciliation
from tasks.models.status_change import STATUS_CHOICES
from tasks.models.submission import Submission
from tasks.models.task import Task

#: Complete looks, counted from when the answer was lost: a provider may be slow to list.
LOOKS_AFTER = (timedelta(seconds=10), timedelta(minutes=5))
NEXT_TRY = timedelta(minutes=5)  # after a list that could not be had …
GIVE_UP = timedelta(hours=6)  # … for so long


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def begin(self, submission: Submission, now: datetime) -> None:
        """Its answer was lost just now. In the transaction that says so."""
        self.get_or_create(submission=submission, defaults={"due_at": now + LOOKS_AFTER[0]})

    def forget(self, submission: Submission) -> None:
        """It is known by now what became of it, or somebody has decided."""
        self.filter(submission=submission).delete()

    def due(self, now: datetime) -> InquiryQuerySet:
        return self.filter(due_at__lte=now)

    def hasten(self, submission: Submission, now: datetime) -> None:
        """Somebody asks for a look now, or there is a reason for one."""
        row, is_new = self.get_or_create(submission=submission, defaults={"due_at": now})
        if not is_new:
            later = models.Q(due_at=None) | models.Q(due_at__gt=now)
            self.filter(later, pk=row.pk).update(due_at=now)


class Inquiry(models.Model):
    """About one unconfirmed submission. It only offers; a person says which one it is, if any."""

    submission = models.OneToOneField(
        Submission, models.CASCADE, related_name="inquiry", verbose_name=_("submission")
    )
    due_at = models.DateTimeField(_("next look"), null=True)  # None: none is to come
    looks = models.PositiveIntegerField(_("complete looks"), default=0)
    #: Of the last look; "" before the first.
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default="", blank=True)
    looked_at = models.DateTimeField(_("last look"), null=True)
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    message = models.CharField(_("last words"), max_length=500, default="", blank=True)

    objects = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name = _("inquiry")
        verbose_name_plural = _("inquiries")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="inquiry_due",
                condition=models.Q(due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.get_outcome_display()}"

    @property
    def is_complete(self) -> bool:
        return self.outcome in COMPLETE

    def take(self, row: Reconciliation, found: Iterable[Candidate], now: datetime) -> None:
        """What one look through the list brought. A complete one also says what is not there."""
        kept = list(found)
        with transaction.atomic():
            self._note(Outcome(row.outcome), row.ended_at or now, row.trouble, row.message)
            self.due_at = self._next(now)
            self.save()
            if self.is_complete:
                self.candidates.exclude(remote_id__in=[c.remote_id for c in kept]).delete()
            Candidate.objects.keep(self, kept)
            self._tell()

    def give_up(self, now: datetime) -> None:
        """Where the task would be, nobody can look."""
        with transaction.atomic():
            self._note(Outcome.CANNOT, now)
            self.due_at = None
            self.save()
            self._tell()

    def _note(self, outcome: Outcome, at: datetime, trouble: str = "", message: str = "") -> None:
        self.outcome, self.looked_at = outcome, at
        self.trouble, self.message = trouble, message
        self.looks += outcome in COMPLETE

    def _next(self, now: datetime) -> datetime | None:
        lost_at = self.submission.ended_at or now
        if not self.is_complete:
            return now + NEXT_TRY if now < lost_at + GIVE_UP else None
        if self.looks >= len(LOOKS_AFTER):
            return None
        return max(now + LOOKS_AFTER[0], lost_at + LOOKS_AFTER[self.looks])

    def _tell(self) -> None:
        Task.objects.filter(pk=self.submission.task_id).tell_of_change()


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def keep(self, inquiry: Inquiry, found: list[Candidate]) -> None:
        """New ones are added; of known ones what the list says is renewed."""
        for each in found:
            each.inquiry = inquiry
        self.model._default_manager.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["inquiry", "remote_id"],
            update_fields=["created_at", "status", "agreed"],
        )

    def free(self) -> CandidateQuerySet:
        """Those that nobody follows meanwhile."""
        same = Task.objects.filter(
            base_url=models.OuterRef("base_url"), remote_id=models.OuterRef("remote_id")
        )
        return self.exclude(models.Exists(same))

    def withdraw(self, base_url: str, remote_id: str) -> None:
        """It is known whose it is, so no other page offers it; `free` has said so already."""
        rows = self.filter(base_url=base_url, remote_id=remote_id)
        tasks = list(rows.values_list("inquiry__submission__task", flat=True))
        if tasks:
            rows.delete()
            with transaction.atomic():
                Task.objects.filter(pk__in=tasks).tell_of_change()


class Candidate(models.Model):
    """A task in the list that may be the lost one."""

    inquiry = models.ForeignKey(
        Inquiry, models.CASCADE, related_name="candidates", verbose_name=_("inquiry")
    )
    base_url = models.CharField(_("base URL"), max_length=300)
    remote_id = models.CharField(_("task id"), max_length=128)
    status = models.CharField(_("status"), max_length=12, choices=STATUS_CHOICES)
    created_at = models.DateTimeField(_("created there, by our clock"))
    #: Which of the wished settings the list confirms: providers/likeness.py.
    agreed = models.JSONField(_("agrees in"), default=list)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["inquiry", "remote_id"], name="candidate_once")
        ]
        indexes = [models.Index(fields=["remote_id"], name="candidate_remote_id")]

    def __str__(self) -> str:
        return self.remote_id

    def seconds_after(self, sent_at: datetime) -> float:
        return (self.created_at - sent_at).total_seconds()

    def rank(self, sent_at: datetime) -> tuple[object, ...]:
        """The likeliest first: the same seed, then the most in common, then the nearest in time."""
        distance = abs(self.seconds_after(sent_at))
        return ("seed" not in self.agreed, -len(self.agreed), distance, self.remote_id)
