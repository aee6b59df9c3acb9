"""Wishes to cancel a task, and what the provider made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.task import Task
from tasks.providers import provider
from tasks.status import Status


class CancelOutcome(models.TextChoices):
    WAITING = "waiting", _("Being asked for")
    ASKING = "asking", _("On its way")
    ACCEPTED = "accepted", _("Accepted by the provider")
    TOO_LATE = "too_late", _("Too late: it was not queued any more")
    REFUSED = "refused", _("Refused by the provider")
    UNKNOWN = "unknown", _("Nobody knows: the answer was lost")


OPEN = (CancelOutcome.WAITING, CancelOutcome.ASKING)


class CancellationQuerySet(models.QuerySet["Cancellation"]):
    def ask_for(self, task: Task, user: Any, now: datetime) -> Cancellation | None:
        """One wish at a time, and only where it can be granted."""
        with transaction.atomic():
            locked = Task.objects.select_for_update().get(pk=task.pk)
            if not can_be_cancelled(locked) or self.filter(task=locked, outcome__in=OPEN).exists():
                return None
            wish = self.create(task=locked, asked_by=user, asked_at=now)
            Task.objects.filter(pk=locked.pk).tell_of_change()
            return wish

    def begin(self, pk: int) -> bool:
        """Take it for the only attempt there will be: true for exactly one caller."""
        row = self.filter(pk=pk, outcome=CancelOutcome.WAITING)
        return row.update(outcome=CancelOutcome.ASKING) == 1


def can_be_cancelled(task: Task) -> bool:
    """Queued, known to its provider, and the provider has a way to cancel."""
    return task.status == Status.QUEUED and task.is_named and provider(task.provider).can_cancel


class Cancellation(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="cancellations")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"))
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

    def end(self, outcome: CancelOutcome, message: str, now: datetime) -> None:
        """Written down with the number that open pages wait for; the task is asked about anew."""
        self.outcome, self.message, self.ended_at = outcome, message[:500], now
        with transaction.atomic():
            self.save(update_fields=("outcome", "message", "ended_at"))
            task = Task.objects.filter(pk=self.task_id)
            task.tell_of_change()
            task.check_now(now)
