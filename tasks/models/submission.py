"""Making a task: what was wished for, and what became of the one attempt to send it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tasks.models.credential import Credential
from tasks.models.lineage import Kinship
from tasks.models.people import Project
from tasks.models.task import Task
from tasks.models.upload import Upload
from tasks.providers.wish import Wish


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: Any) -> BatchQuerySet:
        """Those of the projects this person may see; its takes are asked for as any tasks are."""
        return self.filter(project__in=Project.objects.ids_visible_to(user))


class Batch(models.Model):
    """One press of the button: one take, or many.

    `key` comes with the form. A second press, a reload or a second process finds the batch there.
    """

    key = models.UUIDField(_("idempotency key"), unique=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("project"))
    credential = models.ForeignKey(Credential, models.PROTECT, verbose_name=_("credential"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("person")
    )
    created_at = models.DateTimeField(_("made"))
    takes = models.PositiveIntegerField(_("takes"), default=1, db_default=1)  # as it was placed

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.project} · {self.created_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("batch", args=[self.pk])


class SubmissionState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    MADE = "made", _("Made")
    REFUSED = "refused", _("Refused")  # surely nothing was made
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")  # nobody knows; only a person decides
    GIVEN_UP = "given_up", _("Given up")  # a person found that nothing was made


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def waiting(self) -> SubmissionQuerySet:
        return self.filter(state=SubmissionState.WAITING).order_by("pk")

    def unconfirmed(self) -> SubmissionQuerySet:
        """Nobody knows whether these were made."""
        return self.filter(state=SubmissionState.UNCONFIRMED)

    def begin(self, pk: int, now: datetime) -> bool:
        """Take it for the only attempt there will be: true for exactly one caller."""
        row = self.filter(pk=pk, state=SubmissionState.WAITING)
        return row.update(state=SubmissionState.SENDING, sent_at=now) == 1

    def interrupted(self, sent_before: datetime) -> SubmissionQuerySet:
        """Whoever was sending these is gone: nobody knows whether they arrived."""
        return self.filter(state=SubmissionState.SENDING, sent_at__lt=sent_before)

    def end(self, pk: int, state: SubmissionState, now: datetime, **fields: Any) -> bool:
        """Write how it ended, where it may still end so; whether that was news."""
        row = self.filter(pk=pk, state__in=_BEFORE[state])
        return row.update(state=state, ended_at=now, **fields) == 1


#: An answer that comes late is still the truth, whatever was thought meanwhile.
_OPEN = (SubmissionState.SENDING, SubmissionState.UNCONFIRMED, SubmissionState.GIVEN_UP)
_BEFORE: dict[SubmissionState, tuple[SubmissionState, ...]] = {
    SubmissionState.MADE: _OPEN,
    SubmissionState.REFUSED: _OPEN,
    SubmissionState.UNCONFIRMED: (SubmissionState.SENDING,),
    SubmissionState.GIVEN_UP: (SubmissionState.UNCONFIRMED,),
}


class Submission(models.Model):
    task = models.OneToOneField(Task, models.CASCADE, related_name="submission")
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="submissions")
    take = models.PositiveIntegerField(_("take"), default=1)
    wish = models.JSONField(_("wish"))
    # Where it comes from. The word stays when the parent is deleted for good.
    parent = models.ForeignKey(
        Task, models.SET_NULL, null=True, related_name="offspring", verbose_name=_("comes from")
    )
    kinship = models.CharField(
        _("kinship"), max_length=9, choices=Kinship, default="", db_default="", blank=True
    )
    uploads = models.ManyToManyField(Upload, related_name="submissions", editable=False)
    state = models.CharField(
        _("state"), max_length=11, choices=SubmissionState, default=SubmissionState.WAITING
    )
    sent_at = models.DateTimeField(_("sent"), null=True)
    ended_at = models.DateTimeField(_("answered"), null=True)
    # What it was thought to take when it was placed; what it took is the task's own.
    estimated_least = models.BigIntegerField(_("estimated tokens, at least"), null=True)
    estimated_tokens = models.BigIntegerField(_("estimated tokens, at most"), null=True)
    estimated_money = models.DecimalField(
        _("estimated money, at most"), max_digits=18, decimal_places=6, null=True
    )
    estimated_currency = models.CharField(_("currency of the estimate"), max_length=3, null=True)
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    message = models.CharField(_("last words"), max_length=500, default="", blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                name="submission_open",
                condition=models.Q(state__in=["waiting", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.get_state_display()}"

    @property
    def wished(self) -> Wish:
        return Wish.from_json(self.wish)
