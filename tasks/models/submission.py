"""Submissions: the request of each create, and the outcome of its only attempt."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess
from tasks.models.api_token import ApiToken
from tasks.models.credential import Credential
from tasks.models.lineage import Relation
from tasks.models.projects import Project
from tasks.models.task import Task
from tasks.models.upload import Upload
from tasks.providers.catalog.request import GenerationRequest


class BatchQuerySet(ProjectRowAccess["Batch"]):
    pass


class Batch(models.Model):
    """One press of the button, with one take or many.

    `key` comes with the form, so a second press, a reload or a second process finds the batch.
    """

    #: Whether the person who asked sees the details of it; with_details_for sets it.
    shows_details = False
    #: Whether the key had placed it before; place_batch sets it.
    is_repeat = False
    #: Its submissions, with their tasks, where place_batch has just written them.
    placed: Sequence[Submission] = ()

    key = models.UUIDField(_("idempotency key"), unique=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("project"))
    credential = models.ForeignKey(Credential, models.PROTECT, verbose_name=_("credential"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("person")
    )
    created_at = models.DateTimeField(_("made"))
    takes = models.PositiveIntegerField(_("takes"), default=1, db_default=1)  # as it was placed
    api_token = models.ForeignKey(
        ApiToken, models.SET_NULL, null=True, blank=True, verbose_name=_("API token")
    )

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.project} · {self.created_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("batch", args=[self.pk])

    def is_for(
        self, requests: Sequence[GenerationRequest], project: Project, credential: Credential
    ) -> bool:
        """Whether it was placed for exactly this; False where tasks of it are deleted for good."""
        rows = self.submissions.order_by("take")
        is_there = (self.project_id, self.credential_id) == (project.pk, credential.pk)
        return is_there and [row.generation for row in rows] == list(requests)


class SubmissionState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    CREATED = "created", _("Created")
    REFUSED = "refused", _("Refused")  # surely nothing was created
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")  # nobody knows; only a person decides
    NOT_CREATED = "not_created", _("Not created")  # a person confirmed that
    WITHDRAWN = "withdrawn", _("Withdrawn")  # by a person, before it was sent


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def waiting(self, now: datetime) -> SubmissionQuerySet:
        """Submissions that may be sent now: of accounts whose plan has quota left."""
        held = models.Q(task__credential__creates_wait_until__gt=now)
        return self.filter(state=SubmissionState.WAITING).exclude(held).order_by("pk")

    def unfinished(self, now: datetime) -> bool:
        """Whether a job has something to do: to send, or to look after what was being sent."""
        return self.filter(state=SubmissionState.SENDING).exists() or self.waiting(now).exists()

    def unconfirmed(self) -> SubmissionQuerySet:
        """Submissions of which nobody knows whether the provider created a task."""
        return self.filter(state=SubmissionState.UNCONFIRMED)

    def begin(self, pk: int, now: datetime) -> bool:
        """Take the row for its only attempt; True for exactly one caller."""
        row = self.filter(pk=pk, state=SubmissionState.WAITING)
        return row.update(state=SubmissionState.SENDING, sent_at=now) == 1

    def put_back(self, pk: int, now: datetime, **fields: Any) -> bool:
        """Let a submission wait again that surely created nothing; True for exactly one caller."""
        row = self.filter(pk=pk, state=SubmissionState.SENDING)
        return row.update(state=SubmissionState.WAITING, sent_at=None, **fields) == 1

    def interrupted(self, sent_before: datetime) -> SubmissionQuerySet:
        """Submissions whose sender was killed; nobody knows whether they arrived."""
        return self.filter(state=SubmissionState.SENDING, sent_at__lt=sent_before)

    def end(self, pk: int, state: SubmissionState, now: datetime, **fields: Any) -> bool:
        """Write the outcome if it may still follow; whether it was written."""
        row = self.filter(pk=pk, state__in=_BEFORE[state])
        return row.update(state=state, ended_at=now, **fields) == 1


#: States that a late answer may still change: it is believed, whatever was assumed meanwhile.
_OPEN = (SubmissionState.SENDING, SubmissionState.UNCONFIRMED, SubmissionState.NOT_CREATED)
_BEFORE: dict[SubmissionState, tuple[SubmissionState, ...]] = {
    SubmissionState.CREATED: _OPEN,
    SubmissionState.REFUSED: _OPEN,
    SubmissionState.UNCONFIRMED: (SubmissionState.SENDING,),
    SubmissionState.NOT_CREATED: (SubmissionState.UNCONFIRMED,),
    SubmissionState.WITHDRAWN: (SubmissionState.WAITING,),
}


class Submission(models.Model):
    """The create of one task: its request, its estimate and the outcome of its only attempt."""

    task = models.OneToOneField(Task, models.CASCADE, related_name="submission")
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="submissions")
    take = models.PositiveIntegerField(_("take"), default=1)
    request = models.JSONField(_("request"))
    # The task it comes from, and how; the latter stays when the parent is purged.
    parent = models.ForeignKey(
        Task,
        models.SET_NULL,
        null=True,
        related_name="derived_submissions",
        verbose_name=_("comes from"),
    )
    relation = models.CharField(
        _("relation"), max_length=9, choices=Relation, default="", db_default="", blank=True
    )
    uploads = models.ManyToManyField(Upload, related_name="submissions", editable=False)
    state = models.CharField(
        _("state"), max_length=11, choices=SubmissionState, default=SubmissionState.WAITING
    )
    sent_at = models.DateTimeField(_("sent"), null=True)
    ended_at = models.DateTimeField(_("answered"), null=True)
    # The estimate when it was placed; what it really took is on the task.
    estimated_least = models.BigIntegerField(_("estimated tokens, at least"), null=True)
    estimated_tokens = models.BigIntegerField(_("estimated tokens, at most"), null=True)
    estimated_money = models.DecimalField(
        _("estimated money, at most"), max_digits=18, decimal_places=6, null=True
    )
    estimated_least_money = models.DecimalField(
        _("estimated money, at least"), max_digits=18, decimal_places=6, null=True
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
    def generation(self) -> GenerationRequest:
        return GenerationRequest.from_json(self.request)
