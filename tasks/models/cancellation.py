"""Requests to cancel a task, and their outcomes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.task import Task
from tasks.providers import provider
from tasks.providers.status import Status


class CancelOutcome(models.TextChoices):
    WAITING = "waiting", _("Waiting to be sent to the provider")
    ASKING = "asking", _("Sending to the provider")
    ACCEPTED = "accepted", _("The provider accepted it")
    TOO_LATE = "too_late", _("Too late: the task was no longer queued")
    RUNNING = "running", _("Too late: the task has already started")
    REFUSED = "refused", _("The provider refused it")
    UNKNOWN = "unknown", _("Unknown: the provider's answer was lost")


OPEN = (CancelOutcome.WAITING, CancelOutcome.ASKING)


class CancellationQuerySet(models.QuerySet["Cancellation"]):
    def ask_for(self, task: Task, user: Any, now: datetime) -> Cancellation | None:
        """Create a request to cancel; None if one is open or the task cannot be cancelled."""
        with transaction.atomic():
            locked = Task.objects.select_for_update().get(pk=task.pk)
            if not can_be_cancelled(locked) or self.open().filter(task=locked).exists():
                return None
            row = self.create(task=locked, asked_by=user, asked_at=now)
            Task.objects.filter(pk=locked.pk).mark_changed()
            return row

    def open(self) -> CancellationQuerySet:
        """Requests without an outcome yet; while one is open nobody can ask for the same task."""
        return self.filter(outcome__in=OPEN)

    def begin(self, pk: int, now: datetime) -> bool:
        """Take the row for its only attempt; True for exactly one caller."""
        row = self.filter(pk=pk, outcome=CancelOutcome.WAITING)
        return row.update(outcome=CancelOutcome.ASKING, asked_at=now) == 1

    def end(self, pk: int, outcome: CancelOutcome, message: str, now: datetime) -> bool:
        """Write the outcome and have the task checked; False if one was written before.

        An answer that comes late is believed even if the attempt counted as interrupted.
        """
        late = () if outcome == CancelOutcome.UNKNOWN else (CancelOutcome.UNKNOWN,)
        row = self.filter(pk=pk, outcome__in=(CancelOutcome.ASKING, *late))
        with transaction.atomic():
            if not row.update(outcome=outcome, message=message[:500], ended_at=now):
                return False
            task = Task.objects.filter(cancellations=pk)
            task.mark_changed()
            task.check_now(now)
        return True


def can_be_cancelled(task: Task) -> bool:
    """Whether the task is queued, has an id, and its provider can cancel."""
    return task.status == Status.QUEUED and task.is_named and provider(task.provider).can_cancel


class Cancellation(models.Model):
    """One request to cancel a task."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="cancellations")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"))  # by the person; then, when it was sent
    ended_at = models.DateTimeField(_("answered"), null=True)
    outcome = models.CharField(
        _("outcome"), max_length=8, choices=CancelOutcome, default=CancelOutcome.WAITING
    )
    message = models.CharField(_("last words"), max_length=500, default="", blank=True)

    objects = CancellationQuerySet.as_manager()

    class Meta:
        verbose_name = _("cancellation")
        verbose_name_plural = _("cancellations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.get_outcome_display()}"
