"""Reconciliations: comparisons of a provider's list with our tasks, and the untracked tasks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.credential import Credential
from tasks.models.status_change import STATUS_CHOICES
from tasks.models.task import Task
from tasks.providers import ProviderError, RemoteTask
from tasks.providers.status import Status

RECORD_LIFE = timedelta(days=7)  # volcengine.com/docs/82379/1521675: then a task is forgotten …
CANCELLED_LIFE = timedelta(hours=24)  # … and a cancelled one after this
EVERY = timedelta(hours=24)
NEXT_TRY = timedelta(hours=1)  # after one that failed
REMEMBERED = timedelta(days=30)


class ListOutcome(models.TextChoices):
    """States of a comparison; an empty list, a failed one and no list at all are told apart."""

    WAITING = "waiting", _("Waiting to start")
    RUNNING = "running", _("Listing the provider's tasks")
    COMPARED = "compared", _("Compared")
    EMPTY = "empty", _("The provider's list is empty")
    FAILED = "failed", _("Couldn't get the provider's list")
    CANNOT = "cannot", _("This provider has no task list")


OPEN = (ListOutcome.WAITING, ListOutcome.RUNNING)
COMPLETE = (ListOutcome.COMPARED, ListOutcome.EMPTY)


class Stage(models.TextChoices):
    """Stages of a comparison, in their order; a list has flex tasks only if asked for them."""

    DEFAULT = "default", _("the list")
    FLEX = "flex", _("the list of flex tasks")
    #: Questions by id about tasks that neither list had: when a record vanishes between two pages,
    #: another one moves from a page not yet read to one that was.
    CONFIRM = "confirm", _("what the list left out")
    CONFIRM_FLEX = "confirm_flex", _("what the list left out, as flex tasks")

    @property
    def service_tier(self) -> str:
        return "flex" if self in (Stage.FLEX, Stage.CONFIRM_FLEX) else ""

    @property
    def confirms(self) -> bool:
        return self in (Stage.CONFIRM, Stage.CONFIRM_FLEX)

    @property
    def next(self) -> Stage | None:
        order = list(Stage)
        return order[order.index(self) + 1] if self != order[-1] else None


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    def open(self) -> ReconciliationQuerySet:
        return self.filter(outcome__in=OPEN)

    def ask(self, credential: Credential, *, asked_by: Any, now: datetime) -> Reconciliation:
        """Create a comparison, or return the one under way or just ended: never two at a time."""
        fields = {"base_url": credential.base_url, "asked_by": asked_by, "asked_at": now}
        if not credential.service.can_list:
            ended = {"outcome": ListOutcome.CANNOT, "ended_at": now}
            return self.create(credential=credential, **fields, **ended)
        try:
            with transaction.atomic():
                return self.create(credential=credential, **fields)
        except IntegrityError:
            return self.filter(credential=credential).latest("pk")

    def ask_daily(self, now: datetime) -> list[Reconciliation]:
        """Create a comparison for each credential with a list that had none for a day.

        A failed one is repeated after an hour.
        """
        lately = self.filter(
            models.Q(asked_at__gt=now - NEXT_TRY)
            | models.Q(asked_at__gt=now - EVERY, outcome__in=COMPLETE)
            | models.Q(outcome__in=OPEN)
        )
        due = Credential.objects.filter(active=True).exclude(pk__in=lately.values("credential"))
        return [
            self.ask(credential, asked_by=None, now=now)
            for credential in due
            if credential.service.can_list
        ]

    def newest_of(self, credentials: Iterable[Credential]) -> dict[int, Reconciliation]:
        """The newest comparison of each credential, by the credential's id."""
        chosen = self.filter(credential__in=credentials).order_by().values("credential")
        newest = chosen.annotate(newest=models.Max("pk")).values("newest")
        return {row.credential_id: row for row in self.filter(pk__in=newest)}


class Reconciliation(models.Model):
    """One comparison of a provider's list with our tasks, at one credential."""

    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="reconciliations", verbose_name=_("credential")
    )
    base_url = models.CharField(_("base URL"), max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )  # None: the daily one, or for an unconfirmed create
    asked_at = models.DateTimeField(_("asked"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=ListOutcome, default=ListOutcome.WAITING
    )
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    message = models.CharField(_("last words"), max_length=500, default="", blank=True)
    #: Seconds, by the Date of the last page; None if the provider sends none.
    clock_ahead = models.FloatField(_("provider's clock ahead"), null=True)

    # Progress, for the sweep that goes on.
    stage = models.CharField(_("stage"), max_length=12, choices=Stage, default=Stage.DEFAULT)
    place = models.BigIntegerField(_("place"), default=1)  # the next page; or the last task's id
    items = models.PositiveIntegerField(default=0)  # on this stage's pages
    page_digest = models.CharField(max_length=32, default="", blank=True)  # of the last page's ids

    listed = models.PositiveIntegerField(_("listed there"), default=0)
    missing_here = models.PositiveIntegerField(_("missing here"), default=0)
    missing_there = models.PositiveIntegerField(_("missing there"), default=0)
    differing = models.PositiveIntegerField(_("differing"), default=0)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["credential"],
                condition=models.Q(outcome__in=["waiting", "running"]),
                name="one_reconciliation_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["credential", "-id"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"{self.credential} · {self.get_outcome_display()}"

    @property
    def is_open(self) -> bool:
        return self.outcome in OPEN

    @property
    def is_complete(self) -> bool:
        return self.outcome in COMPLETE

    def end(self, outcome: ListOutcome, now: datetime) -> None:
        """End and save it with its counts; delete the notes of tasks that were in the list."""
        self.outcome, self.ended_at = outcome, now
        self.differences.filter(kind=Difference.Kind.MET).delete()
        for kind in (Difference.Kind.MISSING, Difference.Kind.DIFFERS):
            setattr(self, _COUNTS[kind], self.differences.filter(kind=kind).count())
        self.missing_here = UntrackedTask.objects.of(self.credential).unknown(now).count()
        self.save()

    def fail(self, error: ProviderError, now: datetime) -> None:
        """End it after an error. Differences found so far stay; the rest of the list is unknown."""
        self.trouble, self.message = error.trouble, str(error)[:500]
        self.end(ListOutcome.FAILED, now)


class Difference(models.Model):
    """A finding of one comparison about one of our tasks."""

    class Kind(models.TextChoices):
        MET = "met", _("in the list")  # a note that is deleted when the comparison ends
        MISSING = "missing", _("missing there")
        DIFFERS = "differs", _("differing")

    reconciliation = models.ForeignKey(
        Reconciliation, models.CASCADE, related_name="differences", verbose_name=_("reconciliation")
    )
    task = models.ForeignKey(Task, models.CASCADE, related_name="+", verbose_name=_("task"))
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    status_there = models.CharField(
        _("status there"), max_length=12, choices=STATUS_CHOICES, default="", blank=True
    )

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["reconciliation", "task"], name="one_difference_each")
        ]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.get_kind_display()}"


_COUNTS = {Difference.Kind.MISSING: "missing_there", Difference.Kind.DIFFERS: "differing"}


class UntrackedTaskQuerySet(models.QuerySet["UntrackedTask"]):
    def of(self, credential: Credential) -> UntrackedTaskQuerySet:
        return self.filter(credential=credential)

    def unknown(self, now: datetime) -> UntrackedTaskQuerySet:
        """Tasks that the provider still has and that are tracked through no credential here."""
        return self.exclude(forgotten(now)).exclude(_is_tracked())

    def nearest_end_first(self) -> UntrackedTaskQuerySet:
        return self.order_by(models.F("remote_created_at").asc(nulls_last=True), "id")

    def keep(self, rows: list[UntrackedTask]) -> None:
        """Add new rows, and update known ones to what the provider says."""
        UntrackedTask.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["base_url", "remote_id"],
            update_fields=UntrackedTask.RENEWED,
        )

    def clear_up(self, credential: Credential, now: datetime, *, listed_since: datetime) -> None:
        """Delete, after a complete list, the rows that were not in it or are tracked by now."""
        rows = self.of(credential)
        rows.filter(models.Q(seen_at__lt=listed_since) | forgotten(now)).delete()
        rows.filter(_is_tracked()).delete()

    def take_away(self, base_url: str, remote_ids: Iterable[str]) -> None:
        """Delete the rows of tasks that are tracked from now on."""
        self.filter(base_url=base_url, remote_id__in=list(remote_ids)).delete()


def _is_tracked() -> models.Exists:
    same = Task.objects.filter(
        base_url=models.OuterRef("base_url"), remote_id=models.OuterRef("remote_id")
    )
    return models.Exists(same)


def forgotten(now: datetime) -> models.Q:
    """Condition: the provider no longer has the task."""
    cancelled = models.Q(status=Status.CANCELLED, remote_updated_at__lte=now - CANCELLED_LIFE)
    return models.Q(remote_created_at__lte=now - RECORD_LIFE) | cancelled


class UntrackedTask(models.Model):
    """A task in the provider's list that is not tracked; deleted once adopted or forgotten."""

    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="untracked_tasks", verbose_name=_("credential")
    )
    base_url = models.CharField(_("base URL"), max_length=300)
    remote_id = models.CharField(_("task id"), max_length=128)
    status = models.CharField(_("status"), max_length=12, choices=STATUS_CHOICES)
    model = models.CharField(_("model"), max_length=200, default="", blank=True)
    service_tier = models.CharField(_("service tier"), max_length=200, default="", blank=True)
    remote_created_at = models.DateTimeField(_("created there"), null=True)
    remote_updated_at = models.DateTimeField(_("updated there"), null=True)
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("last listed"))
    raw = models.TextField(_("raw answer"), default="", blank=True)

    objects = UntrackedTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("untracked task")
        verbose_name_plural = _("untracked tasks")
        ordering = ["-remote_created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["base_url", "remote_id"], name="untracked_once")
        ]
        indexes = [
            models.Index(fields=["credential", "remote_created_at"], name="untracked_nearest_end")
        ]

    def __str__(self) -> str:
        return self.remote_id

    @classmethod
    def of(
        cls, remote: RemoteTask, credential: Credential, base_url: str, now: datetime
    ) -> UntrackedTask:
        return cls(
            credential=credential,
            base_url=base_url,
            remote_id=remote.id,
            status=remote.status,
            model=remote.model,
            service_tier=remote.service_tier,
            remote_created_at=remote.created_at,
            remote_updated_at=remote.updated_at,
            found_at=now,
            seen_at=now,
            raw=json.dumps(remote.raw, ensure_ascii=False),
        )

    @property
    def ends_at(self) -> datetime | None:
        """The time when its provider forgets it; None if it gave no time."""
        if self.status == Status.CANCELLED and self.remote_updated_at:
            return self.remote_updated_at + CANCELLED_LIFE
        return self.remote_created_at + RECORD_LIFE if self.remote_created_at else None

    RENEWED = (
        "credential",
        "status",
        "model",
        "service_tier",
        "remote_created_at",
        "remote_updated_at",
        "seen_at",
        "raw",
    )
