"""Lookups of unconfirmed creates in the provider's own list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.reconciliation import COMPLETE, ListOutcome, Reconciliation
from tasks.models.status_change import STATUS_CHOICES
from tasks.models.submission import Submission
from tasks.models.task import Task

#: Complete attempts, counted from when the answer was lost: a provider may be slow to list.
ATTEMPTS_AFTER = (timedelta(seconds=10), timedelta(minutes=5))
NEXT_TRY = timedelta(minutes=5)  # after a list that could not be read …
GIVE_UP = timedelta(hours=6)  # … until this long after the answer was lost


class CreateLookupQuerySet(models.QuerySet["CreateLookup"]):
    def begin(self, submission: Submission, now: datetime) -> None:
        """Schedule the lookup of an unconfirmed create, in the transaction that marks it so."""
        self.get_or_create(submission=submission, defaults={"due_at": now + ATTEMPTS_AFTER[0]})

    def forget(self, submission: Submission) -> None:
        """Drop the lookup of a create whose outcome is now known or was decided by a person."""
        self.filter(submission=submission).delete()

    def due(self, now: datetime) -> CreateLookupQuerySet:
        return self.filter(due_at__lte=now)

    def hasten(self, submission: Submission, now: datetime) -> None:
        """Make an attempt due now."""
        row, is_new = self.get_or_create(submission=submission, defaults={"due_at": now})
        if not is_new:
            later = models.Q(due_at=None) | models.Q(due_at__gt=now)
            self.filter(later, pk=row.pk).update(due_at=now)


class CreateLookup(models.Model):
    """The lookup of one unconfirmed submission. It offers candidates; only a person chooses one."""

    submission = models.OneToOneField(
        Submission, models.CASCADE, related_name="lookup", verbose_name=_("submission")
    )
    due_at = models.DateTimeField(_("next attempt"), null=True)  # None: none is to come
    attempts = models.PositiveIntegerField(_("complete attempts"), default=0)
    #: Of the last attempt; "" before the first.
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=ListOutcome, default="", blank=True
    )
    attempted_at = models.DateTimeField(_("last attempt"), null=True)
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    message = models.CharField(_("last words"), max_length=500, default="", blank=True)

    objects = CreateLookupQuerySet.as_manager()

    class Meta:
        verbose_name = _("create lookup")
        verbose_name_plural = _("create lookups")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="create_lookup_due",
                condition=models.Q(due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.get_outcome_display()}"

    @property
    def is_complete(self) -> bool:
        return self.outcome in COMPLETE

    def take(self, row: Reconciliation, found: Iterable[Candidate], now: datetime) -> None:
        """Record one pass through the list. A complete one removes candidates it did not have."""
        candidates = list(found)
        with transaction.atomic():
            self._note(ListOutcome(row.outcome), row.ended_at or now, row.trouble, row.message)
            self.due_at = self._next(now)
            self.save()
            if self.is_complete:
                ids = [candidate.remote_id for candidate in candidates]
                missing = self.candidates.exclude(remote_id__in=ids)
                missing.exclude(models.Exists(_tracked())).delete()
            Candidate.objects.keep(self, candidates)
            self._show_change()

    def give_up(self, now: datetime) -> None:
        """Record that the provider has no list in which the task could be."""
        with transaction.atomic():
            self._note(ListOutcome.CANNOT, now)
            self.due_at = None
            self.save()
            self._show_change()

    def _note(
        self, outcome: ListOutcome, at: datetime, trouble: str = "", message: str = ""
    ) -> None:
        self.outcome, self.attempted_at = outcome, at
        self.trouble, self.message = trouble, message
        self.attempts += outcome in COMPLETE

    def _next(self, now: datetime) -> datetime | None:
        """Time of the next attempt; None after the last."""
        lost_at = self.submission.ended_at or now
        if not self.is_complete:
            return now + NEXT_TRY if now < lost_at + GIVE_UP else None
        if self.attempts >= len(ATTEMPTS_AFTER):
            return None
        return max(now + ATTEMPTS_AFTER[0], lost_at + ATTEMPTS_AFTER[self.attempts])

    def _show_change(self) -> None:
        Task.objects.filter(pk=self.submission.task_id).mark_changed()


def _tracked() -> models.QuerySet[Task]:
    """The task that is tracked under the id of a candidate."""
    return Task.objects.filter(
        base_url=models.OuterRef("base_url"), remote_id=models.OuterRef("remote_id")
    )


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def keep(self, lookup: CreateLookup, found: list[Candidate]) -> None:
        """Add new candidates, and update known ones to what the list says."""
        for candidate in found:
            candidate.lookup = lookup
        self.model._default_manager.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["lookup", "remote_id"],
            update_fields=["created_at", "status", "agreed"],
        )

    def free(self) -> CandidateQuerySet:
        """Candidates that the create may still become.

        One that another project has only tracked since is still offered: it is tracked there
        because somebody typed its id, and that project sent no create that made it.
        """
        own = models.Q(project=models.OuterRef("lookup__submission__task__project"))
        created = models.Q(submission__isnull=False)
        return self.exclude(models.Exists(_tracked().filter(own | created)))

    def offers(self, submission: Submission, remote_id: str) -> bool:
        """Whether the provider's list, compared with this create, had the task of this id."""
        return self.filter(lookup__submission=submission, remote_id=remote_id).exists()

    def withdraw(self, base_url: str, remote_id: str) -> None:
        """Remove the candidates of a task whose submission is known, so that no page offers it.

        `free` leaves them out even before.
        """
        rows = self.filter(base_url=base_url, remote_id=remote_id)
        tasks = list(rows.values_list("lookup__submission__task", flat=True))
        if tasks:
            rows.delete()
            with transaction.atomic():
                Task.objects.filter(pk__in=tasks).mark_changed()


class Candidate(models.Model):
    """A task in the provider's list that the unconfirmed create may have made."""

    lookup = models.ForeignKey(
        CreateLookup, models.CASCADE, related_name="candidates", verbose_name=_("create lookup")
    )
    base_url = models.CharField(_("base URL"), max_length=300)
    remote_id = models.CharField(_("task id"), max_length=128)
    status = models.CharField(_("status"), max_length=12, choices=STATUS_CHOICES)
    created_at = models.DateTimeField(_("created there, by our clock"))
    #: Which of the requested settings the list confirms: providers/catalog/matching.py.
    agreed = models.JSONField(_("agrees in"), default=list)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["lookup", "remote_id"], name="candidate_once")
        ]
        indexes = [models.Index(fields=["remote_id"], name="candidate_remote_id")]

    def __str__(self) -> str:
        return self.remote_id

    def seconds_after(self, sent_at: datetime) -> float:
        return (self.created_at - sent_at).total_seconds()

    def rank(self, sent_at: datetime) -> tuple[object, ...]:
        """Sort key: same seed first, then most settings in common, then nearest in time."""
        distance = abs(self.seconds_after(sent_at))
        return ("seed" not in self.agreed, -len(self.agreed), distance, self.remote_id)
