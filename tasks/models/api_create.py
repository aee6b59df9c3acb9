"""Rows of what programs did with a token: creates, calls they want back, deletions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tasks.models.submission import Batch, Submission
from tasks.models.task import Task

#: A client repeats a create within its own time-out, which is 10 minutes in Ark's SDK.
REPEATED_WITHIN = timedelta(hours=1)
#: Until another job may make a call that one has claimed.
CLAIMED_FOR = timedelta(seconds=60)


class ApiCreateQuerySet(models.QuerySet["ApiCreate"]):
    def unanswered(self, token: int, digest: str, now: datetime) -> ApiCreate | None:
        """The newest equal create of a token whose answer is not known to have gone out."""
        equal = self.filter(batch__api_token=token, digest=digest, answered_at=None)
        recent = equal.filter(batch__created_at__gt=now - REPEATED_WITHIN)
        return recent.select_related("batch").order_by("-pk").first()


class ApiCreate(models.Model):
    """A create that came with a token, and whether its answer went out."""

    batch = models.OneToOneField(
        Batch,
        models.CASCADE,
        primary_key=True,
        related_name="api_create",
        verbose_name=_("batch"),
    )
    digest = models.CharField(_("digest of what was asked for"), max_length=64, editable=False)
    answered_at = models.DateTimeField(_("answer sent"), null=True)

    objects = ApiCreateQuerySet.as_manager()

    class Meta:
        verbose_name = _("API create")
        verbose_name_plural = _("API creates")
        ordering = ["-batch"]
        indexes = [
            models.Index(
                fields=["digest"], name="api_create_open", condition=Q(answered_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return str(self.batch_id)


class ApiCallbackQuerySet(models.QuerySet["ApiCallback"]):
    def note(self, tasks: Collection[int], now: datetime) -> bool:
        """Have those called who wait for news of these tasks; whether there are any."""
        rows = self.filter(submission__task__in=tasks)
        return rows.update(due_at=now, tries=0) > 0

    def due(self, now: datetime) -> ApiCallbackQuerySet:
        return self.filter(due_at__lte=now).order_by("due_at")

    def claim(self, row: ApiCallback, now: datetime) -> bool:
        """Take a due call for one attempt; True for exactly one caller."""
        later = now + CLAIMED_FOR
        taken = self.filter(pk=row.pk, due_at=row.due_at).update(due_at=later) == 1
        row.due_at = later
        return taken


class ApiCallback(models.Model):
    """The address that a client wants called when its task changes; whoever knows it may call."""

    submission = models.OneToOneField(
        Submission,
        models.CASCADE,
        primary_key=True,
        related_name="api_callback",
        verbose_name=_("submission"),
    )
    url = models.TextField(editable=False)
    origin = models.CharField(_("address by which we were asked"), max_length=300)
    told = models.CharField(_("status last told"), max_length=12, default="")
    tries = models.PositiveIntegerField(_("failed tries"), default=0)
    due_at = models.DateTimeField(_("next call"), null=True)

    objects = ApiCallbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("API callback")
        verbose_name_plural = _("API callbacks")
        ordering = ["-submission"]
        indexes = [
            models.Index(
                fields=["due_at"], name="api_callback_due", condition=Q(due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return str(self.submission_id)


class ApiDeletion(models.Model):
    """A task that a program deleted: the API answers as if it were gone, and nothing is lost."""

    task = models.OneToOneField(
        Task,
        models.CASCADE,
        primary_key=True,
        related_name="api_deletion",
        verbose_name=_("task"),
    )
    deleted_at = models.DateTimeField(_("deleted"))

    class Meta:
        verbose_name = _("API deletion")
        verbose_name_plural = _("API deletions")
        ordering = ["-task"]

    def __str__(self) -> str:
        return str(self.task_id)
